package turnpike.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Tells what became true, in one order for each merchant.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class EventServiceGrpc {

  private EventServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "turnpike.v1.EventService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ListEventsRequest,
      turnpike.v1.ListEventsResponse> getListEventsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListEvents",
      requestType = turnpike.v1.ListEventsRequest.class,
      responseType = turnpike.v1.ListEventsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ListEventsRequest,
      turnpike.v1.ListEventsResponse> getListEventsMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ListEventsRequest, turnpike.v1.ListEventsResponse> getListEventsMethod;
    if ((getListEventsMethod = EventServiceGrpc.getListEventsMethod) == null) {
      synchronized (EventServiceGrpc.class) {
        if ((getListEventsMethod = EventServiceGrpc.getListEventsMethod) == null) {
          EventServiceGrpc.getListEventsMethod = getListEventsMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ListEventsRequest, turnpike.v1.ListEventsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListEvents"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListEventsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListEventsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new EventServiceMethodDescriptorSupplier("ListEvents"))
              .build();
        }
      }
    }
    return getListEventsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.StreamEventsRequest,
      turnpike.v1.StreamEventsResponse> getStreamEventsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "StreamEvents",
      requestType = turnpike.v1.StreamEventsRequest.class,
      responseType = turnpike.v1.StreamEventsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<turnpike.v1.StreamEventsRequest,
      turnpike.v1.StreamEventsResponse> getStreamEventsMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.StreamEventsRequest, turnpike.v1.StreamEventsResponse> getStreamEventsMethod;
    if ((getStreamEventsMethod = EventServiceGrpc.getStreamEventsMethod) == null) {
      synchronized (EventServiceGrpc.class) {
        if ((getStreamEventsMethod = EventServiceGrpc.getStreamEventsMethod) == null) {
          EventServiceGrpc.getStreamEventsMethod = getStreamEventsMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.StreamEventsRequest, turnpike.v1.StreamEventsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "StreamEvents"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.StreamEventsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.StreamEventsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new EventServiceMethodDescriptorSupplier("StreamEvents"))
              .build();
        }
      }
    }
    return getStreamEventsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.RedeliverEventRequest,
      turnpike.v1.RedeliverEventResponse> getRedeliverEventMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RedeliverEvent",
      requestType = turnpike.v1.RedeliverEventRequest.class,
      responseType = turnpike.v1.RedeliverEventResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.RedeliverEventRequest,
      turnpike.v1.RedeliverEventResponse> getRedeliverEventMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.RedeliverEventRequest, turnpike.v1.RedeliverEventResponse> getRedeliverEventMethod;
    if ((getRedeliverEventMethod = EventServiceGrpc.getRedeliverEventMethod) == null) {
      synchronized (EventServiceGrpc.class) {
        if ((getRedeliverEventMethod = EventServiceGrpc.getRedeliverEventMethod) == null) {
          EventServiceGrpc.getRedeliverEventMethod = getRedeliverEventMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.RedeliverEventRequest, turnpike.v1.RedeliverEventResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RedeliverEvent"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.RedeliverEventRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.RedeliverEventResponse.getDefaultInstance()))
              .setSchemaDescriptor(new EventServiceMethodDescriptorSupplier("RedeliverEvent"))
              .build();
        }
      }
    }
    return getRedeliverEventMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ListWebhookDeliveriesRequest,
      turnpike.v1.ListWebhookDeliveriesResponse> getListWebhookDeliveriesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListWebhookDeliveries",
      requestType = turnpike.v1.ListWebhookDeliveriesRequest.class,
      responseType = turnpike.v1.ListWebhookDeliveriesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ListWebhookDeliveriesRequest,
      turnpike.v1.ListWebhookDeliveriesResponse> getListWebhookDeliveriesMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ListWebhookDeliveriesRequest, turnpike.v1.ListWebhookDeliveriesResponse> getListWebhookDeliveriesMethod;
    if ((getListWebhookDeliveriesMethod = EventServiceGrpc.getListWebhookDeliveriesMethod) == null) {
      synchronized (EventServiceGrpc.class) {
        if ((getListWebhookDeliveriesMethod = EventServiceGrpc.getListWebhookDeliveriesMethod) == null) {
          EventServiceGrpc.getListWebhookDeliveriesMethod = getListWebhookDeliveriesMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ListWebhookDeliveriesRequest, turnpike.v1.ListWebhookDeliveriesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListWebhookDeliveries"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListWebhookDeliveriesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListWebhookDeliveriesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new EventServiceMethodDescriptorSupplier("ListWebhookDeliveries"))
              .build();
        }
      }
    }
    return getListWebhookDeliveriesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ListWebhookEndpointsRequest,
      turnpike.v1.ListWebhookEndpointsResponse> getListWebhookEndpointsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListWebhookEndpoints",
      requestType = turnpike.v1.ListWebhookEndpointsRequest.class,
      responseType = turnpike.v1.ListWebhookEndpointsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ListWebhookEndpointsRequest,
      turnpike.v1.ListWebhookEndpointsResponse> getListWebhookEndpointsMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ListWebhookEndpointsRequest, turnpike.v1.ListWebhookEndpointsResponse> getListWebhookEndpointsMethod;
    if ((getListWebhookEndpointsMethod = EventServiceGrpc.getListWebhookEndpointsMethod) == null) {
      synchronized (EventServiceGrpc.class) {
        if ((getListWebhookEndpointsMethod = EventServiceGrpc.getListWebhookEndpointsMethod) == null) {
          EventServiceGrpc.getListWebhookEndpointsMethod = getListWebhookEndpointsMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ListWebhookEndpointsRequest, turnpike.v1.ListWebhookEndpointsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListWebhookEndpoints"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListWebhookEndpointsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListWebhookEndpointsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new EventServiceMethodDescriptorSupplier("ListWebhookEndpoints"))
              .build();
        }
      }
    }
    return getListWebhookEndpointsMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static EventServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<EventServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<EventServiceStub>() {
        @java.lang.Override
        public EventServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new EventServiceStub(channel, callOptions);
        }
      };
    return EventServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static EventServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<EventServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<EventServiceBlockingV2Stub>() {
        @java.lang.Override
        public EventServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new EventServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return EventServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static EventServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<EventServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<EventServiceBlockingStub>() {
        @java.lang.Override
        public EventServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new EventServiceBlockingStub(channel, callOptions);
        }
      };
    return EventServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static EventServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<EventServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<EventServiceFutureStub>() {
        @java.lang.Override
        public EventServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new EventServiceFutureStub(channel, callOptions);
        }
      };
    return EventServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Tells what became true, in one order for each merchant.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Lists events, oldest first, after a place in the log.
     * Promises: an event is in the log if and only if what it tells became true, whatever broke. Reading
     * on from the last cursor misses none and repeats none.
     * Errors: INVALID_FIELD, also for a cursor that is not ours and a type that no event has.
     * </pre>
     */
    default void listEvents(turnpike.v1.ListEventsRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListEventsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListEventsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Follows the log: everything after a place in it, and then what happens, as it happens. The stream has
     * no end of its own.
     * Promises: as ListEvents. Whoever loses the stream, for whichever reason, goes on from the last cursor
     * that it has taken in, and misses nothing. A reader that is slow is waited for; it costs nobody
     * else anything.
     * Errors: INVALID_FIELD as in ListEvents; OVERLOADED when as many streams run as may;
     * DRAINING when the gateway goes down, and then another one goes on.
     * </pre>
     */
    default void streamEvents(turnpike.v1.StreamEventsRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.StreamEventsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getStreamEventsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Has an event sent again to the merchant's own servers, now, whether or not it was taken before.
     * Promises: it is sent with the same id and the same body, at least once, and is tried for three days as a
     * new one is. A parked endpoint is tried at once.
     * Errors: INVALID_FIELD, EVENT_NOT_FOUND, WEBHOOK_ENDPOINT_NOT_FOUND, OVERLOADED (10,000 deliveries
     * of an endpoint are open), the UNAVAILABLE reasons of the journal, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request sends nothing more. It answers with the deliveries as
     * they stand then, marked as replayed.
     * </pre>
     */
    default void redeliverEvent(turnpike.v1.RedeliverEventRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.RedeliverEventResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRedeliverEventMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists what was and is to be sent to the merchant's own servers, newest first. Deliveries that have ended
     * are forgotten after 30 days, or as configured.
     * Errors: INVALID_FIELD, also for a page token of another list.
     * </pre>
     */
    default void listWebhookDeliveries(turnpike.v1.ListWebhookDeliveriesRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListWebhookDeliveriesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListWebhookDeliveriesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the addresses that the merchant's events are sent to, by name, and how each stands.
     * Errors: INVALID_FIELD.
     * </pre>
     */
    default void listWebhookEndpoints(turnpike.v1.ListWebhookEndpointsRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListWebhookEndpointsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListWebhookEndpointsMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service EventService.
   * <pre>
   * Tells what became true, in one order for each merchant.
   * </pre>
   */
  public static abstract class EventServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return EventServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service EventService.
   * <pre>
   * Tells what became true, in one order for each merchant.
   * </pre>
   */
  public static final class EventServiceStub
      extends io.grpc.stub.AbstractAsyncStub<EventServiceStub> {
    private EventServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected EventServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new EventServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists events, oldest first, after a place in the log.
     * Promises: an event is in the log if and only if what it tells became true, whatever broke. Reading
     * on from the last cursor misses none and repeats none.
     * Errors: INVALID_FIELD, also for a cursor that is not ours and a type that no event has.
     * </pre>
     */
    public void listEvents(turnpike.v1.ListEventsRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListEventsResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getListEventsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Follows the log: everything after a place in it, and then what happens, as it happens. The stream has
     * no end of its own.
     * Promises: as ListEvents. Whoever loses the stream, for whichever reason, goes on from the last cursor
     * that it has taken in, and misses nothing. A reader that is slow is waited for; it costs nobody
     * else anything.
     * Errors: INVALID_FIELD as in ListEvents; OVERLOADED when as many streams run as may;
     * DRAINING when the gateway goes down, and then another one goes on.
     * </pre>
     */
    public void streamEvents(turnpike.v1.StreamEventsRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.StreamEventsResponse> responseObserver) {
      turnpike.Calls.asyncServerStreamingCall(
          getChannel().newCall(getStreamEventsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Has an event sent again to the merchant's own servers, now, whether or not it was taken before.
     * Promises: it is sent with the same id and the same body, at least once, and is tried for three days as a
     * new one is. A parked endpoint is tried at once.
     * Errors: INVALID_FIELD, EVENT_NOT_FOUND, WEBHOOK_ENDPOINT_NOT_FOUND, OVERLOADED (10,000 deliveries
     * of an endpoint are open), the UNAVAILABLE reasons of the journal, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request sends nothing more. It answers with the deliveries as
     * they stand then, marked as replayed.
     * </pre>
     */
    public void redeliverEvent(turnpike.v1.RedeliverEventRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.RedeliverEventResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getRedeliverEventMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists what was and is to be sent to the merchant's own servers, newest first. Deliveries that have ended
     * are forgotten after 30 days, or as configured.
     * Errors: INVALID_FIELD, also for a page token of another list.
     * </pre>
     */
    public void listWebhookDeliveries(turnpike.v1.ListWebhookDeliveriesRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListWebhookDeliveriesResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getListWebhookDeliveriesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the addresses that the merchant's events are sent to, by name, and how each stands.
     * Errors: INVALID_FIELD.
     * </pre>
     */
    public void listWebhookEndpoints(turnpike.v1.ListWebhookEndpointsRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListWebhookEndpointsResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getListWebhookEndpointsMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service EventService.
   * <pre>
   * Tells what became true, in one order for each merchant.
   * </pre>
   */
  public static final class EventServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<EventServiceBlockingV2Stub> {
    private EventServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected EventServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new EventServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists events, oldest first, after a place in the log.
     * Promises: an event is in the log if and only if what it tells became true, whatever broke. Reading
     * on from the last cursor misses none and repeats none.
     * Errors: INVALID_FIELD, also for a cursor that is not ours and a type that no event has.
     * </pre>
     */
    public turnpike.v1.ListEventsResponse listEvents(turnpike.v1.ListEventsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListEventsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Follows the log: everything after a place in it, and then what happens, as it happens. The stream has
     * no end of its own.
     * Promises: as ListEvents. Whoever loses the stream, for whichever reason, goes on from the last cursor
     * that it has taken in, and misses nothing. A reader that is slow is waited for; it costs nobody
     * else anything.
     * Errors: INVALID_FIELD as in ListEvents; OVERLOADED when as many streams run as may;
     * DRAINING when the gateway goes down, and then another one goes on.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, turnpike.v1.StreamEventsResponse>
        streamEvents(turnpike.v1.StreamEventsRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getStreamEventsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Has an event sent again to the merchant's own servers, now, whether or not it was taken before.
     * Promises: it is sent with the same id and the same body, at least once, and is tried for three days as a
     * new one is. A parked endpoint is tried at once.
     * Errors: INVALID_FIELD, EVENT_NOT_FOUND, WEBHOOK_ENDPOINT_NOT_FOUND, OVERLOADED (10,000 deliveries
     * of an endpoint are open), the UNAVAILABLE reasons of the journal, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request sends nothing more. It answers with the deliveries as
     * they stand then, marked as replayed.
     * </pre>
     */
    public turnpike.v1.RedeliverEventResponse redeliverEvent(turnpike.v1.RedeliverEventRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRedeliverEventMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists what was and is to be sent to the merchant's own servers, newest first. Deliveries that have ended
     * are forgotten after 30 days, or as configured.
     * Errors: INVALID_FIELD, also for a page token of another list.
     * </pre>
     */
    public turnpike.v1.ListWebhookDeliveriesResponse listWebhookDeliveries(turnpike.v1.ListWebhookDeliveriesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListWebhookDeliveriesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the addresses that the merchant's events are sent to, by name, and how each stands.
     * Errors: INVALID_FIELD.
     * </pre>
     */
    public turnpike.v1.ListWebhookEndpointsResponse listWebhookEndpoints(turnpike.v1.ListWebhookEndpointsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListWebhookEndpointsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service EventService.
   * <pre>
   * Tells what became true, in one order for each merchant.
   * </pre>
   */
  public static final class EventServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<EventServiceBlockingStub> {
    private EventServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected EventServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new EventServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists events, oldest first, after a place in the log.
     * Promises: an event is in the log if and only if what it tells became true, whatever broke. Reading
     * on from the last cursor misses none and repeats none.
     * Errors: INVALID_FIELD, also for a cursor that is not ours and a type that no event has.
     * </pre>
     */
    public turnpike.v1.ListEventsResponse listEvents(turnpike.v1.ListEventsRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getListEventsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Follows the log: everything after a place in it, and then what happens, as it happens. The stream has
     * no end of its own.
     * Promises: as ListEvents. Whoever loses the stream, for whichever reason, goes on from the last cursor
     * that it has taken in, and misses nothing. A reader that is slow is waited for; it costs nobody
     * else anything.
     * Errors: INVALID_FIELD as in ListEvents; OVERLOADED when as many streams run as may;
     * DRAINING when the gateway goes down, and then another one goes on.
     * </pre>
     */
    public java.util.Iterator<turnpike.v1.StreamEventsResponse> streamEvents(
        turnpike.v1.StreamEventsRequest request) {
      return turnpike.Calls.blockingServerStreamingCall(
          getChannel(), getStreamEventsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Has an event sent again to the merchant's own servers, now, whether or not it was taken before.
     * Promises: it is sent with the same id and the same body, at least once, and is tried for three days as a
     * new one is. A parked endpoint is tried at once.
     * Errors: INVALID_FIELD, EVENT_NOT_FOUND, WEBHOOK_ENDPOINT_NOT_FOUND, OVERLOADED (10,000 deliveries
     * of an endpoint are open), the UNAVAILABLE reasons of the journal, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request sends nothing more. It answers with the deliveries as
     * they stand then, marked as replayed.
     * </pre>
     */
    public turnpike.v1.RedeliverEventResponse redeliverEvent(turnpike.v1.RedeliverEventRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getRedeliverEventMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists what was and is to be sent to the merchant's own servers, newest first. Deliveries that have ended
     * are forgotten after 30 days, or as configured.
     * Errors: INVALID_FIELD, also for a page token of another list.
     * </pre>
     */
    public turnpike.v1.ListWebhookDeliveriesResponse listWebhookDeliveries(turnpike.v1.ListWebhookDeliveriesRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getListWebhookDeliveriesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the addresses that the merchant's events are sent to, by name, and how each stands.
     * Errors: INVALID_FIELD.
     * </pre>
     */
    public turnpike.v1.ListWebhookEndpointsResponse listWebhookEndpoints(turnpike.v1.ListWebhookEndpointsRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getListWebhookEndpointsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service EventService.
   * <pre>
   * Tells what became true, in one order for each merchant.
   * </pre>
   */
  public static final class EventServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<EventServiceFutureStub> {
    private EventServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected EventServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new EventServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists events, oldest first, after a place in the log.
     * Promises: an event is in the log if and only if what it tells became true, whatever broke. Reading
     * on from the last cursor misses none and repeats none.
     * Errors: INVALID_FIELD, also for a cursor that is not ours and a type that no event has.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ListEventsResponse> listEvents(
        turnpike.v1.ListEventsRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getListEventsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Has an event sent again to the merchant's own servers, now, whether or not it was taken before.
     * Promises: it is sent with the same id and the same body, at least once, and is tried for three days as a
     * new one is. A parked endpoint is tried at once.
     * Errors: INVALID_FIELD, EVENT_NOT_FOUND, WEBHOOK_ENDPOINT_NOT_FOUND, OVERLOADED (10,000 deliveries
     * of an endpoint are open), the UNAVAILABLE reasons of the journal, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request sends nothing more. It answers with the deliveries as
     * they stand then, marked as replayed.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.RedeliverEventResponse> redeliverEvent(
        turnpike.v1.RedeliverEventRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getRedeliverEventMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists what was and is to be sent to the merchant's own servers, newest first. Deliveries that have ended
     * are forgotten after 30 days, or as configured.
     * Errors: INVALID_FIELD, also for a page token of another list.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ListWebhookDeliveriesResponse> listWebhookDeliveries(
        turnpike.v1.ListWebhookDeliveriesRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getListWebhookDeliveriesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the addresses that the merchant's events are sent to, by name, and how each stands.
     * Errors: INVALID_FIELD.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ListWebhookEndpointsResponse> listWebhookEndpoints(
        turnpike.v1.ListWebhookEndpointsRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getListWebhookEndpointsMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_EVENTS = 0;
  private static final int METHODID_STREAM_EVENTS = 1;
  private static final int METHODID_REDELIVER_EVENT = 2;
  private static final int METHODID_LIST_WEBHOOK_DELIVERIES = 3;
  private static final int METHODID_LIST_WEBHOOK_ENDPOINTS = 4;

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
        case METHODID_LIST_EVENTS:
          serviceImpl.listEvents((turnpike.v1.ListEventsRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ListEventsResponse>) responseObserver);
          break;
        case METHODID_STREAM_EVENTS:
          serviceImpl.streamEvents((turnpike.v1.StreamEventsRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.StreamEventsResponse>) responseObserver);
          break;
        case METHODID_REDELIVER_EVENT:
          serviceImpl.redeliverEvent((turnpike.v1.RedeliverEventRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.RedeliverEventResponse>) responseObserver);
          break;
        case METHODID_LIST_WEBHOOK_DELIVERIES:
          serviceImpl.listWebhookDeliveries((turnpike.v1.ListWebhookDeliveriesRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ListWebhookDeliveriesResponse>) responseObserver);
          break;
        case METHODID_LIST_WEBHOOK_ENDPOINTS:
          serviceImpl.listWebhookEndpoints((turnpike.v1.ListWebhookEndpointsRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ListWebhookEndpointsResponse>) responseObserver);
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
          getListEventsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ListEventsRequest,
              turnpike.v1.ListEventsResponse>(
                service, METHODID_LIST_EVENTS)))
        .addMethod(
          getStreamEventsMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              turnpike.v1.StreamEventsRequest,
              turnpike.v1.StreamEventsResponse>(
                service, METHODID_STREAM_EVENTS)))
        .addMethod(
          getRedeliverEventMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.RedeliverEventRequest,
              turnpike.v1.RedeliverEventResponse>(
                service, METHODID_REDELIVER_EVENT)))
        .addMethod(
          getListWebhookDeliveriesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ListWebhookDeliveriesRequest,
              turnpike.v1.ListWebhookDeliveriesResponse>(
                service, METHODID_LIST_WEBHOOK_DELIVERIES)))
        .addMethod(
          getListWebhookEndpointsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ListWebhookEndpointsRequest,
              turnpike.v1.ListWebhookEndpointsResponse>(
                service, METHODID_LIST_WEBHOOK_ENDPOINTS)))
        .build();
  }

  private static abstract class EventServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    EventServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return turnpike.v1.EventServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("EventService");
    }
  }

  private static final class EventServiceFileDescriptorSupplier
      extends EventServiceBaseDescriptorSupplier {
    EventServiceFileDescriptorSupplier() {}
  }

  private static final class EventServiceMethodDescriptorSupplier
      extends EventServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    EventServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (EventServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new EventServiceFileDescriptorSupplier())
              .addMethod(getListEventsMethod())
              .addMethod(getStreamEventsMethod())
              .addMethod(getRedeliverEventMethod())
              .addMethod(getListWebhookDeliveriesMethod())
              .addMethod(getListWebhookEndpointsMethod())
              .build();
        }
      }
    }
    return result;
  }
}
