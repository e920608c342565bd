package turnpike.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Keeps saved cards.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class TokenServiceGrpc {

  private TokenServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "turnpike.v1.TokenService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<turnpike.v1.GetTokenRequest,
      turnpike.v1.GetTokenResponse> getGetTokenMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetToken",
      requestType = turnpike.v1.GetTokenRequest.class,
      responseType = turnpike.v1.GetTokenResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.GetTokenRequest,
      turnpike.v1.GetTokenResponse> getGetTokenMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.GetTokenRequest, turnpike.v1.GetTokenResponse> getGetTokenMethod;
    if ((getGetTokenMethod = TokenServiceGrpc.getGetTokenMethod) == null) {
      synchronized (TokenServiceGrpc.class) {
        if ((getGetTokenMethod = TokenServiceGrpc.getGetTokenMethod) == null) {
          TokenServiceGrpc.getGetTokenMethod = getGetTokenMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.GetTokenRequest, turnpike.v1.GetTokenResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetToken"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.GetTokenRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.GetTokenResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TokenServiceMethodDescriptorSupplier("GetToken"))
              .build();
        }
      }
    }
    return getGetTokenMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ListTokensRequest,
      turnpike.v1.ListTokensResponse> getListTokensMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListTokens",
      requestType = turnpike.v1.ListTokensRequest.class,
      responseType = turnpike.v1.ListTokensResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ListTokensRequest,
      turnpike.v1.ListTokensResponse> getListTokensMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ListTokensRequest, turnpike.v1.ListTokensResponse> getListTokensMethod;
    if ((getListTokensMethod = TokenServiceGrpc.getListTokensMethod) == null) {
      synchronized (TokenServiceGrpc.class) {
        if ((getListTokensMethod = TokenServiceGrpc.getListTokensMethod) == null) {
          TokenServiceGrpc.getListTokensMethod = getListTokensMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ListTokensRequest, turnpike.v1.ListTokensResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListTokens"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListTokensRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListTokensResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TokenServiceMethodDescriptorSupplier("ListTokens"))
              .build();
        }
      }
    }
    return getListTokensMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ImportTokenRequest,
      turnpike.v1.ImportTokenResponse> getImportTokenMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ImportToken",
      requestType = turnpike.v1.ImportTokenRequest.class,
      responseType = turnpike.v1.ImportTokenResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ImportTokenRequest,
      turnpike.v1.ImportTokenResponse> getImportTokenMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ImportTokenRequest, turnpike.v1.ImportTokenResponse> getImportTokenMethod;
    if ((getImportTokenMethod = TokenServiceGrpc.getImportTokenMethod) == null) {
      synchronized (TokenServiceGrpc.class) {
        if ((getImportTokenMethod = TokenServiceGrpc.getImportTokenMethod) == null) {
          TokenServiceGrpc.getImportTokenMethod = getImportTokenMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ImportTokenRequest, turnpike.v1.ImportTokenResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ImportToken"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ImportTokenRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ImportTokenResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TokenServiceMethodDescriptorSupplier("ImportToken"))
              .build();
        }
      }
    }
    return getImportTokenMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.DeleteTokenRequest,
      turnpike.v1.DeleteTokenResponse> getDeleteTokenMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteToken",
      requestType = turnpike.v1.DeleteTokenRequest.class,
      responseType = turnpike.v1.DeleteTokenResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.DeleteTokenRequest,
      turnpike.v1.DeleteTokenResponse> getDeleteTokenMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.DeleteTokenRequest, turnpike.v1.DeleteTokenResponse> getDeleteTokenMethod;
    if ((getDeleteTokenMethod = TokenServiceGrpc.getDeleteTokenMethod) == null) {
      synchronized (TokenServiceGrpc.class) {
        if ((getDeleteTokenMethod = TokenServiceGrpc.getDeleteTokenMethod) == null) {
          TokenServiceGrpc.getDeleteTokenMethod = getDeleteTokenMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.DeleteTokenRequest, turnpike.v1.DeleteTokenResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteToken"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.DeleteTokenRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.DeleteTokenResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TokenServiceMethodDescriptorSupplier("DeleteToken"))
              .build();
        }
      }
    }
    return getDeleteTokenMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static TokenServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TokenServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TokenServiceStub>() {
        @java.lang.Override
        public TokenServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TokenServiceStub(channel, callOptions);
        }
      };
    return TokenServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static TokenServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TokenServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TokenServiceBlockingV2Stub>() {
        @java.lang.Override
        public TokenServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TokenServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return TokenServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static TokenServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TokenServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TokenServiceBlockingStub>() {
        @java.lang.Override
        public TokenServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TokenServiceBlockingStub(channel, callOptions);
        }
      };
    return TokenServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static TokenServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TokenServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TokenServiceFutureStub>() {
        @java.lang.Override
        public TokenServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TokenServiceFutureStub(channel, callOptions);
        }
      };
    return TokenServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Keeps saved cards.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Reads a token. The provider's own token is never shown.
     * Errors: INVALID_FIELD, TOKEN_NOT_FOUND.
     * </pre>
     */
    default void getToken(turnpike.v1.GetTokenRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.GetTokenResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetTokenMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists tokens, newest first. Filters are combined with "and".
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    default void listTokens(turnpike.v1.ListTokensRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListTokensResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListTokensMethod(), responseObserver);
    }

    /**
     * <pre>
     * Takes over a token that the caller has from a provider. It is sealed at rest, and the provider
     * is not asked whether it works.
     * Errors: INVALID_FIELD, UNKNOWN_ACCOUNT, CARD_NUMBER_IN_TEXT, UNSUPPORTED_BY_PROVIDER, the
     * UNAVAILABLE reasons of the journal, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the same token, marked as
     * replayed.
     * </pre>
     */
    default void importToken(turnpike.v1.ImportTokenRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ImportTokenResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getImportTokenMethod(), responseObserver);
    }

    /**
     * <pre>
     * Deletes a token: here always, and at the provider where it has such a call.
     * Promises: the sealed value is gone and the token cannot be charged, whatever the provider
     * answers. Payments made with it stay as they are.
     * Errors: INVALID_FIELD, TOKEN_NOT_FOUND, STATE_FORBIDS (a charge of it is running), the
     * UNAVAILABLE reasons of the journal, and REQUEST_ID_REUSED.
     * Repeat: deleting a deleted token answers with the token.
     * </pre>
     */
    default void deleteToken(turnpike.v1.DeleteTokenRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.DeleteTokenResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteTokenMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service TokenService.
   * <pre>
   * Keeps saved cards.
   * </pre>
   */
  public static abstract class TokenServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return TokenServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service TokenService.
   * <pre>
   * Keeps saved cards.
   * </pre>
   */
  public static final class TokenServiceStub
      extends io.grpc.stub.AbstractAsyncStub<TokenServiceStub> {
    private TokenServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TokenServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TokenServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Reads a token. The provider's own token is never shown.
     * Errors: INVALID_FIELD, TOKEN_NOT_FOUND.
     * </pre>
     */
    public void getToken(turnpike.v1.GetTokenRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.GetTokenResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getGetTokenMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists tokens, newest first. Filters are combined with "and".
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    public void listTokens(turnpike.v1.ListTokensRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListTokensResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getListTokensMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Takes over a token that the caller has from a provider. It is sealed at rest, and the provider
     * is not asked whether it works.
     * Errors: INVALID_FIELD, UNKNOWN_ACCOUNT, CARD_NUMBER_IN_TEXT, UNSUPPORTED_BY_PROVIDER, the
     * UNAVAILABLE reasons of the journal, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the same token, marked as
     * replayed.
     * </pre>
     */
    public void importToken(turnpike.v1.ImportTokenRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ImportTokenResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getImportTokenMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Deletes a token: here always, and at the provider where it has such a call.
     * Promises: the sealed value is gone and the token cannot be charged, whatever the provider
     * answers. Payments made with it stay as they are.
     * Errors: INVALID_FIELD, TOKEN_NOT_FOUND, STATE_FORBIDS (a charge of it is running), the
     * UNAVAILABLE reasons of the journal, and REQUEST_ID_REUSED.
     * Repeat: deleting a deleted token answers with the token.
     * </pre>
     */
    public void deleteToken(turnpike.v1.DeleteTokenRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.DeleteTokenResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getDeleteTokenMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service TokenService.
   * <pre>
   * Keeps saved cards.
   * </pre>
   */
  public static final class TokenServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<TokenServiceBlockingV2Stub> {
    private TokenServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TokenServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TokenServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Reads a token. The provider's own token is never shown.
     * Errors: INVALID_FIELD, TOKEN_NOT_FOUND.
     * </pre>
     */
    public turnpike.v1.GetTokenResponse getToken(turnpike.v1.GetTokenRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetTokenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists tokens, newest first. Filters are combined with "and".
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    public turnpike.v1.ListTokensResponse listTokens(turnpike.v1.ListTokensRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListTokensMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Takes over a token that the caller has from a provider. It is sealed at rest, and the provider
     * is not asked whether it works.
     * Errors: INVALID_FIELD, UNKNOWN_ACCOUNT, CARD_NUMBER_IN_TEXT, UNSUPPORTED_BY_PROVIDER, the
     * UNAVAILABLE reasons of the journal, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the same token, marked as
     * replayed.
     * </pre>
     */
    public turnpike.v1.ImportTokenResponse importToken(turnpike.v1.ImportTokenRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getImportTokenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a token: here always, and at the provider where it has such a call.
     * Promises: the sealed value is gone and the token cannot be charged, whatever the provider
     * answers. Payments made with it stay as they are.
     * Errors: INVALID_FIELD, TOKEN_NOT_FOUND, STATE_FORBIDS (a charge of it is running), the
     * UNAVAILABLE reasons of the journal, and REQUEST_ID_REUSED.
     * Repeat: deleting a deleted token answers with the token.
     * </pre>
     */
    public turnpike.v1.DeleteTokenResponse deleteToken(turnpike.v1.DeleteTokenRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteTokenMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service TokenService.
   * <pre>
   * Keeps saved cards.
   * </pre>
   */
  public static final class TokenServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<TokenServiceBlockingStub> {
    private TokenServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TokenServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TokenServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Reads a token. The provider's own token is never shown.
     * Errors: INVALID_FIELD, TOKEN_NOT_FOUND.
     * </pre>
     */
    public turnpike.v1.GetTokenResponse getToken(turnpike.v1.GetTokenRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getGetTokenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists tokens, newest first. Filters are combined with "and".
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    public turnpike.v1.ListTokensResponse listTokens(turnpike.v1.ListTokensRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getListTokensMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Takes over a token that the caller has from a provider. It is sealed at rest, and the provider
     * is not asked whether it works.
     * Errors: INVALID_FIELD, UNKNOWN_ACCOUNT, CARD_NUMBER_IN_TEXT, UNSUPPORTED_BY_PROVIDER, the
     * UNAVAILABLE reasons of the journal, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the same token, marked as
     * replayed.
     * </pre>
     */
    public turnpike.v1.ImportTokenResponse importToken(turnpike.v1.ImportTokenRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getImportTokenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a token: here always, and at the provider where it has such a call.
     * Promises: the sealed value is gone and the token cannot be charged, whatever the provider
     * answers. Payments made with it stay as they are.
     * Errors: INVALID_FIELD, TOKEN_NOT_FOUND, STATE_FORBIDS (a charge of it is running), the
     * UNAVAILABLE reasons of the journal, and REQUEST_ID_REUSED.
     * Repeat: deleting a deleted token answers with the token.
     * </pre>
     */
    public turnpike.v1.DeleteTokenResponse deleteToken(turnpike.v1.DeleteTokenRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getDeleteTokenMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service TokenService.
   * <pre>
   * Keeps saved cards.
   * </pre>
   */
  public static final class TokenServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<TokenServiceFutureStub> {
    private TokenServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TokenServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TokenServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Reads a token. The provider's own token is never shown.
     * Errors: INVALID_FIELD, TOKEN_NOT_FOUND.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.GetTokenResponse> getToken(
        turnpike.v1.GetTokenRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getGetTokenMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists tokens, newest first. Filters are combined with "and".
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ListTokensResponse> listTokens(
        turnpike.v1.ListTokensRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getListTokensMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Takes over a token that the caller has from a provider. It is sealed at rest, and the provider
     * is not asked whether it works.
     * Errors: INVALID_FIELD, UNKNOWN_ACCOUNT, CARD_NUMBER_IN_TEXT, UNSUPPORTED_BY_PROVIDER, the
     * UNAVAILABLE reasons of the journal, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the same token, marked as
     * replayed.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ImportTokenResponse> importToken(
        turnpike.v1.ImportTokenRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getImportTokenMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Deletes a token: here always, and at the provider where it has such a call.
     * Promises: the sealed value is gone and the token cannot be charged, whatever the provider
     * answers. Payments made with it stay as they are.
     * Errors: INVALID_FIELD, TOKEN_NOT_FOUND, STATE_FORBIDS (a charge of it is running), the
     * UNAVAILABLE reasons of the journal, and REQUEST_ID_REUSED.
     * Repeat: deleting a deleted token answers with the token.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.DeleteTokenResponse> deleteToken(
        turnpike.v1.DeleteTokenRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getDeleteTokenMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_GET_TOKEN = 0;
  private static final int METHODID_LIST_TOKENS = 1;
  private static final int METHODID_IMPORT_TOKEN = 2;
  private static final int METHODID_DELETE_TOKEN = 3;

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
        case METHODID_GET_TOKEN:
          serviceImpl.getToken((turnpike.v1.GetTokenRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.GetTokenResponse>) responseObserver);
          break;
        case METHODID_LIST_TOKENS:
          serviceImpl.listTokens((turnpike.v1.ListTokensRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ListTokensResponse>) responseObserver);
          break;
        case METHODID_IMPORT_TOKEN:
          serviceImpl.importToken((turnpike.v1.ImportTokenRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ImportTokenResponse>) responseObserver);
          break;
        case METHODID_DELETE_TOKEN:
          serviceImpl.deleteToken((turnpike.v1.DeleteTokenRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.DeleteTokenResponse>) responseObserver);
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
          getGetTokenMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.GetTokenRequest,
              turnpike.v1.GetTokenResponse>(
                service, METHODID_GET_TOKEN)))
        .addMethod(
          getListTokensMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ListTokensRequest,
              turnpike.v1.ListTokensResponse>(
                service, METHODID_LIST_TOKENS)))
        .addMethod(
          getImportTokenMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ImportTokenRequest,
              turnpike.v1.ImportTokenResponse>(
                service, METHODID_IMPORT_TOKEN)))
        .addMethod(
          getDeleteTokenMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.DeleteTokenRequest,
              turnpike.v1.DeleteTokenResponse>(
                service, METHODID_DELETE_TOKEN)))
        .build();
  }

  private static abstract class TokenServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    TokenServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return turnpike.v1.TokenServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("TokenService");
    }
  }

  private static final class TokenServiceFileDescriptorSupplier
      extends TokenServiceBaseDescriptorSupplier {
    TokenServiceFileDescriptorSupplier() {}
  }

  private static final class TokenServiceMethodDescriptorSupplier
      extends TokenServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    TokenServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (TokenServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new TokenServiceFileDescriptorSupplier())
              .addMethod(getGetTokenMethod())
              .addMethod(getListTokensMethod())
              .addMethod(getImportTokenMethod())
              .addMethod(getDeleteTokenMethod())
              .build();
        }
      }
    }
    return result;
  }
}
