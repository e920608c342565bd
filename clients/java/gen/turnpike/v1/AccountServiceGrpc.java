package turnpike.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Tells what the caller's accounts are and can do.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class AccountServiceGrpc {

  private AccountServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "turnpike.v1.AccountService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ListAccountsRequest,
      turnpike.v1.ListAccountsResponse> getListAccountsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListAccounts",
      requestType = turnpike.v1.ListAccountsRequest.class,
      responseType = turnpike.v1.ListAccountsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ListAccountsRequest,
      turnpike.v1.ListAccountsResponse> getListAccountsMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ListAccountsRequest, turnpike.v1.ListAccountsResponse> getListAccountsMethod;
    if ((getListAccountsMethod = AccountServiceGrpc.getListAccountsMethod) == null) {
      synchronized (AccountServiceGrpc.class) {
        if ((getListAccountsMethod = AccountServiceGrpc.getListAccountsMethod) == null) {
          AccountServiceGrpc.getListAccountsMethod = getListAccountsMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ListAccountsRequest, turnpike.v1.ListAccountsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListAccounts"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListAccountsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListAccountsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AccountServiceMethodDescriptorSupplier("ListAccounts"))
              .build();
        }
      }
    }
    return getListAccountsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.GetCapabilitiesRequest,
      turnpike.v1.GetCapabilitiesResponse> getGetCapabilitiesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetCapabilities",
      requestType = turnpike.v1.GetCapabilitiesRequest.class,
      responseType = turnpike.v1.GetCapabilitiesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.GetCapabilitiesRequest,
      turnpike.v1.GetCapabilitiesResponse> getGetCapabilitiesMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.GetCapabilitiesRequest, turnpike.v1.GetCapabilitiesResponse> getGetCapabilitiesMethod;
    if ((getGetCapabilitiesMethod = AccountServiceGrpc.getGetCapabilitiesMethod) == null) {
      synchronized (AccountServiceGrpc.class) {
        if ((getGetCapabilitiesMethod = AccountServiceGrpc.getGetCapabilitiesMethod) == null) {
          AccountServiceGrpc.getGetCapabilitiesMethod = getGetCapabilitiesMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.GetCapabilitiesRequest, turnpike.v1.GetCapabilitiesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetCapabilities"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.GetCapabilitiesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.GetCapabilitiesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AccountServiceMethodDescriptorSupplier("GetCapabilities"))
              .build();
        }
      }
    }
    return getGetCapabilitiesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ExplainRequestRequest,
      turnpike.v1.ExplainRequestResponse> getExplainRequestMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ExplainRequest",
      requestType = turnpike.v1.ExplainRequestRequest.class,
      responseType = turnpike.v1.ExplainRequestResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ExplainRequestRequest,
      turnpike.v1.ExplainRequestResponse> getExplainRequestMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ExplainRequestRequest, turnpike.v1.ExplainRequestResponse> getExplainRequestMethod;
    if ((getExplainRequestMethod = AccountServiceGrpc.getExplainRequestMethod) == null) {
      synchronized (AccountServiceGrpc.class) {
        if ((getExplainRequestMethod = AccountServiceGrpc.getExplainRequestMethod) == null) {
          AccountServiceGrpc.getExplainRequestMethod = getExplainRequestMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ExplainRequestRequest, turnpike.v1.ExplainRequestResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ExplainRequest"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ExplainRequestRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ExplainRequestResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AccountServiceMethodDescriptorSupplier("ExplainRequest"))
              .build();
        }
      }
    }
    return getExplainRequestMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static AccountServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AccountServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AccountServiceStub>() {
        @java.lang.Override
        public AccountServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AccountServiceStub(channel, callOptions);
        }
      };
    return AccountServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static AccountServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AccountServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AccountServiceBlockingV2Stub>() {
        @java.lang.Override
        public AccountServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AccountServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return AccountServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static AccountServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AccountServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AccountServiceBlockingStub>() {
        @java.lang.Override
        public AccountServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AccountServiceBlockingStub(channel, callOptions);
        }
      };
    return AccountServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static AccountServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AccountServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AccountServiceFutureStub>() {
        @java.lang.Override
        public AccountServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AccountServiceFutureStub(channel, callOptions);
        }
      };
    return AccountServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Tells what the caller's accounts are and can do.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Lists the accounts of the caller's merchant by name. Credentials are never part of it.
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    default void listAccounts(turnpike.v1.ListAccountsRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListAccountsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListAccountsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Tells for each account and operation whether it is supported, what it requires and its limits.
     * It is printed from the same facts by which requests are refused, so it cannot differ from them.
     * Errors: INVALID_FIELD, ACCOUNT_NOT_FOUND.
     * </pre>
     */
    default void getCapabilities(turnpike.v1.GetCapabilitiesRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.GetCapabilitiesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetCapabilitiesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Shows the REST calls that a request would make, with secrets redacted. Nothing is sent, nothing
     * is recorded, and the request id is not used up. Calls that depend on an earlier answer are
     * shown with a placeholder in its stead.
     * Errors: all that the request itself would be refused with before anything is sent, such as
     * INVALID_FIELD, UNSUPPORTED_BY_PROVIDER and STATE_FORBIDS.
     * </pre>
     */
    default void explainRequest(turnpike.v1.ExplainRequestRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ExplainRequestResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getExplainRequestMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service AccountService.
   * <pre>
   * Tells what the caller's accounts are and can do.
   * </pre>
   */
  public static abstract class AccountServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return AccountServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service AccountService.
   * <pre>
   * Tells what the caller's accounts are and can do.
   * </pre>
   */
  public static final class AccountServiceStub
      extends io.grpc.stub.AbstractAsyncStub<AccountServiceStub> {
    private AccountServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AccountServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AccountServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the accounts of the caller's merchant by name. Credentials are never part of it.
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    public void listAccounts(turnpike.v1.ListAccountsRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListAccountsResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getListAccountsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Tells for each account and operation whether it is supported, what it requires and its limits.
     * It is printed from the same facts by which requests are refused, so it cannot differ from them.
     * Errors: INVALID_FIELD, ACCOUNT_NOT_FOUND.
     * </pre>
     */
    public void getCapabilities(turnpike.v1.GetCapabilitiesRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.GetCapabilitiesResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getGetCapabilitiesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Shows the REST calls that a request would make, with secrets redacted. Nothing is sent, nothing
     * is recorded, and the request id is not used up. Calls that depend on an earlier answer are
     * shown with a placeholder in its stead.
     * Errors: all that the request itself would be refused with before anything is sent, such as
     * INVALID_FIELD, UNSUPPORTED_BY_PROVIDER and STATE_FORBIDS.
     * </pre>
     */
    public void explainRequest(turnpike.v1.ExplainRequestRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ExplainRequestResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getExplainRequestMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service AccountService.
   * <pre>
   * Tells what the caller's accounts are and can do.
   * </pre>
   */
  public static final class AccountServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<AccountServiceBlockingV2Stub> {
    private AccountServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AccountServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AccountServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the accounts of the caller's merchant by name. Credentials are never part of it.
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    public turnpike.v1.ListAccountsResponse listAccounts(turnpike.v1.ListAccountsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListAccountsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tells for each account and operation whether it is supported, what it requires and its limits.
     * It is printed from the same facts by which requests are refused, so it cannot differ from them.
     * Errors: INVALID_FIELD, ACCOUNT_NOT_FOUND.
     * </pre>
     */
    public turnpike.v1.GetCapabilitiesResponse getCapabilities(turnpike.v1.GetCapabilitiesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetCapabilitiesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Shows the REST calls that a request would make, with secrets redacted. Nothing is sent, nothing
     * is recorded, and the request id is not used up. Calls that depend on an earlier answer are
     * shown with a placeholder in its stead.
     * Errors: all that the request itself would be refused with before anything is sent, such as
     * INVALID_FIELD, UNSUPPORTED_BY_PROVIDER and STATE_FORBIDS.
     * </pre>
     */
    public turnpike.v1.ExplainRequestResponse explainRequest(turnpike.v1.ExplainRequestRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getExplainRequestMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service AccountService.
   * <pre>
   * Tells what the caller's accounts are and can do.
   * </pre>
   */
  public static final class AccountServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<AccountServiceBlockingStub> {
    private AccountServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AccountServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AccountServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the accounts of the caller's merchant by name. Credentials are never part of it.
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    public turnpike.v1.ListAccountsResponse listAccounts(turnpike.v1.ListAccountsRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getListAccountsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tells for each account and operation whether it is supported, what it requires and its limits.
     * It is printed from the same facts by which requests are refused, so it cannot differ from them.
     * Errors: INVALID_FIELD, ACCOUNT_NOT_FOUND.
     * </pre>
     */
    public turnpike.v1.GetCapabilitiesResponse getCapabilities(turnpike.v1.GetCapabilitiesRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getGetCapabilitiesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Shows the REST calls that a request would make, with secrets redacted. Nothing is sent, nothing
     * is recorded, and the request id is not used up. Calls that depend on an earlier answer are
     * shown with a placeholder in its stead.
     * Errors: all that the request itself would be refused with before anything is sent, such as
     * INVALID_FIELD, UNSUPPORTED_BY_PROVIDER and STATE_FORBIDS.
     * </pre>
     */
    public turnpike.v1.ExplainRequestResponse explainRequest(turnpike.v1.ExplainRequestRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getExplainRequestMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service AccountService.
   * <pre>
   * Tells what the caller's accounts are and can do.
   * </pre>
   */
  public static final class AccountServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<AccountServiceFutureStub> {
    private AccountServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AccountServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AccountServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the accounts of the caller's merchant by name. Credentials are never part of it.
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ListAccountsResponse> listAccounts(
        turnpike.v1.ListAccountsRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getListAccountsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Tells for each account and operation whether it is supported, what it requires and its limits.
     * It is printed from the same facts by which requests are refused, so it cannot differ from them.
     * Errors: INVALID_FIELD, ACCOUNT_NOT_FOUND.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.GetCapabilitiesResponse> getCapabilities(
        turnpike.v1.GetCapabilitiesRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getGetCapabilitiesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Shows the REST calls that a request would make, with secrets redacted. Nothing is sent, nothing
     * is recorded, and the request id is not used up. Calls that depend on an earlier answer are
     * shown with a placeholder in its stead.
     * Errors: all that the request itself would be refused with before anything is sent, such as
     * INVALID_FIELD, UNSUPPORTED_BY_PROVIDER and STATE_FORBIDS.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ExplainRequestResponse> explainRequest(
        turnpike.v1.ExplainRequestRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getExplainRequestMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_ACCOUNTS = 0;
  private static final int METHODID_GET_CAPABILITIES = 1;
  private static final int METHODID_EXPLAIN_REQUEST = 2;

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
        case METHODID_LIST_ACCOUNTS:
          serviceImpl.listAccounts((turnpike.v1.ListAccountsRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ListAccountsResponse>) responseObserver);
          break;
        case METHODID_GET_CAPABILITIES:
          serviceImpl.getCapabilities((turnpike.v1.GetCapabilitiesRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.GetCapabilitiesResponse>) responseObserver);
          break;
        case METHODID_EXPLAIN_REQUEST:
          serviceImpl.explainRequest((turnpike.v1.ExplainRequestRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ExplainRequestResponse>) responseObserver);
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
          getListAccountsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ListAccountsRequest,
              turnpike.v1.ListAccountsResponse>(
                service, METHODID_LIST_ACCOUNTS)))
        .addMethod(
          getGetCapabilitiesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.GetCapabilitiesRequest,
              turnpike.v1.GetCapabilitiesResponse>(
                service, METHODID_GET_CAPABILITIES)))
        .addMethod(
          getExplainRequestMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ExplainRequestRequest,
              turnpike.v1.ExplainRequestResponse>(
                service, METHODID_EXPLAIN_REQUEST)))
        .build();
  }

  private static abstract class AccountServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    AccountServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return turnpike.v1.AccountServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("AccountService");
    }
  }

  private static final class AccountServiceFileDescriptorSupplier
      extends AccountServiceBaseDescriptorSupplier {
    AccountServiceFileDescriptorSupplier() {}
  }

  private static final class AccountServiceMethodDescriptorSupplier
      extends AccountServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    AccountServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (AccountServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new AccountServiceFileDescriptorSupplier())
              .addMethod(getListAccountsMethod())
              .addMethod(getGetCapabilitiesMethod())
              .addMethod(getExplainRequestMethod())
              .build();
        }
      }
    }
    return result;
  }
}
