package turnpike.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Charges saved cards, and does all that follows a payment.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class PaymentServiceGrpc {

  private PaymentServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "turnpike.v1.PaymentService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ChargeTokenRequest,
      turnpike.v1.ChargeTokenResponse> getChargeTokenMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ChargeToken",
      requestType = turnpike.v1.ChargeTokenRequest.class,
      responseType = turnpike.v1.ChargeTokenResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ChargeTokenRequest,
      turnpike.v1.ChargeTokenResponse> getChargeTokenMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ChargeTokenRequest, turnpike.v1.ChargeTokenResponse> getChargeTokenMethod;
    if ((getChargeTokenMethod = PaymentServiceGrpc.getChargeTokenMethod) == null) {
      synchronized (PaymentServiceGrpc.class) {
        if ((getChargeTokenMethod = PaymentServiceGrpc.getChargeTokenMethod) == null) {
          PaymentServiceGrpc.getChargeTokenMethod = getChargeTokenMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ChargeTokenRequest, turnpike.v1.ChargeTokenResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ChargeToken"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ChargeTokenRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ChargeTokenResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PaymentServiceMethodDescriptorSupplier("ChargeToken"))
              .build();
        }
      }
    }
    return getChargeTokenMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.GetPaymentRequest,
      turnpike.v1.GetPaymentResponse> getGetPaymentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetPayment",
      requestType = turnpike.v1.GetPaymentRequest.class,
      responseType = turnpike.v1.GetPaymentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.GetPaymentRequest,
      turnpike.v1.GetPaymentResponse> getGetPaymentMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.GetPaymentRequest, turnpike.v1.GetPaymentResponse> getGetPaymentMethod;
    if ((getGetPaymentMethod = PaymentServiceGrpc.getGetPaymentMethod) == null) {
      synchronized (PaymentServiceGrpc.class) {
        if ((getGetPaymentMethod = PaymentServiceGrpc.getGetPaymentMethod) == null) {
          PaymentServiceGrpc.getGetPaymentMethod = getGetPaymentMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.GetPaymentRequest, turnpike.v1.GetPaymentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetPayment"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.GetPaymentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.GetPaymentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PaymentServiceMethodDescriptorSupplier("GetPayment"))
              .build();
        }
      }
    }
    return getGetPaymentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ListPaymentsRequest,
      turnpike.v1.ListPaymentsResponse> getListPaymentsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListPayments",
      requestType = turnpike.v1.ListPaymentsRequest.class,
      responseType = turnpike.v1.ListPaymentsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ListPaymentsRequest,
      turnpike.v1.ListPaymentsResponse> getListPaymentsMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ListPaymentsRequest, turnpike.v1.ListPaymentsResponse> getListPaymentsMethod;
    if ((getListPaymentsMethod = PaymentServiceGrpc.getListPaymentsMethod) == null) {
      synchronized (PaymentServiceGrpc.class) {
        if ((getListPaymentsMethod = PaymentServiceGrpc.getListPaymentsMethod) == null) {
          PaymentServiceGrpc.getListPaymentsMethod = getListPaymentsMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ListPaymentsRequest, turnpike.v1.ListPaymentsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListPayments"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListPaymentsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListPaymentsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PaymentServiceMethodDescriptorSupplier("ListPayments"))
              .build();
        }
      }
    }
    return getListPaymentsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.WatchPaymentRequest,
      turnpike.v1.WatchPaymentResponse> getWatchPaymentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchPayment",
      requestType = turnpike.v1.WatchPaymentRequest.class,
      responseType = turnpike.v1.WatchPaymentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<turnpike.v1.WatchPaymentRequest,
      turnpike.v1.WatchPaymentResponse> getWatchPaymentMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.WatchPaymentRequest, turnpike.v1.WatchPaymentResponse> getWatchPaymentMethod;
    if ((getWatchPaymentMethod = PaymentServiceGrpc.getWatchPaymentMethod) == null) {
      synchronized (PaymentServiceGrpc.class) {
        if ((getWatchPaymentMethod = PaymentServiceGrpc.getWatchPaymentMethod) == null) {
          PaymentServiceGrpc.getWatchPaymentMethod = getWatchPaymentMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.WatchPaymentRequest, turnpike.v1.WatchPaymentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchPayment"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.WatchPaymentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.WatchPaymentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PaymentServiceMethodDescriptorSupplier("WatchPayment"))
              .build();
        }
      }
    }
    return getWatchPaymentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.CapturePaymentRequest,
      turnpike.v1.CapturePaymentResponse> getCapturePaymentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CapturePayment",
      requestType = turnpike.v1.CapturePaymentRequest.class,
      responseType = turnpike.v1.CapturePaymentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.CapturePaymentRequest,
      turnpike.v1.CapturePaymentResponse> getCapturePaymentMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.CapturePaymentRequest, turnpike.v1.CapturePaymentResponse> getCapturePaymentMethod;
    if ((getCapturePaymentMethod = PaymentServiceGrpc.getCapturePaymentMethod) == null) {
      synchronized (PaymentServiceGrpc.class) {
        if ((getCapturePaymentMethod = PaymentServiceGrpc.getCapturePaymentMethod) == null) {
          PaymentServiceGrpc.getCapturePaymentMethod = getCapturePaymentMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.CapturePaymentRequest, turnpike.v1.CapturePaymentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CapturePayment"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.CapturePaymentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.CapturePaymentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PaymentServiceMethodDescriptorSupplier("CapturePayment"))
              .build();
        }
      }
    }
    return getCapturePaymentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.VoidPaymentRequest,
      turnpike.v1.VoidPaymentResponse> getVoidPaymentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "VoidPayment",
      requestType = turnpike.v1.VoidPaymentRequest.class,
      responseType = turnpike.v1.VoidPaymentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.VoidPaymentRequest,
      turnpike.v1.VoidPaymentResponse> getVoidPaymentMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.VoidPaymentRequest, turnpike.v1.VoidPaymentResponse> getVoidPaymentMethod;
    if ((getVoidPaymentMethod = PaymentServiceGrpc.getVoidPaymentMethod) == null) {
      synchronized (PaymentServiceGrpc.class) {
        if ((getVoidPaymentMethod = PaymentServiceGrpc.getVoidPaymentMethod) == null) {
          PaymentServiceGrpc.getVoidPaymentMethod = getVoidPaymentMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.VoidPaymentRequest, turnpike.v1.VoidPaymentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "VoidPayment"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.VoidPaymentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.VoidPaymentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PaymentServiceMethodDescriptorSupplier("VoidPayment"))
              .build();
        }
      }
    }
    return getVoidPaymentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.RefundPaymentRequest,
      turnpike.v1.RefundPaymentResponse> getRefundPaymentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RefundPayment",
      requestType = turnpike.v1.RefundPaymentRequest.class,
      responseType = turnpike.v1.RefundPaymentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.RefundPaymentRequest,
      turnpike.v1.RefundPaymentResponse> getRefundPaymentMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.RefundPaymentRequest, turnpike.v1.RefundPaymentResponse> getRefundPaymentMethod;
    if ((getRefundPaymentMethod = PaymentServiceGrpc.getRefundPaymentMethod) == null) {
      synchronized (PaymentServiceGrpc.class) {
        if ((getRefundPaymentMethod = PaymentServiceGrpc.getRefundPaymentMethod) == null) {
          PaymentServiceGrpc.getRefundPaymentMethod = getRefundPaymentMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.RefundPaymentRequest, turnpike.v1.RefundPaymentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RefundPayment"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.RefundPaymentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.RefundPaymentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PaymentServiceMethodDescriptorSupplier("RefundPayment"))
              .build();
        }
      }
    }
    return getRefundPaymentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ResolvePaymentRequest,
      turnpike.v1.ResolvePaymentResponse> getResolvePaymentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ResolvePayment",
      requestType = turnpike.v1.ResolvePaymentRequest.class,
      responseType = turnpike.v1.ResolvePaymentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ResolvePaymentRequest,
      turnpike.v1.ResolvePaymentResponse> getResolvePaymentMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ResolvePaymentRequest, turnpike.v1.ResolvePaymentResponse> getResolvePaymentMethod;
    if ((getResolvePaymentMethod = PaymentServiceGrpc.getResolvePaymentMethod) == null) {
      synchronized (PaymentServiceGrpc.class) {
        if ((getResolvePaymentMethod = PaymentServiceGrpc.getResolvePaymentMethod) == null) {
          PaymentServiceGrpc.getResolvePaymentMethod = getResolvePaymentMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ResolvePaymentRequest, turnpike.v1.ResolvePaymentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ResolvePayment"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ResolvePaymentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ResolvePaymentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PaymentServiceMethodDescriptorSupplier("ResolvePayment"))
              .build();
        }
      }
    }
    return getResolvePaymentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ListPaymentHistoryRequest,
      turnpike.v1.ListPaymentHistoryResponse> getListPaymentHistoryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListPaymentHistory",
      requestType = turnpike.v1.ListPaymentHistoryRequest.class,
      responseType = turnpike.v1.ListPaymentHistoryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ListPaymentHistoryRequest,
      turnpike.v1.ListPaymentHistoryResponse> getListPaymentHistoryMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ListPaymentHistoryRequest, turnpike.v1.ListPaymentHistoryResponse> getListPaymentHistoryMethod;
    if ((getListPaymentHistoryMethod = PaymentServiceGrpc.getListPaymentHistoryMethod) == null) {
      synchronized (PaymentServiceGrpc.class) {
        if ((getListPaymentHistoryMethod = PaymentServiceGrpc.getListPaymentHistoryMethod) == null) {
          PaymentServiceGrpc.getListPaymentHistoryMethod = getListPaymentHistoryMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ListPaymentHistoryRequest, turnpike.v1.ListPaymentHistoryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListPaymentHistory"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListPaymentHistoryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListPaymentHistoryResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PaymentServiceMethodDescriptorSupplier("ListPaymentHistory"))
              .build();
        }
      }
    }
    return getListPaymentHistoryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ListDifferencesRequest,
      turnpike.v1.ListDifferencesResponse> getListDifferencesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListDifferences",
      requestType = turnpike.v1.ListDifferencesRequest.class,
      responseType = turnpike.v1.ListDifferencesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ListDifferencesRequest,
      turnpike.v1.ListDifferencesResponse> getListDifferencesMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ListDifferencesRequest, turnpike.v1.ListDifferencesResponse> getListDifferencesMethod;
    if ((getListDifferencesMethod = PaymentServiceGrpc.getListDifferencesMethod) == null) {
      synchronized (PaymentServiceGrpc.class) {
        if ((getListDifferencesMethod = PaymentServiceGrpc.getListDifferencesMethod) == null) {
          PaymentServiceGrpc.getListDifferencesMethod = getListDifferencesMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ListDifferencesRequest, turnpike.v1.ListDifferencesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListDifferences"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListDifferencesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListDifferencesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PaymentServiceMethodDescriptorSupplier("ListDifferences"))
              .build();
        }
      }
    }
    return getListDifferencesMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static PaymentServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<PaymentServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<PaymentServiceStub>() {
        @java.lang.Override
        public PaymentServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new PaymentServiceStub(channel, callOptions);
        }
      };
    return PaymentServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static PaymentServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<PaymentServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<PaymentServiceBlockingV2Stub>() {
        @java.lang.Override
        public PaymentServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new PaymentServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return PaymentServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static PaymentServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<PaymentServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<PaymentServiceBlockingStub>() {
        @java.lang.Override
        public PaymentServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new PaymentServiceBlockingStub(channel, callOptions);
        }
      };
    return PaymentServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static PaymentServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<PaymentServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<PaymentServiceFutureStub>() {
        @java.lang.Override
        public PaymentServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new PaymentServiceFutureStub(channel, callOptions);
        }
      };
    return PaymentServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Charges saved cards, and does all that follows a payment.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Charges a saved card.
     * Promises: one request id moves money at most once, whatever breaks. The call waits until the
     * state is settled or the deadline is near; the work goes on when the caller leaves. AUTHORIZED,
     * CAPTURED, REQUIRES_ACTION, PROCESSING, DECLINED, FAILED, UNRESOLVED and QUARANTINED are all
     * answers. A merchant-initiated charge for which the issuer wants the customer is DECLINED with
     * AUTHENTICATION_REQUIRED.
     * Errors: INVALID_FIELD, TOKEN_NOT_FOUND, TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED,
     * PAYMENT_NOT_FOUND (the first payment), UNKNOWN_ACCOUNT, UNKNOWN_CURRENCY, AMOUNT_OUT_OF_BOUNDS,
     * CARD_NUMBER_IN_TEXT, CARD_DATA_NOT_ALLOWED, TLS_REQUIRED_FOR_CARD, UNSUPPORTED_BY_PROVIDER,
     * PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and
     * REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the payment as it stands now,
     * marked as replayed; while the first call still runs, the second waits for it. A failure that
     * sent nothing does not use the id up. To try again after a decline, use a new request id.
     * </pre>
     */
    default void chargeToken(turnpike.v1.ChargeTokenRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ChargeTokenResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getChargeTokenMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reads a payment as the gateway knows it. The provider is not asked; ResolvePayment does that.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND.
     * </pre>
     */
    default void getPayment(turnpike.v1.GetPaymentRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.GetPaymentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetPaymentMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists payments, newest first. Filters are combined with "and".
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    default void listPayments(turnpike.v1.ListPaymentsRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListPaymentsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListPaymentsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams a payment: first as it stands, then after each change. A client that reads slowly may
     * miss versions in between but never the newest one.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, and DRAINING when the server shuts down: watch again.
     * </pre>
     */
    default void watchPayment(turnpike.v1.WatchPaymentRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.WatchPaymentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchPaymentMethod(), responseObserver);
    }

    /**
     * <pre>
     * Captures authorized money, all of it or a part.
     * Promises: captures that run at once never take more than was authorized. The capture is a
     * resource of its own; PENDING, FAILED and UNRESOLVED are answers.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, STATE_FORBIDS, AMOUNT_EXCEEDS_REMAINING,
     * UNSUPPORTED_BY_PROVIDER, PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE
     * reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id answers with the same capture as it stands now. Two captures of the
     * same amount need two request ids.
     * </pre>
     */
    default void capturePayment(turnpike.v1.CapturePaymentRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.CapturePaymentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCapturePaymentMethod(), responseObserver);
    }

    /**
     * <pre>
     * Releases authorized money that was not captured. Where the provider can, it also gives back whole
     * what was captured at once and has not settled (OPERATION_VOID_CAPTURED in GetCapabilities), which
     * is cheaper than a refund and leaves nothing captured.
     * Promises: a void is never turned into a refund. FAILED and UNRESOLVED are answers, told by
     * Payment.void.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, STATE_FORBIDS (it is captured, and the provider
     * cannot undo that: refund it), AMOUNT_EXCEEDS_REMAINING, UNSUPPORTED_BY_PROVIDER,
     * PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: voiding a voided payment answers with the payment.
     * </pre>
     */
    default void voidPayment(turnpike.v1.VoidPaymentRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.VoidPaymentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getVoidPaymentMethod(), responseObserver);
    }

    /**
     * <pre>
     * Gives captured money back, all of it or a part.
     * Promises: refunds that run at once never give back more than was captured. The refund is a
     * resource of its own; PENDING, FAILED and UNRESOLVED are answers, and PENDING may last for days.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, STATE_FORBIDS, AMOUNT_EXCEEDS_REMAINING,
     * UNSUPPORTED_BY_PROVIDER (some providers allow one refund only), PROVIDER_REJECTED,
     * PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id answers with the same refund as it stands now. Two refunds of the
     * same amount need two request ids.
     * </pre>
     */
    default void refundPayment(turnpike.v1.RefundPaymentRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.RefundPaymentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRefundPaymentMethod(), responseObserver);
    }

    /**
     * <pre>
     * Asks the provider now what became of a payment and its captures and refunds, and applies what
     * it says. Nothing is sent that could move money, so no request id is needed. The gateway asks by
     * itself for all that is unresolved; this is for those who cannot wait.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, PROVIDER_CREDENTIALS_REJECTED, and the UNAVAILABLE
     * reasons.
     * Repeat: asks again.
     * </pre>
     */
    default void resolvePayment(turnpike.v1.ResolvePaymentRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ResolvePaymentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getResolvePaymentMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists what happened to a payment, oldest first.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND.
     * </pre>
     */
    default void listPaymentHistory(turnpike.v1.ListPaymentHistoryRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListPaymentHistoryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListPaymentHistoryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists what disagrees, or should have moved and did not: the list that a person works through. Genuine
     * notices of providers that led to nothing come first, then payments; the newest first in each.
     * The gateway goes on asking about every payment in this list by itself; ResolvePayment asks now, and
     * takes a payment out of quarantine to do so.
     * Errors: INVALID_FIELD.
     * </pre>
     */
    default void listDifferences(turnpike.v1.ListDifferencesRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListDifferencesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListDifferencesMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service PaymentService.
   * <pre>
   * Charges saved cards, and does all that follows a payment.
   * </pre>
   */
  public static abstract class PaymentServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return PaymentServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service PaymentService.
   * <pre>
   * Charges saved cards, and does all that follows a payment.
   * </pre>
   */
  public static final class PaymentServiceStub
      extends io.grpc.stub.AbstractAsyncStub<PaymentServiceStub> {
    private PaymentServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected PaymentServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new PaymentServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Charges a saved card.
     * Promises: one request id moves money at most once, whatever breaks. The call waits until the
     * state is settled or the deadline is near; the work goes on when the caller leaves. AUTHORIZED,
     * CAPTURED, REQUIRES_ACTION, PROCESSING, DECLINED, FAILED, UNRESOLVED and QUARANTINED are all
     * answers. A merchant-initiated charge for which the issuer wants the customer is DECLINED with
     * AUTHENTICATION_REQUIRED.
     * Errors: INVALID_FIELD, TOKEN_NOT_FOUND, TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED,
     * PAYMENT_NOT_FOUND (the first payment), UNKNOWN_ACCOUNT, UNKNOWN_CURRENCY, AMOUNT_OUT_OF_BOUNDS,
     * CARD_NUMBER_IN_TEXT, CARD_DATA_NOT_ALLOWED, TLS_REQUIRED_FOR_CARD, UNSUPPORTED_BY_PROVIDER,
     * PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and
     * REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the payment as it stands now,
     * marked as replayed; while the first call still runs, the second waits for it. A failure that
     * sent nothing does not use the id up. To try again after a decline, use a new request id.
     * </pre>
     */
    public void chargeToken(turnpike.v1.ChargeTokenRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ChargeTokenResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getChargeTokenMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reads a payment as the gateway knows it. The provider is not asked; ResolvePayment does that.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND.
     * </pre>
     */
    public void getPayment(turnpike.v1.GetPaymentRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.GetPaymentResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getGetPaymentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists payments, newest first. Filters are combined with "and".
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    public void listPayments(turnpike.v1.ListPaymentsRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListPaymentsResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getListPaymentsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams a payment: first as it stands, then after each change. A client that reads slowly may
     * miss versions in between but never the newest one.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, and DRAINING when the server shuts down: watch again.
     * </pre>
     */
    public void watchPayment(turnpike.v1.WatchPaymentRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.WatchPaymentResponse> responseObserver) {
      turnpike.Calls.asyncServerStreamingCall(
          getChannel().newCall(getWatchPaymentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Captures authorized money, all of it or a part.
     * Promises: captures that run at once never take more than was authorized. The capture is a
     * resource of its own; PENDING, FAILED and UNRESOLVED are answers.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, STATE_FORBIDS, AMOUNT_EXCEEDS_REMAINING,
     * UNSUPPORTED_BY_PROVIDER, PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE
     * reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id answers with the same capture as it stands now. Two captures of the
     * same amount need two request ids.
     * </pre>
     */
    public void capturePayment(turnpike.v1.CapturePaymentRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.CapturePaymentResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getCapturePaymentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Releases authorized money that was not captured. Where the provider can, it also gives back whole
     * what was captured at once and has not settled (OPERATION_VOID_CAPTURED in GetCapabilities), which
     * is cheaper than a refund and leaves nothing captured.
     * Promises: a void is never turned into a refund. FAILED and UNRESOLVED are answers, told by
     * Payment.void.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, STATE_FORBIDS (it is captured, and the provider
     * cannot undo that: refund it), AMOUNT_EXCEEDS_REMAINING, UNSUPPORTED_BY_PROVIDER,
     * PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: voiding a voided payment answers with the payment.
     * </pre>
     */
    public void voidPayment(turnpike.v1.VoidPaymentRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.VoidPaymentResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getVoidPaymentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Gives captured money back, all of it or a part.
     * Promises: refunds that run at once never give back more than was captured. The refund is a
     * resource of its own; PENDING, FAILED and UNRESOLVED are answers, and PENDING may last for days.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, STATE_FORBIDS, AMOUNT_EXCEEDS_REMAINING,
     * UNSUPPORTED_BY_PROVIDER (some providers allow one refund only), PROVIDER_REJECTED,
     * PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id answers with the same refund as it stands now. Two refunds of the
     * same amount need two request ids.
     * </pre>
     */
    public void refundPayment(turnpike.v1.RefundPaymentRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.RefundPaymentResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getRefundPaymentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Asks the provider now what became of a payment and its captures and refunds, and applies what
     * it says. Nothing is sent that could move money, so no request id is needed. The gateway asks by
     * itself for all that is unresolved; this is for those who cannot wait.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, PROVIDER_CREDENTIALS_REJECTED, and the UNAVAILABLE
     * reasons.
     * Repeat: asks again.
     * </pre>
     */
    public void resolvePayment(turnpike.v1.ResolvePaymentRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ResolvePaymentResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getResolvePaymentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists what happened to a payment, oldest first.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND.
     * </pre>
     */
    public void listPaymentHistory(turnpike.v1.ListPaymentHistoryRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListPaymentHistoryResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getListPaymentHistoryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists what disagrees, or should have moved and did not: the list that a person works through. Genuine
     * notices of providers that led to nothing come first, then payments; the newest first in each.
     * The gateway goes on asking about every payment in this list by itself; ResolvePayment asks now, and
     * takes a payment out of quarantine to do so.
     * Errors: INVALID_FIELD.
     * </pre>
     */
    public void listDifferences(turnpike.v1.ListDifferencesRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListDifferencesResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getListDifferencesMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service PaymentService.
   * <pre>
   * Charges saved cards, and does all that follows a payment.
   * </pre>
   */
  public static final class PaymentServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<PaymentServiceBlockingV2Stub> {
    private PaymentServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected PaymentServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new PaymentServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Charges a saved card.
     * Promises: one request id moves money at most once, whatever breaks. The call waits until the
     * state is settled or the deadline is near; the work goes on when the caller leaves. AUTHORIZED,
     * CAPTURED, REQUIRES_ACTION, PROCESSING, DECLINED, FAILED, UNRESOLVED and QUARANTINED are all
     * answers. A merchant-initiated charge for which the issuer wants the customer is DECLINED with
     * AUTHENTICATION_REQUIRED.
     * Errors: INVALID_FIELD, TOKEN_NOT_FOUND, TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED,
     * PAYMENT_NOT_FOUND (the first payment), UNKNOWN_ACCOUNT, UNKNOWN_CURRENCY, AMOUNT_OUT_OF_BOUNDS,
     * CARD_NUMBER_IN_TEXT, CARD_DATA_NOT_ALLOWED, TLS_REQUIRED_FOR_CARD, UNSUPPORTED_BY_PROVIDER,
     * PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and
     * REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the payment as it stands now,
     * marked as replayed; while the first call still runs, the second waits for it. A failure that
     * sent nothing does not use the id up. To try again after a decline, use a new request id.
     * </pre>
     */
    public turnpike.v1.ChargeTokenResponse chargeToken(turnpike.v1.ChargeTokenRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getChargeTokenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads a payment as the gateway knows it. The provider is not asked; ResolvePayment does that.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND.
     * </pre>
     */
    public turnpike.v1.GetPaymentResponse getPayment(turnpike.v1.GetPaymentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetPaymentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists payments, newest first. Filters are combined with "and".
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    public turnpike.v1.ListPaymentsResponse listPayments(turnpike.v1.ListPaymentsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListPaymentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams a payment: first as it stands, then after each change. A client that reads slowly may
     * miss versions in between but never the newest one.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, and DRAINING when the server shuts down: watch again.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, turnpike.v1.WatchPaymentResponse>
        watchPayment(turnpike.v1.WatchPaymentRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchPaymentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Captures authorized money, all of it or a part.
     * Promises: captures that run at once never take more than was authorized. The capture is a
     * resource of its own; PENDING, FAILED and UNRESOLVED are answers.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, STATE_FORBIDS, AMOUNT_EXCEEDS_REMAINING,
     * UNSUPPORTED_BY_PROVIDER, PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE
     * reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id answers with the same capture as it stands now. Two captures of the
     * same amount need two request ids.
     * </pre>
     */
    public turnpike.v1.CapturePaymentResponse capturePayment(turnpike.v1.CapturePaymentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCapturePaymentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Releases authorized money that was not captured. Where the provider can, it also gives back whole
     * what was captured at once and has not settled (OPERATION_VOID_CAPTURED in GetCapabilities), which
     * is cheaper than a refund and leaves nothing captured.
     * Promises: a void is never turned into a refund. FAILED and UNRESOLVED are answers, told by
     * Payment.void.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, STATE_FORBIDS (it is captured, and the provider
     * cannot undo that: refund it), AMOUNT_EXCEEDS_REMAINING, UNSUPPORTED_BY_PROVIDER,
     * PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: voiding a voided payment answers with the payment.
     * </pre>
     */
    public turnpike.v1.VoidPaymentResponse voidPayment(turnpike.v1.VoidPaymentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getVoidPaymentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Gives captured money back, all of it or a part.
     * Promises: refunds that run at once never give back more than was captured. The refund is a
     * resource of its own; PENDING, FAILED and UNRESOLVED are answers, and PENDING may last for days.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, STATE_FORBIDS, AMOUNT_EXCEEDS_REMAINING,
     * UNSUPPORTED_BY_PROVIDER (some providers allow one refund only), PROVIDER_REJECTED,
     * PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id answers with the same refund as it stands now. Two refunds of the
     * same amount need two request ids.
     * </pre>
     */
    public turnpike.v1.RefundPaymentResponse refundPayment(turnpike.v1.RefundPaymentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRefundPaymentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Asks the provider now what became of a payment and its captures and refunds, and applies what
     * it says. Nothing is sent that could move money, so no request id is needed. The gateway asks by
     * itself for all that is unresolved; this is for those who cannot wait.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, PROVIDER_CREDENTIALS_REJECTED, and the UNAVAILABLE
     * reasons.
     * Repeat: asks again.
     * </pre>
     */
    public turnpike.v1.ResolvePaymentResponse resolvePayment(turnpike.v1.ResolvePaymentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getResolvePaymentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists what happened to a payment, oldest first.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND.
     * </pre>
     */
    public turnpike.v1.ListPaymentHistoryResponse listPaymentHistory(turnpike.v1.ListPaymentHistoryRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListPaymentHistoryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists what disagrees, or should have moved and did not: the list that a person works through. Genuine
     * notices of providers that led to nothing come first, then payments; the newest first in each.
     * The gateway goes on asking about every payment in this list by itself; ResolvePayment asks now, and
     * takes a payment out of quarantine to do so.
     * Errors: INVALID_FIELD.
     * </pre>
     */
    public turnpike.v1.ListDifferencesResponse listDifferences(turnpike.v1.ListDifferencesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListDifferencesMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service PaymentService.
   * <pre>
   * Charges saved cards, and does all that follows a payment.
   * </pre>
   */
  public static final class PaymentServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<PaymentServiceBlockingStub> {
    private PaymentServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected PaymentServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new PaymentServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Charges a saved card.
     * Promises: one request id moves money at most once, whatever breaks. The call waits until the
     * state is settled or the deadline is near; the work goes on when the caller leaves. AUTHORIZED,
     * CAPTURED, REQUIRES_ACTION, PROCESSING, DECLINED, FAILED, UNRESOLVED and QUARANTINED are all
     * answers. A merchant-initiated charge for which the issuer wants the customer is DECLINED with
     * AUTHENTICATION_REQUIRED.
     * Errors: INVALID_FIELD, TOKEN_NOT_FOUND, TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED,
     * PAYMENT_NOT_FOUND (the first payment), UNKNOWN_ACCOUNT, UNKNOWN_CURRENCY, AMOUNT_OUT_OF_BOUNDS,
     * CARD_NUMBER_IN_TEXT, CARD_DATA_NOT_ALLOWED, TLS_REQUIRED_FOR_CARD, UNSUPPORTED_BY_PROVIDER,
     * PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and
     * REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the payment as it stands now,
     * marked as replayed; while the first call still runs, the second waits for it. A failure that
     * sent nothing does not use the id up. To try again after a decline, use a new request id.
     * </pre>
     */
    public turnpike.v1.ChargeTokenResponse chargeToken(turnpike.v1.ChargeTokenRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getChargeTokenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads a payment as the gateway knows it. The provider is not asked; ResolvePayment does that.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND.
     * </pre>
     */
    public turnpike.v1.GetPaymentResponse getPayment(turnpike.v1.GetPaymentRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getGetPaymentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists payments, newest first. Filters are combined with "and".
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    public turnpike.v1.ListPaymentsResponse listPayments(turnpike.v1.ListPaymentsRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getListPaymentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams a payment: first as it stands, then after each change. A client that reads slowly may
     * miss versions in between but never the newest one.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, and DRAINING when the server shuts down: watch again.
     * </pre>
     */
    public java.util.Iterator<turnpike.v1.WatchPaymentResponse> watchPayment(
        turnpike.v1.WatchPaymentRequest request) {
      return turnpike.Calls.blockingServerStreamingCall(
          getChannel(), getWatchPaymentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Captures authorized money, all of it or a part.
     * Promises: captures that run at once never take more than was authorized. The capture is a
     * resource of its own; PENDING, FAILED and UNRESOLVED are answers.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, STATE_FORBIDS, AMOUNT_EXCEEDS_REMAINING,
     * UNSUPPORTED_BY_PROVIDER, PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE
     * reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id answers with the same capture as it stands now. Two captures of the
     * same amount need two request ids.
     * </pre>
     */
    public turnpike.v1.CapturePaymentResponse capturePayment(turnpike.v1.CapturePaymentRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getCapturePaymentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Releases authorized money that was not captured. Where the provider can, it also gives back whole
     * what was captured at once and has not settled (OPERATION_VOID_CAPTURED in GetCapabilities), which
     * is cheaper than a refund and leaves nothing captured.
     * Promises: a void is never turned into a refund. FAILED and UNRESOLVED are answers, told by
     * Payment.void.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, STATE_FORBIDS (it is captured, and the provider
     * cannot undo that: refund it), AMOUNT_EXCEEDS_REMAINING, UNSUPPORTED_BY_PROVIDER,
     * PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: voiding a voided payment answers with the payment.
     * </pre>
     */
    public turnpike.v1.VoidPaymentResponse voidPayment(turnpike.v1.VoidPaymentRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getVoidPaymentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Gives captured money back, all of it or a part.
     * Promises: refunds that run at once never give back more than was captured. The refund is a
     * resource of its own; PENDING, FAILED and UNRESOLVED are answers, and PENDING may last for days.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, STATE_FORBIDS, AMOUNT_EXCEEDS_REMAINING,
     * UNSUPPORTED_BY_PROVIDER (some providers allow one refund only), PROVIDER_REJECTED,
     * PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id answers with the same refund as it stands now. Two refunds of the
     * same amount need two request ids.
     * </pre>
     */
    public turnpike.v1.RefundPaymentResponse refundPayment(turnpike.v1.RefundPaymentRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getRefundPaymentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Asks the provider now what became of a payment and its captures and refunds, and applies what
     * it says. Nothing is sent that could move money, so no request id is needed. The gateway asks by
     * itself for all that is unresolved; this is for those who cannot wait.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, PROVIDER_CREDENTIALS_REJECTED, and the UNAVAILABLE
     * reasons.
     * Repeat: asks again.
     * </pre>
     */
    public turnpike.v1.ResolvePaymentResponse resolvePayment(turnpike.v1.ResolvePaymentRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getResolvePaymentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists what happened to a payment, oldest first.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND.
     * </pre>
     */
    public turnpike.v1.ListPaymentHistoryResponse listPaymentHistory(turnpike.v1.ListPaymentHistoryRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getListPaymentHistoryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists what disagrees, or should have moved and did not: the list that a person works through. Genuine
     * notices of providers that led to nothing come first, then payments; the newest first in each.
     * The gateway goes on asking about every payment in this list by itself; ResolvePayment asks now, and
     * takes a payment out of quarantine to do so.
     * Errors: INVALID_FIELD.
     * </pre>
     */
    public turnpike.v1.ListDifferencesResponse listDifferences(turnpike.v1.ListDifferencesRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getListDifferencesMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service PaymentService.
   * <pre>
   * Charges saved cards, and does all that follows a payment.
   * </pre>
   */
  public static final class PaymentServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<PaymentServiceFutureStub> {
    private PaymentServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected PaymentServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new PaymentServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Charges a saved card.
     * Promises: one request id moves money at most once, whatever breaks. The call waits until the
     * state is settled or the deadline is near; the work goes on when the caller leaves. AUTHORIZED,
     * CAPTURED, REQUIRES_ACTION, PROCESSING, DECLINED, FAILED, UNRESOLVED and QUARANTINED are all
     * answers. A merchant-initiated charge for which the issuer wants the customer is DECLINED with
     * AUTHENTICATION_REQUIRED.
     * Errors: INVALID_FIELD, TOKEN_NOT_FOUND, TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED,
     * PAYMENT_NOT_FOUND (the first payment), UNKNOWN_ACCOUNT, UNKNOWN_CURRENCY, AMOUNT_OUT_OF_BOUNDS,
     * CARD_NUMBER_IN_TEXT, CARD_DATA_NOT_ALLOWED, TLS_REQUIRED_FOR_CARD, UNSUPPORTED_BY_PROVIDER,
     * PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and
     * REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the payment as it stands now,
     * marked as replayed; while the first call still runs, the second waits for it. A failure that
     * sent nothing does not use the id up. To try again after a decline, use a new request id.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ChargeTokenResponse> chargeToken(
        turnpike.v1.ChargeTokenRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getChargeTokenMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reads a payment as the gateway knows it. The provider is not asked; ResolvePayment does that.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.GetPaymentResponse> getPayment(
        turnpike.v1.GetPaymentRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getGetPaymentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists payments, newest first. Filters are combined with "and".
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ListPaymentsResponse> listPayments(
        turnpike.v1.ListPaymentsRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getListPaymentsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Captures authorized money, all of it or a part.
     * Promises: captures that run at once never take more than was authorized. The capture is a
     * resource of its own; PENDING, FAILED and UNRESOLVED are answers.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, STATE_FORBIDS, AMOUNT_EXCEEDS_REMAINING,
     * UNSUPPORTED_BY_PROVIDER, PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE
     * reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id answers with the same capture as it stands now. Two captures of the
     * same amount need two request ids.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.CapturePaymentResponse> capturePayment(
        turnpike.v1.CapturePaymentRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getCapturePaymentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Releases authorized money that was not captured. Where the provider can, it also gives back whole
     * what was captured at once and has not settled (OPERATION_VOID_CAPTURED in GetCapabilities), which
     * is cheaper than a refund and leaves nothing captured.
     * Promises: a void is never turned into a refund. FAILED and UNRESOLVED are answers, told by
     * Payment.void.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, STATE_FORBIDS (it is captured, and the provider
     * cannot undo that: refund it), AMOUNT_EXCEEDS_REMAINING, UNSUPPORTED_BY_PROVIDER,
     * PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: voiding a voided payment answers with the payment.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.VoidPaymentResponse> voidPayment(
        turnpike.v1.VoidPaymentRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getVoidPaymentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Gives captured money back, all of it or a part.
     * Promises: refunds that run at once never give back more than was captured. The refund is a
     * resource of its own; PENDING, FAILED and UNRESOLVED are answers, and PENDING may last for days.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, STATE_FORBIDS, AMOUNT_EXCEEDS_REMAINING,
     * UNSUPPORTED_BY_PROVIDER (some providers allow one refund only), PROVIDER_REJECTED,
     * PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id answers with the same refund as it stands now. Two refunds of the
     * same amount need two request ids.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.RefundPaymentResponse> refundPayment(
        turnpike.v1.RefundPaymentRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getRefundPaymentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Asks the provider now what became of a payment and its captures and refunds, and applies what
     * it says. Nothing is sent that could move money, so no request id is needed. The gateway asks by
     * itself for all that is unresolved; this is for those who cannot wait.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND, PROVIDER_CREDENTIALS_REJECTED, and the UNAVAILABLE
     * reasons.
     * Repeat: asks again.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ResolvePaymentResponse> resolvePayment(
        turnpike.v1.ResolvePaymentRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getResolvePaymentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists what happened to a payment, oldest first.
     * Errors: INVALID_FIELD, PAYMENT_NOT_FOUND.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ListPaymentHistoryResponse> listPaymentHistory(
        turnpike.v1.ListPaymentHistoryRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getListPaymentHistoryMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists what disagrees, or should have moved and did not: the list that a person works through. Genuine
     * notices of providers that led to nothing come first, then payments; the newest first in each.
     * The gateway goes on asking about every payment in this list by itself; ResolvePayment asks now, and
     * takes a payment out of quarantine to do so.
     * Errors: INVALID_FIELD.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ListDifferencesResponse> listDifferences(
        turnpike.v1.ListDifferencesRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getListDifferencesMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_CHARGE_TOKEN = 0;
  private static final int METHODID_GET_PAYMENT = 1;
  private static final int METHODID_LIST_PAYMENTS = 2;
  private static final int METHODID_WATCH_PAYMENT = 3;
  private static final int METHODID_CAPTURE_PAYMENT = 4;
  private static final int METHODID_VOID_PAYMENT = 5;
  private static final int METHODID_REFUND_PAYMENT = 6;
  private static final int METHODID_RESOLVE_PAYMENT = 7;
  private static final int METHODID_LIST_PAYMENT_HISTORY = 8;
  private static final int METHODID_LIST_DIFFERENCES = 9;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_CHARGE_TOKEN:
          serviceImpl.chargeToken((turnpike.v1.ChargeTokenRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ChargeTokenResponse>) responseObserver);
          break;
        case METHODID_GET_PAYMENT:
          serviceImpl.getPayment((turnpike.v1.GetPaymentRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.GetPaymentResponse>) responseObserver);
          break;
        case METHODID_LIST_PAYMENTS:
          serviceImpl.listPayments((turnpike.v1.ListPaymentsRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ListPaymentsResponse>) responseObserver);
          break;
        case METHODID_WATCH_PAYMENT:
          serviceImpl.watchPayment((turnpike.v1.WatchPaymentRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.WatchPaymentResponse>) responseObserver);
          break;
        case METHODID_CAPTURE_PAYMENT:
          serviceImpl.capturePayment((turnpike.v1.CapturePaymentRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.CapturePaymentResponse>) responseObserver);
          break;
        case METHODID_VOID_PAYMENT:
          serviceImpl.voidPayment((turnpike.v1.VoidPaymentRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.VoidPaymentResponse>) responseObserver);
          break;
        case METHODID_REFUND_PAYMENT:
          serviceImpl.refundPayment((turnpike.v1.RefundPaymentRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.RefundPaymentResponse>) responseObserver);
          break;
        case METHODID_RESOLVE_PAYMENT:
          serviceImpl.resolvePayment((turnpike.v1.ResolvePaymentRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ResolvePaymentResponse>) responseObserver);
          break;
        case METHODID_LIST_PAYMENT_HISTORY:
          serviceImpl.listPaymentHistory((turnpike.v1.ListPaymentHistoryRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ListPaymentHistoryResponse>) responseObserver);
          break;
        case METHODID_LIST_DIFFERENCES:
          serviceImpl.listDifferences((turnpike.v1.ListDifferencesRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ListDifferencesResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getChargeTokenMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ChargeTokenRequest,
              turnpike.v1.ChargeTokenResponse>(
                service, METHODID_CHARGE_TOKEN)))
        .addMethod(
          getGetPaymentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.GetPaymentRequest,
              turnpike.v1.GetPaymentResponse>(
                service, METHODID_GET_PAYMENT)))
        .addMethod(
          getListPaymentsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ListPaymentsRequest,
              turnpike.v1.ListPaymentsResponse>(
                service, METHODID_LIST_PAYMENTS)))
        .addMethod(
          getWatchPaymentMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              turnpike.v1.WatchPaymentRequest,
              turnpike.v1.WatchPaymentResponse>(
                service, METHODID_WATCH_PAYMENT)))
        .addMethod(
          getCapturePaymentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.CapturePaymentRequest,
              turnpike.v1.CapturePaymentResponse>(
                service, METHODID_CAPTURE_PAYMENT)))
        .addMethod(
          getVoidPaymentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.VoidPaymentRequest,
              turnpike.v1.VoidPaymentResponse>(
                service, METHODID_VOID_PAYMENT)))
        .addMethod(
          getRefundPaymentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.RefundPaymentRequest,
              turnpike.v1.RefundPaymentResponse>(
                service, METHODID_REFUND_PAYMENT)))
        .addMethod(
          getResolvePaymentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ResolvePaymentRequest,
              turnpike.v1.ResolvePaymentResponse>(
                service, METHODID_RESOLVE_PAYMENT)))
        .addMethod(
          getListPaymentHistoryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ListPaymentHistoryRequest,
              turnpike.v1.ListPaymentHistoryResponse>(
                service, METHODID_LIST_PAYMENT_HISTORY)))
        .addMethod(
          getListDifferencesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ListDifferencesRequest,
              turnpike.v1.ListDifferencesResponse>(
                service, METHODID_LIST_DIFFERENCES)))
        .build();
  }

  private static abstract class PaymentServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    PaymentServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return turnpike.v1.PaymentServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("PaymentService");
    }
  }

  private static final class PaymentServiceFileDescriptorSupplier
      extends PaymentServiceBaseDescriptorSupplier {
    PaymentServiceFileDescriptorSupplier() {}
  }

  private static final class PaymentServiceMethodDescriptorSupplier
      extends PaymentServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    PaymentServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (PaymentServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new PaymentServiceFileDescriptorSupplier())
              .addMethod(getChargeTokenMethod())
              .addMethod(getGetPaymentMethod())
              .addMethod(getListPaymentsMethod())
              .addMethod(getWatchPaymentMethod())
              .addMethod(getCapturePaymentMethod())
              .addMethod(getVoidPaymentMethod())
              .addMethod(getRefundPaymentMethod())
              .addMethod(getResolvePaymentMethod())
              .addMethod(getListPaymentHistoryMethod())
              .addMethod(getListDifferencesMethod())
              .build();
        }
      }
    }
    return result;
  }
}
