package turnpike.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Plays with the simulated providers and with the time. It is served in development mode only; elsewhere every RPC
 * answers UNIMPLEMENTED, and reflection does not know it.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class SandboxServiceGrpc {

  private SandboxServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "turnpike.v1.SandboxService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ArrangeScenarioRequest,
      turnpike.v1.ArrangeScenarioResponse> getArrangeScenarioMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ArrangeScenario",
      requestType = turnpike.v1.ArrangeScenarioRequest.class,
      responseType = turnpike.v1.ArrangeScenarioResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ArrangeScenarioRequest,
      turnpike.v1.ArrangeScenarioResponse> getArrangeScenarioMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ArrangeScenarioRequest, turnpike.v1.ArrangeScenarioResponse> getArrangeScenarioMethod;
    if ((getArrangeScenarioMethod = SandboxServiceGrpc.getArrangeScenarioMethod) == null) {
      synchronized (SandboxServiceGrpc.class) {
        if ((getArrangeScenarioMethod = SandboxServiceGrpc.getArrangeScenarioMethod) == null) {
          SandboxServiceGrpc.getArrangeScenarioMethod = getArrangeScenarioMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ArrangeScenarioRequest, turnpike.v1.ArrangeScenarioResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ArrangeScenario"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ArrangeScenarioRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ArrangeScenarioResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SandboxServiceMethodDescriptorSupplier("ArrangeScenario"))
              .build();
        }
      }
    }
    return getArrangeScenarioMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ListExchangesRequest,
      turnpike.v1.ListExchangesResponse> getListExchangesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListExchanges",
      requestType = turnpike.v1.ListExchangesRequest.class,
      responseType = turnpike.v1.ListExchangesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ListExchangesRequest,
      turnpike.v1.ListExchangesResponse> getListExchangesMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ListExchangesRequest, turnpike.v1.ListExchangesResponse> getListExchangesMethod;
    if ((getListExchangesMethod = SandboxServiceGrpc.getListExchangesMethod) == null) {
      synchronized (SandboxServiceGrpc.class) {
        if ((getListExchangesMethod = SandboxServiceGrpc.getListExchangesMethod) == null) {
          SandboxServiceGrpc.getListExchangesMethod = getListExchangesMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ListExchangesRequest, turnpike.v1.ListExchangesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListExchanges"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListExchangesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListExchangesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SandboxServiceMethodDescriptorSupplier("ListExchanges"))
              .build();
        }
      }
    }
    return getListExchangesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.AdvanceClockRequest,
      turnpike.v1.AdvanceClockResponse> getAdvanceClockMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AdvanceClock",
      requestType = turnpike.v1.AdvanceClockRequest.class,
      responseType = turnpike.v1.AdvanceClockResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.AdvanceClockRequest,
      turnpike.v1.AdvanceClockResponse> getAdvanceClockMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.AdvanceClockRequest, turnpike.v1.AdvanceClockResponse> getAdvanceClockMethod;
    if ((getAdvanceClockMethod = SandboxServiceGrpc.getAdvanceClockMethod) == null) {
      synchronized (SandboxServiceGrpc.class) {
        if ((getAdvanceClockMethod = SandboxServiceGrpc.getAdvanceClockMethod) == null) {
          SandboxServiceGrpc.getAdvanceClockMethod = getAdvanceClockMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.AdvanceClockRequest, turnpike.v1.AdvanceClockResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AdvanceClock"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.AdvanceClockRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.AdvanceClockResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SandboxServiceMethodDescriptorSupplier("AdvanceClock"))
              .build();
        }
      }
    }
    return getAdvanceClockMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.GetClockRequest,
      turnpike.v1.GetClockResponse> getGetClockMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetClock",
      requestType = turnpike.v1.GetClockRequest.class,
      responseType = turnpike.v1.GetClockResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.GetClockRequest,
      turnpike.v1.GetClockResponse> getGetClockMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.GetClockRequest, turnpike.v1.GetClockResponse> getGetClockMethod;
    if ((getGetClockMethod = SandboxServiceGrpc.getGetClockMethod) == null) {
      synchronized (SandboxServiceGrpc.class) {
        if ((getGetClockMethod = SandboxServiceGrpc.getGetClockMethod) == null) {
          SandboxServiceGrpc.getGetClockMethod = getGetClockMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.GetClockRequest, turnpike.v1.GetClockResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetClock"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.GetClockRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.GetClockResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SandboxServiceMethodDescriptorSupplier("GetClock"))
              .build();
        }
      }
    }
    return getGetClockMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static SandboxServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SandboxServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SandboxServiceStub>() {
        @java.lang.Override
        public SandboxServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SandboxServiceStub(channel, callOptions);
        }
      };
    return SandboxServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static SandboxServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SandboxServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SandboxServiceBlockingV2Stub>() {
        @java.lang.Override
        public SandboxServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SandboxServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return SandboxServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static SandboxServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SandboxServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SandboxServiceBlockingStub>() {
        @java.lang.Override
        public SandboxServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SandboxServiceBlockingStub(channel, callOptions);
        }
      };
    return SandboxServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static SandboxServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SandboxServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SandboxServiceFutureStub>() {
        @java.lang.Override
        public SandboxServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SandboxServiceFutureStub(channel, callOptions);
        }
      };
    return SandboxServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Plays with the simulated providers and with the time. It is served in development mode only; elsewhere every RPC
   * answers UNIMPLEMENTED, and reflection does not know it.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Makes a simulated provider misbehave, acts as the customer on a provider's page, or puts
     * everything back in order.
     * Promises: a fault is in force when the call answers. A customer has acted, and the simulated
     * provider has done what follows, when the call answers; webhooks may come later, as in life.
     * Errors: INVALID_FIELD, ACCOUNT_NOT_FOUND, SESSION_NOT_FOUND, SANDBOX_PLACE_NOT_FOUND,
     * STATE_FORBIDS, SANDBOX_DISABLED.
     * Repeat: acts again; there is no request id. It is therefore not declared idempotent.
     * </pre>
     */
    default void arrangeScenario(turnpike.v1.ArrangeScenarioRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ArrangeScenarioResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getArrangeScenarioMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the exchanges between the gateway and the simulated providers, oldest first, as the
     * providers saw them, with secrets redacted.
     * Errors: INVALID_FIELD, SANDBOX_DISABLED.
     * </pre>
     */
    default void listExchanges(turnpike.v1.ListExchangesRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListExchangesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListExchangesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Moves the clock of the caller's merchant forward: the time of its sessions, payments and tokens,
     * and of the simulated providers behind its accounts. It never goes back, and goes on by itself
     * from where it was moved to. The clocks of other merchants stay as they are, so tests that use a
     * merchant each run side by side.
     * Promises: time does not jump over what falls due. The clock stops where something is due, lets
     * it happen to its end, and goes on; when the call answers, all that was due until then has
     * happened. For what became of unsettled payments it stops up to 100 times when that is due, and
     * then up to 200 times evenly over the rest of its way, so that a year takes seconds. Rates of
     * callers, deadlines of calls and the delays of faults go by real time.
     * Errors: INVALID_FIELD for a time before the clock's or too far ahead of it. STATE_FORBIDS while
     * another call moves the same clock, and when something that is due does not end within a minute
     * of real time, or the whole way within ten: the message says what, and the clock stays where it
     * came to. SANDBOX_DISABLED where the merchant has no clock of its own.
     * Repeat: `by` moves the clock once more; there is no request id. After a lost answer GetClock
     * tells where it is. A caller that hangs up leaves it at the stop that it came to.
     * </pre>
     */
    default void advanceClock(turnpike.v1.AdvanceClockRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.AdvanceClockResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAdvanceClockMethod(), responseObserver);
    }

    /**
     * <pre>
     * Tells where the clock of the caller's merchant is.
     * Errors: SANDBOX_DISABLED.
     * </pre>
     */
    default void getClock(turnpike.v1.GetClockRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.GetClockResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetClockMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service SandboxService.
   * <pre>
   * Plays with the simulated providers and with the time. It is served in development mode only; elsewhere every RPC
   * answers UNIMPLEMENTED, and reflection does not know it.
   * </pre>
   */
  public static abstract class SandboxServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return SandboxServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service SandboxService.
   * <pre>
   * Plays with the simulated providers and with the time. It is served in development mode only; elsewhere every RPC
   * answers UNIMPLEMENTED, and reflection does not know it.
   * </pre>
   */
  public static final class SandboxServiceStub
      extends io.grpc.stub.AbstractAsyncStub<SandboxServiceStub> {
    private SandboxServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SandboxServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SandboxServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Makes a simulated provider misbehave, acts as the customer on a provider's page, or puts
     * everything back in order.
     * Promises: a fault is in force when the call answers. A customer has acted, and the simulated
     * provider has done what follows, when the call answers; webhooks may come later, as in life.
     * Errors: INVALID_FIELD, ACCOUNT_NOT_FOUND, SESSION_NOT_FOUND, SANDBOX_PLACE_NOT_FOUND,
     * STATE_FORBIDS, SANDBOX_DISABLED.
     * Repeat: acts again; there is no request id. It is therefore not declared idempotent.
     * </pre>
     */
    public void arrangeScenario(turnpike.v1.ArrangeScenarioRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ArrangeScenarioResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getArrangeScenarioMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the exchanges between the gateway and the simulated providers, oldest first, as the
     * providers saw them, with secrets redacted.
     * Errors: INVALID_FIELD, SANDBOX_DISABLED.
     * </pre>
     */
    public void listExchanges(turnpike.v1.ListExchangesRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListExchangesResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getListExchangesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Moves the clock of the caller's merchant forward: the time of its sessions, payments and tokens,
     * and of the simulated providers behind its accounts. It never goes back, and goes on by itself
     * from where it was moved to. The clocks of other merchants stay as they are, so tests that use a
     * merchant each run side by side.
     * Promises: time does not jump over what falls due. The clock stops where something is due, lets
     * it happen to its end, and goes on; when the call answers, all that was due until then has
     * happened. For what became of unsettled payments it stops up to 100 times when that is due, and
     * then up to 200 times evenly over the rest of its way, so that a year takes seconds. Rates of
     * callers, deadlines of calls and the delays of faults go by real time.
     * Errors: INVALID_FIELD for a time before the clock's or too far ahead of it. STATE_FORBIDS while
     * another call moves the same clock, and when something that is due does not end within a minute
     * of real time, or the whole way within ten: the message says what, and the clock stays where it
     * came to. SANDBOX_DISABLED where the merchant has no clock of its own.
     * Repeat: `by` moves the clock once more; there is no request id. After a lost answer GetClock
     * tells where it is. A caller that hangs up leaves it at the stop that it came to.
     * </pre>
     */
    public void advanceClock(turnpike.v1.AdvanceClockRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.AdvanceClockResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getAdvanceClockMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Tells where the clock of the caller's merchant is.
     * Errors: SANDBOX_DISABLED.
     * </pre>
     */
    public void getClock(turnpike.v1.GetClockRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.GetClockResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getGetClockMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service SandboxService.
   * <pre>
   * Plays with the simulated providers and with the time. It is served in development mode only; elsewhere every RPC
   * answers UNIMPLEMENTED, and reflection does not know it.
   * </pre>
   */
  public static final class SandboxServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<SandboxServiceBlockingV2Stub> {
    private SandboxServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SandboxServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SandboxServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Makes a simulated provider misbehave, acts as the customer on a provider's page, or puts
     * everything back in order.
     * Promises: a fault is in force when the call answers. A customer has acted, and the simulated
     * provider has done what follows, when the call answers; webhooks may come later, as in life.
     * Errors: INVALID_FIELD, ACCOUNT_NOT_FOUND, SESSION_NOT_FOUND, SANDBOX_PLACE_NOT_FOUND,
     * STATE_FORBIDS, SANDBOX_DISABLED.
     * Repeat: acts again; there is no request id. It is therefore not declared idempotent.
     * </pre>
     */
    public turnpike.v1.ArrangeScenarioResponse arrangeScenario(turnpike.v1.ArrangeScenarioRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getArrangeScenarioMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the exchanges between the gateway and the simulated providers, oldest first, as the
     * providers saw them, with secrets redacted.
     * Errors: INVALID_FIELD, SANDBOX_DISABLED.
     * </pre>
     */
    public turnpike.v1.ListExchangesResponse listExchanges(turnpike.v1.ListExchangesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListExchangesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Moves the clock of the caller's merchant forward: the time of its sessions, payments and tokens,
     * and of the simulated providers behind its accounts. It never goes back, and goes on by itself
     * from where it was moved to. The clocks of other merchants stay as they are, so tests that use a
     * merchant each run side by side.
     * Promises: time does not jump over what falls due. The clock stops where something is due, lets
     * it happen to its end, and goes on; when the call answers, all that was due until then has
     * happened. For what became of unsettled payments it stops up to 100 times when that is due, and
     * then up to 200 times evenly over the rest of its way, so that a year takes seconds. Rates of
     * callers, deadlines of calls and the delays of faults go by real time.
     * Errors: INVALID_FIELD for a time before the clock's or too far ahead of it. STATE_FORBIDS while
     * another call moves the same clock, and when something that is due does not end within a minute
     * of real time, or the whole way within ten: the message says what, and the clock stays where it
     * came to. SANDBOX_DISABLED where the merchant has no clock of its own.
     * Repeat: `by` moves the clock once more; there is no request id. After a lost answer GetClock
     * tells where it is. A caller that hangs up leaves it at the stop that it came to.
     * </pre>
     */
    public turnpike.v1.AdvanceClockResponse advanceClock(turnpike.v1.AdvanceClockRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAdvanceClockMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tells where the clock of the caller's merchant is.
     * Errors: SANDBOX_DISABLED.
     * </pre>
     */
    public turnpike.v1.GetClockResponse getClock(turnpike.v1.GetClockRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetClockMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service SandboxService.
   * <pre>
   * Plays with the simulated providers and with the time. It is served in development mode only; elsewhere every RPC
   * answers UNIMPLEMENTED, and reflection does not know it.
   * </pre>
   */
  public static final class SandboxServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<SandboxServiceBlockingStub> {
    private SandboxServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SandboxServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SandboxServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Makes a simulated provider misbehave, acts as the customer on a provider's page, or puts
     * everything back in order.
     * Promises: a fault is in force when the call answers. A customer has acted, and the simulated
     * provider has done what follows, when the call answers; webhooks may come later, as in life.
     * Errors: INVALID_FIELD, ACCOUNT_NOT_FOUND, SESSION_NOT_FOUND, SANDBOX_PLACE_NOT_FOUND,
     * STATE_FORBIDS, SANDBOX_DISABLED.
     * Repeat: acts again; there is no request id. It is therefore not declared idempotent.
     * </pre>
     */
    public turnpike.v1.ArrangeScenarioResponse arrangeScenario(turnpike.v1.ArrangeScenarioRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getArrangeScenarioMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the exchanges between the gateway and the simulated providers, oldest first, as the
     * providers saw them, with secrets redacted.
     * Errors: INVALID_FIELD, SANDBOX_DISABLED.
     * </pre>
     */
    public turnpike.v1.ListExchangesResponse listExchanges(turnpike.v1.ListExchangesRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getListExchangesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Moves the clock of the caller's merchant forward: the time of its sessions, payments and tokens,
     * and of the simulated providers behind its accounts. It never goes back, and goes on by itself
     * from where it was moved to. The clocks of other merchants stay as they are, so tests that use a
     * merchant each run side by side.
     * Promises: time does not jump over what falls due. The clock stops where something is due, lets
     * it happen to its end, and goes on; when the call answers, all that was due until then has
     * happened. For what became of unsettled payments it stops up to 100 times when that is due, and
     * then up to 200 times evenly over the rest of its way, so that a year takes seconds. Rates of
     * callers, deadlines of calls and the delays of faults go by real time.
     * Errors: INVALID_FIELD for a time before the clock's or too far ahead of it. STATE_FORBIDS while
     * another call moves the same clock, and when something that is due does not end within a minute
     * of real time, or the whole way within ten: the message says what, and the clock stays where it
     * came to. SANDBOX_DISABLED where the merchant has no clock of its own.
     * Repeat: `by` moves the clock once more; there is no request id. After a lost answer GetClock
     * tells where it is. A caller that hangs up leaves it at the stop that it came to.
     * </pre>
     */
    public turnpike.v1.AdvanceClockResponse advanceClock(turnpike.v1.AdvanceClockRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getAdvanceClockMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tells where the clock of the caller's merchant is.
     * Errors: SANDBOX_DISABLED.
     * </pre>
     */
    public turnpike.v1.GetClockResponse getClock(turnpike.v1.GetClockRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getGetClockMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service SandboxService.
   * <pre>
   * Plays with the simulated providers and with the time. It is served in development mode only; elsewhere every RPC
   * answers UNIMPLEMENTED, and reflection does not know it.
   * </pre>
   */
  public static final class SandboxServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<SandboxServiceFutureStub> {
    private SandboxServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SandboxServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SandboxServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Makes a simulated provider misbehave, acts as the customer on a provider's page, or puts
     * everything back in order.
     * Promises: a fault is in force when the call answers. A customer has acted, and the simulated
     * provider has done what follows, when the call answers; webhooks may come later, as in life.
     * Errors: INVALID_FIELD, ACCOUNT_NOT_FOUND, SESSION_NOT_FOUND, SANDBOX_PLACE_NOT_FOUND,
     * STATE_FORBIDS, SANDBOX_DISABLED.
     * Repeat: acts again; there is no request id. It is therefore not declared idempotent.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ArrangeScenarioResponse> arrangeScenario(
        turnpike.v1.ArrangeScenarioRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getArrangeScenarioMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the exchanges between the gateway and the simulated providers, oldest first, as the
     * providers saw them, with secrets redacted.
     * Errors: INVALID_FIELD, SANDBOX_DISABLED.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ListExchangesResponse> listExchanges(
        turnpike.v1.ListExchangesRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getListExchangesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Moves the clock of the caller's merchant forward: the time of its sessions, payments and tokens,
     * and of the simulated providers behind its accounts. It never goes back, and goes on by itself
     * from where it was moved to. The clocks of other merchants stay as they are, so tests that use a
     * merchant each run side by side.
     * Promises: time does not jump over what falls due. The clock stops where something is due, lets
     * it happen to its end, and goes on; when the call answers, all that was due until then has
     * happened. For what became of unsettled payments it stops up to 100 times when that is due, and
     * then up to 200 times evenly over the rest of its way, so that a year takes seconds. Rates of
     * callers, deadlines of calls and the delays of faults go by real time.
     * Errors: INVALID_FIELD for a time before the clock's or too far ahead of it. STATE_FORBIDS while
     * another call moves the same clock, and when something that is due does not end within a minute
     * of real time, or the whole way within ten: the message says what, and the clock stays where it
     * came to. SANDBOX_DISABLED where the merchant has no clock of its own.
     * Repeat: `by` moves the clock once more; there is no request id. After a lost answer GetClock
     * tells where it is. A caller that hangs up leaves it at the stop that it came to.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.AdvanceClockResponse> advanceClock(
        turnpike.v1.AdvanceClockRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getAdvanceClockMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Tells where the clock of the caller's merchant is.
     * Errors: SANDBOX_DISABLED.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.GetClockResponse> getClock(
        turnpike.v1.GetClockRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getGetClockMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_ARRANGE_SCENARIO = 0;
  private static final int METHODID_LIST_EXCHANGES = 1;
  private static final int METHODID_ADVANCE_CLOCK = 2;
  private static final int METHODID_GET_CLOCK = 3;

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
        case METHODID_ARRANGE_SCENARIO:
          serviceImpl.arrangeScenario((turnpike.v1.ArrangeScenarioRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ArrangeScenarioResponse>) responseObserver);
          break;
        case METHODID_LIST_EXCHANGES:
          serviceImpl.listExchanges((turnpike.v1.ListExchangesRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ListExchangesResponse>) responseObserver);
          break;
        case METHODID_ADVANCE_CLOCK:
          serviceImpl.advanceClock((turnpike.v1.AdvanceClockRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.AdvanceClockResponse>) responseObserver);
          break;
        case METHODID_GET_CLOCK:
          serviceImpl.getClock((turnpike.v1.GetClockRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.GetClockResponse>) responseObserver);
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
          getArrangeScenarioMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ArrangeScenarioRequest,
              turnpike.v1.ArrangeScenarioResponse>(
                service, METHODID_ARRANGE_SCENARIO)))
        .addMethod(
          getListExchangesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ListExchangesRequest,
              turnpike.v1.ListExchangesResponse>(
                service, METHODID_LIST_EXCHANGES)))
        .addMethod(
          getAdvanceClockMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.AdvanceClockRequest,
              turnpike.v1.AdvanceClockResponse>(
                service, METHODID_ADVANCE_CLOCK)))
        .addMethod(
          getGetClockMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.GetClockRequest,
              turnpike.v1.GetClockResponse>(
                service, METHODID_GET_CLOCK)))
        .build();
  }

  private static abstract class SandboxServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    SandboxServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return turnpike.v1.SandboxServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("SandboxService");
    }
  }

  private static final class SandboxServiceFileDescriptorSupplier
      extends SandboxServiceBaseDescriptorSupplier {
    SandboxServiceFileDescriptorSupplier() {}
  }

  private static final class SandboxServiceMethodDescriptorSupplier
      extends SandboxServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    SandboxServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (SandboxServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new SandboxServiceFileDescriptorSupplier())
              .addMethod(getArrangeScenarioMethod())
              .addMethod(getListExchangesMethod())
              .addMethod(getAdvanceClockMethod())
              .addMethod(getGetClockMethod())
              .build();
        }
      }
    }
    return result;
  }
}
