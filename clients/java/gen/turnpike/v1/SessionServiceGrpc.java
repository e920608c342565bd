package turnpike.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Opens windows in which customers pay or save cards.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class SessionServiceGrpc {

  private SessionServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "turnpike.v1.SessionService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<turnpike.v1.CreateSessionRequest,
      turnpike.v1.CreateSessionResponse> getCreateSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateSession",
      requestType = turnpike.v1.CreateSessionRequest.class,
      responseType = turnpike.v1.CreateSessionResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.CreateSessionRequest,
      turnpike.v1.CreateSessionResponse> getCreateSessionMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.CreateSessionRequest, turnpike.v1.CreateSessionResponse> getCreateSessionMethod;
    if ((getCreateSessionMethod = SessionServiceGrpc.getCreateSessionMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getCreateSessionMethod = SessionServiceGrpc.getCreateSessionMethod) == null) {
          SessionServiceGrpc.getCreateSessionMethod = getCreateSessionMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.CreateSessionRequest, turnpike.v1.CreateSessionResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateSession"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.CreateSessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.CreateSessionResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("CreateSession"))
              .build();
        }
      }
    }
    return getCreateSessionMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ConfirmSessionRequest,
      turnpike.v1.ConfirmSessionResponse> getConfirmSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ConfirmSession",
      requestType = turnpike.v1.ConfirmSessionRequest.class,
      responseType = turnpike.v1.ConfirmSessionResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ConfirmSessionRequest,
      turnpike.v1.ConfirmSessionResponse> getConfirmSessionMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ConfirmSessionRequest, turnpike.v1.ConfirmSessionResponse> getConfirmSessionMethod;
    if ((getConfirmSessionMethod = SessionServiceGrpc.getConfirmSessionMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getConfirmSessionMethod = SessionServiceGrpc.getConfirmSessionMethod) == null) {
          SessionServiceGrpc.getConfirmSessionMethod = getConfirmSessionMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ConfirmSessionRequest, turnpike.v1.ConfirmSessionResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ConfirmSession"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ConfirmSessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ConfirmSessionResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("ConfirmSession"))
              .build();
        }
      }
    }
    return getConfirmSessionMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.GetSessionRequest,
      turnpike.v1.GetSessionResponse> getGetSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetSession",
      requestType = turnpike.v1.GetSessionRequest.class,
      responseType = turnpike.v1.GetSessionResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.GetSessionRequest,
      turnpike.v1.GetSessionResponse> getGetSessionMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.GetSessionRequest, turnpike.v1.GetSessionResponse> getGetSessionMethod;
    if ((getGetSessionMethod = SessionServiceGrpc.getGetSessionMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getGetSessionMethod = SessionServiceGrpc.getGetSessionMethod) == null) {
          SessionServiceGrpc.getGetSessionMethod = getGetSessionMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.GetSessionRequest, turnpike.v1.GetSessionResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetSession"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.GetSessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.GetSessionResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("GetSession"))
              .build();
        }
      }
    }
    return getGetSessionMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.CancelSessionRequest,
      turnpike.v1.CancelSessionResponse> getCancelSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CancelSession",
      requestType = turnpike.v1.CancelSessionRequest.class,
      responseType = turnpike.v1.CancelSessionResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.CancelSessionRequest,
      turnpike.v1.CancelSessionResponse> getCancelSessionMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.CancelSessionRequest, turnpike.v1.CancelSessionResponse> getCancelSessionMethod;
    if ((getCancelSessionMethod = SessionServiceGrpc.getCancelSessionMethod) == null) {
      synchronized (SessionServiceGrpc.class) {
        if ((getCancelSessionMethod = SessionServiceGrpc.getCancelSessionMethod) == null) {
          SessionServiceGrpc.getCancelSessionMethod = getCancelSessionMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.CancelSessionRequest, turnpike.v1.CancelSessionResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CancelSession"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.CancelSessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.CancelSessionResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SessionServiceMethodDescriptorSupplier("CancelSession"))
              .build();
        }
      }
    }
    return getCancelSessionMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static SessionServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SessionServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SessionServiceStub>() {
        @java.lang.Override
        public SessionServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SessionServiceStub(channel, callOptions);
        }
      };
    return SessionServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static SessionServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SessionServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SessionServiceBlockingV2Stub>() {
        @java.lang.Override
        public SessionServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SessionServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return SessionServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static SessionServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SessionServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SessionServiceBlockingStub>() {
        @java.lang.Override
        public SessionServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SessionServiceBlockingStub(channel, callOptions);
        }
      };
    return SessionServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static SessionServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SessionServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SessionServiceFutureStub>() {
        @java.lang.Override
        public SessionServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SessionServiceFutureStub(channel, callOptions);
        }
      };
    return SessionServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Opens windows in which customers pay or save cards.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Opens a session at a provider.
     * Promises: when the answer is OK, the session is recorded and next_action says what to do. No
     * money moves by this call; it takes the customer, or ConfirmSession.
     * Errors: INVALID_FIELD, UNKNOWN_ACCOUNT, UNKNOWN_CURRENCY, NO_ACCOUNT_MATCHES,
     * AMOUNT_OUT_OF_BOUNDS, CARD_NUMBER_IN_TEXT, UNSUPPORTED_BY_PROVIDER (with what would work
     * instead), TOKEN_NOT_FOUND, TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED, PROVIDER_REJECTED,
     * PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the session as it stands now,
     * marked as replayed. A failure that sent nothing does not use the id up.
     * </pre>
     */
    default void createSession(turnpike.v1.CreateSessionRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.CreateSessionResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateSessionMethod(), responseObserver);
    }

    /**
     * <pre>
     * Finishes a session with a card, a saved card, or what the browser brought back.
     * Promises: waits until the outcome is known or the deadline is near. With `returned` it reads
     * the truth from the provider: what the browser says is a hint and never changes a state. A
     * decline, a further action such as 3-D Secure, and an unknown outcome are answers, told by the
     * session and the payment. The work goes on when the caller leaves.
     * Errors: INVALID_FIELD, SESSION_NOT_FOUND, SESSION_EXPIRED, STATE_FORBIDS, TOKEN_NOT_FOUND,
     * TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED, CARD_DATA_NOT_ALLOWED, TLS_REQUIRED_FOR_CARD,
     * UNSUPPORTED_BY_PROVIDER, PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE
     * reasons, and REQUEST_ID_REUSED.
     * Repeat: safe. The same request id answers with the state. A second confirmation of a session
     * that has moved on never sends a second card; with `returned` it answers with the state.
     * </pre>
     */
    default void confirmSession(turnpike.v1.ConfirmSessionRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ConfirmSessionResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getConfirmSessionMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reads a session as the gateway knows it. The provider is not asked; ConfirmSession with
     * `returned` does that.
     * Errors: INVALID_FIELD, SESSION_NOT_FOUND.
     * </pre>
     */
    default void getSession(turnpike.v1.GetSessionRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.GetSessionResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetSessionMethod(), responseObserver);
    }

    /**
     * <pre>
     * Ends a session before the customer has paid.
     * Promises: a customer who pays in the same moment wins; the answer then shows the payment. Where
     * a provider has no such call nothing is changed: its page would stay open whatever we said, until
     * its own time is over.
     * Errors: INVALID_FIELD, SESSION_NOT_FOUND, STATE_FORBIDS (the session is final or being paid),
     * UNSUPPORTED_BY_PROVIDER, PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE
     * reasons, and REQUEST_ID_REUSED.
     * Repeat: cancelling a cancelled session answers with the session.
     * </pre>
     */
    default void cancelSession(turnpike.v1.CancelSessionRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.CancelSessionResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCancelSessionMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service SessionService.
   * <pre>
   * Opens windows in which customers pay or save cards.
   * </pre>
   */
  public static abstract class SessionServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return SessionServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service SessionService.
   * <pre>
   * Opens windows in which customers pay or save cards.
   * </pre>
   */
  public static final class SessionServiceStub
      extends io.grpc.stub.AbstractAsyncStub<SessionServiceStub> {
    private SessionServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SessionServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SessionServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Opens a session at a provider.
     * Promises: when the answer is OK, the session is recorded and next_action says what to do. No
     * money moves by this call; it takes the customer, or ConfirmSession.
     * Errors: INVALID_FIELD, UNKNOWN_ACCOUNT, UNKNOWN_CURRENCY, NO_ACCOUNT_MATCHES,
     * AMOUNT_OUT_OF_BOUNDS, CARD_NUMBER_IN_TEXT, UNSUPPORTED_BY_PROVIDER (with what would work
     * instead), TOKEN_NOT_FOUND, TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED, PROVIDER_REJECTED,
     * PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the session as it stands now,
     * marked as replayed. A failure that sent nothing does not use the id up.
     * </pre>
     */
    public void createSession(turnpike.v1.CreateSessionRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.CreateSessionResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getCreateSessionMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Finishes a session with a card, a saved card, or what the browser brought back.
     * Promises: waits until the outcome is known or the deadline is near. With `returned` it reads
     * the truth from the provider: what the browser says is a hint and never changes a state. A
     * decline, a further action such as 3-D Secure, and an unknown outcome are answers, told by the
     * session and the payment. The work goes on when the caller leaves.
     * Errors: INVALID_FIELD, SESSION_NOT_FOUND, SESSION_EXPIRED, STATE_FORBIDS, TOKEN_NOT_FOUND,
     * TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED, CARD_DATA_NOT_ALLOWED, TLS_REQUIRED_FOR_CARD,
     * UNSUPPORTED_BY_PROVIDER, PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE
     * reasons, and REQUEST_ID_REUSED.
     * Repeat: safe. The same request id answers with the state. A second confirmation of a session
     * that has moved on never sends a second card; with `returned` it answers with the state.
     * </pre>
     */
    public void confirmSession(turnpike.v1.ConfirmSessionRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ConfirmSessionResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getConfirmSessionMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reads a session as the gateway knows it. The provider is not asked; ConfirmSession with
     * `returned` does that.
     * Errors: INVALID_FIELD, SESSION_NOT_FOUND.
     * </pre>
     */
    public void getSession(turnpike.v1.GetSessionRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.GetSessionResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getGetSessionMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Ends a session before the customer has paid.
     * Promises: a customer who pays in the same moment wins; the answer then shows the payment. Where
     * a provider has no such call nothing is changed: its page would stay open whatever we said, until
     * its own time is over.
     * Errors: INVALID_FIELD, SESSION_NOT_FOUND, STATE_FORBIDS (the session is final or being paid),
     * UNSUPPORTED_BY_PROVIDER, PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE
     * reasons, and REQUEST_ID_REUSED.
     * Repeat: cancelling a cancelled session answers with the session.
     * </pre>
     */
    public void cancelSession(turnpike.v1.CancelSessionRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.CancelSessionResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getCancelSessionMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service SessionService.
   * <pre>
   * Opens windows in which customers pay or save cards.
   * </pre>
   */
  public static final class SessionServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<SessionServiceBlockingV2Stub> {
    private SessionServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SessionServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SessionServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Opens a session at a provider.
     * Promises: when the answer is OK, the session is recorded and next_action says what to do. No
     * money moves by this call; it takes the customer, or ConfirmSession.
     * Errors: INVALID_FIELD, UNKNOWN_ACCOUNT, UNKNOWN_CURRENCY, NO_ACCOUNT_MATCHES,
     * AMOUNT_OUT_OF_BOUNDS, CARD_NUMBER_IN_TEXT, UNSUPPORTED_BY_PROVIDER (with what would work
     * instead), TOKEN_NOT_FOUND, TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED, PROVIDER_REJECTED,
     * PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the session as it stands now,
     * marked as replayed. A failure that sent nothing does not use the id up.
     * </pre>
     */
    public turnpike.v1.CreateSessionResponse createSession(turnpike.v1.CreateSessionRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Finishes a session with a card, a saved card, or what the browser brought back.
     * Promises: waits until the outcome is known or the deadline is near. With `returned` it reads
     * the truth from the provider: what the browser says is a hint and never changes a state. A
     * decline, a further action such as 3-D Secure, and an unknown outcome are answers, told by the
     * session and the payment. The work goes on when the caller leaves.
     * Errors: INVALID_FIELD, SESSION_NOT_FOUND, SESSION_EXPIRED, STATE_FORBIDS, TOKEN_NOT_FOUND,
     * TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED, CARD_DATA_NOT_ALLOWED, TLS_REQUIRED_FOR_CARD,
     * UNSUPPORTED_BY_PROVIDER, PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE
     * reasons, and REQUEST_ID_REUSED.
     * Repeat: safe. The same request id answers with the state. A second confirmation of a session
     * that has moved on never sends a second card; with `returned` it answers with the state.
     * </pre>
     */
    public turnpike.v1.ConfirmSessionResponse confirmSession(turnpike.v1.ConfirmSessionRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getConfirmSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads a session as the gateway knows it. The provider is not asked; ConfirmSession with
     * `returned` does that.
     * Errors: INVALID_FIELD, SESSION_NOT_FOUND.
     * </pre>
     */
    public turnpike.v1.GetSessionResponse getSession(turnpike.v1.GetSessionRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends a session before the customer has paid.
     * Promises: a customer who pays in the same moment wins; the answer then shows the payment. Where
     * a provider has no such call nothing is changed: its page would stay open whatever we said, until
     * its own time is over.
     * Errors: INVALID_FIELD, SESSION_NOT_FOUND, STATE_FORBIDS (the session is final or being paid),
     * UNSUPPORTED_BY_PROVIDER, PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE
     * reasons, and REQUEST_ID_REUSED.
     * Repeat: cancelling a cancelled session answers with the session.
     * </pre>
     */
    public turnpike.v1.CancelSessionResponse cancelSession(turnpike.v1.CancelSessionRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCancelSessionMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service SessionService.
   * <pre>
   * Opens windows in which customers pay or save cards.
   * </pre>
   */
  public static final class SessionServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<SessionServiceBlockingStub> {
    private SessionServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SessionServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SessionServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Opens a session at a provider.
     * Promises: when the answer is OK, the session is recorded and next_action says what to do. No
     * money moves by this call; it takes the customer, or ConfirmSession.
     * Errors: INVALID_FIELD, UNKNOWN_ACCOUNT, UNKNOWN_CURRENCY, NO_ACCOUNT_MATCHES,
     * AMOUNT_OUT_OF_BOUNDS, CARD_NUMBER_IN_TEXT, UNSUPPORTED_BY_PROVIDER (with what would work
     * instead), TOKEN_NOT_FOUND, TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED, PROVIDER_REJECTED,
     * PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the session as it stands now,
     * marked as replayed. A failure that sent nothing does not use the id up.
     * </pre>
     */
    public turnpike.v1.CreateSessionResponse createSession(turnpike.v1.CreateSessionRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getCreateSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Finishes a session with a card, a saved card, or what the browser brought back.
     * Promises: waits until the outcome is known or the deadline is near. With `returned` it reads
     * the truth from the provider: what the browser says is a hint and never changes a state. A
     * decline, a further action such as 3-D Secure, and an unknown outcome are answers, told by the
     * session and the payment. The work goes on when the caller leaves.
     * Errors: INVALID_FIELD, SESSION_NOT_FOUND, SESSION_EXPIRED, STATE_FORBIDS, TOKEN_NOT_FOUND,
     * TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED, CARD_DATA_NOT_ALLOWED, TLS_REQUIRED_FOR_CARD,
     * UNSUPPORTED_BY_PROVIDER, PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE
     * reasons, and REQUEST_ID_REUSED.
     * Repeat: safe. The same request id answers with the state. A second confirmation of a session
     * that has moved on never sends a second card; with `returned` it answers with the state.
     * </pre>
     */
    public turnpike.v1.ConfirmSessionResponse confirmSession(turnpike.v1.ConfirmSessionRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getConfirmSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads a session as the gateway knows it. The provider is not asked; ConfirmSession with
     * `returned` does that.
     * Errors: INVALID_FIELD, SESSION_NOT_FOUND.
     * </pre>
     */
    public turnpike.v1.GetSessionResponse getSession(turnpike.v1.GetSessionRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getGetSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends a session before the customer has paid.
     * Promises: a customer who pays in the same moment wins; the answer then shows the payment. Where
     * a provider has no such call nothing is changed: its page would stay open whatever we said, until
     * its own time is over.
     * Errors: INVALID_FIELD, SESSION_NOT_FOUND, STATE_FORBIDS (the session is final or being paid),
     * UNSUPPORTED_BY_PROVIDER, PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE
     * reasons, and REQUEST_ID_REUSED.
     * Repeat: cancelling a cancelled session answers with the session.
     * </pre>
     */
    public turnpike.v1.CancelSessionResponse cancelSession(turnpike.v1.CancelSessionRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getCancelSessionMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service SessionService.
   * <pre>
   * Opens windows in which customers pay or save cards.
   * </pre>
   */
  public static final class SessionServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<SessionServiceFutureStub> {
    private SessionServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SessionServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SessionServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Opens a session at a provider.
     * Promises: when the answer is OK, the session is recorded and next_action says what to do. No
     * money moves by this call; it takes the customer, or ConfirmSession.
     * Errors: INVALID_FIELD, UNKNOWN_ACCOUNT, UNKNOWN_CURRENCY, NO_ACCOUNT_MATCHES,
     * AMOUNT_OUT_OF_BOUNDS, CARD_NUMBER_IN_TEXT, UNSUPPORTED_BY_PROVIDER (with what would work
     * instead), TOKEN_NOT_FOUND, TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED, PROVIDER_REJECTED,
     * PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the session as it stands now,
     * marked as replayed. A failure that sent nothing does not use the id up.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.CreateSessionResponse> createSession(
        turnpike.v1.CreateSessionRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getCreateSessionMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Finishes a session with a card, a saved card, or what the browser brought back.
     * Promises: waits until the outcome is known or the deadline is near. With `returned` it reads
     * the truth from the provider: what the browser says is a hint and never changes a state. A
     * decline, a further action such as 3-D Secure, and an unknown outcome are answers, told by the
     * session and the payment. The work goes on when the caller leaves.
     * Errors: INVALID_FIELD, SESSION_NOT_FOUND, SESSION_EXPIRED, STATE_FORBIDS, TOKEN_NOT_FOUND,
     * TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED, CARD_DATA_NOT_ALLOWED, TLS_REQUIRED_FOR_CARD,
     * UNSUPPORTED_BY_PROVIDER, PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE
     * reasons, and REQUEST_ID_REUSED.
     * Repeat: safe. The same request id answers with the state. A second confirmation of a session
     * that has moved on never sends a second card; with `returned` it answers with the state.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ConfirmSessionResponse> confirmSession(
        turnpike.v1.ConfirmSessionRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getConfirmSessionMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reads a session as the gateway knows it. The provider is not asked; ConfirmSession with
     * `returned` does that.
     * Errors: INVALID_FIELD, SESSION_NOT_FOUND.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.GetSessionResponse> getSession(
        turnpike.v1.GetSessionRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getGetSessionMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Ends a session before the customer has paid.
     * Promises: a customer who pays in the same moment wins; the answer then shows the payment. Where
     * a provider has no such call nothing is changed: its page would stay open whatever we said, until
     * its own time is over.
     * Errors: INVALID_FIELD, SESSION_NOT_FOUND, STATE_FORBIDS (the session is final or being paid),
     * UNSUPPORTED_BY_PROVIDER, PROVIDER_REJECTED, PROVIDER_CREDENTIALS_REJECTED, the UNAVAILABLE
     * reasons, and REQUEST_ID_REUSED.
     * Repeat: cancelling a cancelled session answers with the session.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.CancelSessionResponse> cancelSession(
        turnpike.v1.CancelSessionRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getCancelSessionMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_CREATE_SESSION = 0;
  private static final int METHODID_CONFIRM_SESSION = 1;
  private static final int METHODID_GET_SESSION = 2;
  private static final int METHODID_CANCEL_SESSION = 3;

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
        case METHODID_CREATE_SESSION:
          serviceImpl.createSession((turnpike.v1.CreateSessionRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.CreateSessionResponse>) responseObserver);
          break;
        case METHODID_CONFIRM_SESSION:
          serviceImpl.confirmSession((turnpike.v1.ConfirmSessionRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ConfirmSessionResponse>) responseObserver);
          break;
        case METHODID_GET_SESSION:
          serviceImpl.getSession((turnpike.v1.GetSessionRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.GetSessionResponse>) responseObserver);
          break;
        case METHODID_CANCEL_SESSION:
          serviceImpl.cancelSession((turnpike.v1.CancelSessionRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.CancelSessionResponse>) responseObserver);
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
          getCreateSessionMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.CreateSessionRequest,
              turnpike.v1.CreateSessionResponse>(
                service, METHODID_CREATE_SESSION)))
        .addMethod(
          getConfirmSessionMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ConfirmSessionRequest,
              turnpike.v1.ConfirmSessionResponse>(
                service, METHODID_CONFIRM_SESSION)))
        .addMethod(
          getGetSessionMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.GetSessionRequest,
              turnpike.v1.GetSessionResponse>(
                service, METHODID_GET_SESSION)))
        .addMethod(
          getCancelSessionMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.CancelSessionRequest,
              turnpike.v1.CancelSessionResponse>(
                service, METHODID_CANCEL_SESSION)))
        .build();
  }

  private static abstract class SessionServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    SessionServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return turnpike.v1.SessionServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("SessionService");
    }
  }

  private static final class SessionServiceFileDescriptorSupplier
      extends SessionServiceBaseDescriptorSupplier {
    SessionServiceFileDescriptorSupplier() {}
  }

  private static final class SessionServiceMethodDescriptorSupplier
      extends SessionServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    SessionServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (SessionServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new SessionServiceFileDescriptorSupplier())
              .addMethod(getCreateSessionMethod())
              .addMethod(getConfirmSessionMethod())
              .addMethod(getGetSessionMethod())
              .addMethod(getCancelSessionMethod())
              .build();
        }
      }
    }
    return result;
  }
}
