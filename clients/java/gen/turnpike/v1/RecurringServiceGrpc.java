package turnpike.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Charges saved cards again and again: subscriptions, memberships, rents. The gateway drives every
 * schedule itself, so that one schedule means the same at every provider.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class RecurringServiceGrpc {

  private RecurringServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "turnpike.v1.RecurringService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ScheduleRecurringRequest,
      turnpike.v1.ScheduleRecurringResponse> getScheduleRecurringMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ScheduleRecurring",
      requestType = turnpike.v1.ScheduleRecurringRequest.class,
      responseType = turnpike.v1.ScheduleRecurringResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ScheduleRecurringRequest,
      turnpike.v1.ScheduleRecurringResponse> getScheduleRecurringMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ScheduleRecurringRequest, turnpike.v1.ScheduleRecurringResponse> getScheduleRecurringMethod;
    if ((getScheduleRecurringMethod = RecurringServiceGrpc.getScheduleRecurringMethod) == null) {
      synchronized (RecurringServiceGrpc.class) {
        if ((getScheduleRecurringMethod = RecurringServiceGrpc.getScheduleRecurringMethod) == null) {
          RecurringServiceGrpc.getScheduleRecurringMethod = getScheduleRecurringMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ScheduleRecurringRequest, turnpike.v1.ScheduleRecurringResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ScheduleRecurring"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ScheduleRecurringRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ScheduleRecurringResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RecurringServiceMethodDescriptorSupplier("ScheduleRecurring"))
              .build();
        }
      }
    }
    return getScheduleRecurringMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.GetScheduleRequest,
      turnpike.v1.GetScheduleResponse> getGetScheduleMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetSchedule",
      requestType = turnpike.v1.GetScheduleRequest.class,
      responseType = turnpike.v1.GetScheduleResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.GetScheduleRequest,
      turnpike.v1.GetScheduleResponse> getGetScheduleMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.GetScheduleRequest, turnpike.v1.GetScheduleResponse> getGetScheduleMethod;
    if ((getGetScheduleMethod = RecurringServiceGrpc.getGetScheduleMethod) == null) {
      synchronized (RecurringServiceGrpc.class) {
        if ((getGetScheduleMethod = RecurringServiceGrpc.getGetScheduleMethod) == null) {
          RecurringServiceGrpc.getGetScheduleMethod = getGetScheduleMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.GetScheduleRequest, turnpike.v1.GetScheduleResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetSchedule"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.GetScheduleRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.GetScheduleResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RecurringServiceMethodDescriptorSupplier("GetSchedule"))
              .build();
        }
      }
    }
    return getGetScheduleMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ListSchedulesRequest,
      turnpike.v1.ListSchedulesResponse> getListSchedulesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListSchedules",
      requestType = turnpike.v1.ListSchedulesRequest.class,
      responseType = turnpike.v1.ListSchedulesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ListSchedulesRequest,
      turnpike.v1.ListSchedulesResponse> getListSchedulesMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ListSchedulesRequest, turnpike.v1.ListSchedulesResponse> getListSchedulesMethod;
    if ((getListSchedulesMethod = RecurringServiceGrpc.getListSchedulesMethod) == null) {
      synchronized (RecurringServiceGrpc.class) {
        if ((getListSchedulesMethod = RecurringServiceGrpc.getListSchedulesMethod) == null) {
          RecurringServiceGrpc.getListSchedulesMethod = getListSchedulesMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ListSchedulesRequest, turnpike.v1.ListSchedulesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListSchedules"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListSchedulesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListSchedulesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RecurringServiceMethodDescriptorSupplier("ListSchedules"))
              .build();
        }
      }
    }
    return getListSchedulesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.UpdateScheduleRequest,
      turnpike.v1.UpdateScheduleResponse> getUpdateScheduleMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateSchedule",
      requestType = turnpike.v1.UpdateScheduleRequest.class,
      responseType = turnpike.v1.UpdateScheduleResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.UpdateScheduleRequest,
      turnpike.v1.UpdateScheduleResponse> getUpdateScheduleMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.UpdateScheduleRequest, turnpike.v1.UpdateScheduleResponse> getUpdateScheduleMethod;
    if ((getUpdateScheduleMethod = RecurringServiceGrpc.getUpdateScheduleMethod) == null) {
      synchronized (RecurringServiceGrpc.class) {
        if ((getUpdateScheduleMethod = RecurringServiceGrpc.getUpdateScheduleMethod) == null) {
          RecurringServiceGrpc.getUpdateScheduleMethod = getUpdateScheduleMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.UpdateScheduleRequest, turnpike.v1.UpdateScheduleResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateSchedule"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.UpdateScheduleRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.UpdateScheduleResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RecurringServiceMethodDescriptorSupplier("UpdateSchedule"))
              .build();
        }
      }
    }
    return getUpdateScheduleMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.PauseScheduleRequest,
      turnpike.v1.PauseScheduleResponse> getPauseScheduleMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "PauseSchedule",
      requestType = turnpike.v1.PauseScheduleRequest.class,
      responseType = turnpike.v1.PauseScheduleResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.PauseScheduleRequest,
      turnpike.v1.PauseScheduleResponse> getPauseScheduleMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.PauseScheduleRequest, turnpike.v1.PauseScheduleResponse> getPauseScheduleMethod;
    if ((getPauseScheduleMethod = RecurringServiceGrpc.getPauseScheduleMethod) == null) {
      synchronized (RecurringServiceGrpc.class) {
        if ((getPauseScheduleMethod = RecurringServiceGrpc.getPauseScheduleMethod) == null) {
          RecurringServiceGrpc.getPauseScheduleMethod = getPauseScheduleMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.PauseScheduleRequest, turnpike.v1.PauseScheduleResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "PauseSchedule"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.PauseScheduleRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.PauseScheduleResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RecurringServiceMethodDescriptorSupplier("PauseSchedule"))
              .build();
        }
      }
    }
    return getPauseScheduleMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ResumeScheduleRequest,
      turnpike.v1.ResumeScheduleResponse> getResumeScheduleMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ResumeSchedule",
      requestType = turnpike.v1.ResumeScheduleRequest.class,
      responseType = turnpike.v1.ResumeScheduleResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ResumeScheduleRequest,
      turnpike.v1.ResumeScheduleResponse> getResumeScheduleMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ResumeScheduleRequest, turnpike.v1.ResumeScheduleResponse> getResumeScheduleMethod;
    if ((getResumeScheduleMethod = RecurringServiceGrpc.getResumeScheduleMethod) == null) {
      synchronized (RecurringServiceGrpc.class) {
        if ((getResumeScheduleMethod = RecurringServiceGrpc.getResumeScheduleMethod) == null) {
          RecurringServiceGrpc.getResumeScheduleMethod = getResumeScheduleMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ResumeScheduleRequest, turnpike.v1.ResumeScheduleResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ResumeSchedule"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ResumeScheduleRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ResumeScheduleResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RecurringServiceMethodDescriptorSupplier("ResumeSchedule"))
              .build();
        }
      }
    }
    return getResumeScheduleMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.CancelScheduleRequest,
      turnpike.v1.CancelScheduleResponse> getCancelScheduleMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CancelSchedule",
      requestType = turnpike.v1.CancelScheduleRequest.class,
      responseType = turnpike.v1.CancelScheduleResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.CancelScheduleRequest,
      turnpike.v1.CancelScheduleResponse> getCancelScheduleMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.CancelScheduleRequest, turnpike.v1.CancelScheduleResponse> getCancelScheduleMethod;
    if ((getCancelScheduleMethod = RecurringServiceGrpc.getCancelScheduleMethod) == null) {
      synchronized (RecurringServiceGrpc.class) {
        if ((getCancelScheduleMethod = RecurringServiceGrpc.getCancelScheduleMethod) == null) {
          RecurringServiceGrpc.getCancelScheduleMethod = getCancelScheduleMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.CancelScheduleRequest, turnpike.v1.CancelScheduleResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CancelSchedule"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.CancelScheduleRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.CancelScheduleResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RecurringServiceMethodDescriptorSupplier("CancelSchedule"))
              .build();
        }
      }
    }
    return getCancelScheduleMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.SkipOccurrenceRequest,
      turnpike.v1.SkipOccurrenceResponse> getSkipOccurrenceMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SkipOccurrence",
      requestType = turnpike.v1.SkipOccurrenceRequest.class,
      responseType = turnpike.v1.SkipOccurrenceResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.SkipOccurrenceRequest,
      turnpike.v1.SkipOccurrenceResponse> getSkipOccurrenceMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.SkipOccurrenceRequest, turnpike.v1.SkipOccurrenceResponse> getSkipOccurrenceMethod;
    if ((getSkipOccurrenceMethod = RecurringServiceGrpc.getSkipOccurrenceMethod) == null) {
      synchronized (RecurringServiceGrpc.class) {
        if ((getSkipOccurrenceMethod = RecurringServiceGrpc.getSkipOccurrenceMethod) == null) {
          RecurringServiceGrpc.getSkipOccurrenceMethod = getSkipOccurrenceMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.SkipOccurrenceRequest, turnpike.v1.SkipOccurrenceResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SkipOccurrence"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.SkipOccurrenceRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.SkipOccurrenceResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RecurringServiceMethodDescriptorSupplier("SkipOccurrence"))
              .build();
        }
      }
    }
    return getSkipOccurrenceMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.ListOccurrencesRequest,
      turnpike.v1.ListOccurrencesResponse> getListOccurrencesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListOccurrences",
      requestType = turnpike.v1.ListOccurrencesRequest.class,
      responseType = turnpike.v1.ListOccurrencesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.ListOccurrencesRequest,
      turnpike.v1.ListOccurrencesResponse> getListOccurrencesMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.ListOccurrencesRequest, turnpike.v1.ListOccurrencesResponse> getListOccurrencesMethod;
    if ((getListOccurrencesMethod = RecurringServiceGrpc.getListOccurrencesMethod) == null) {
      synchronized (RecurringServiceGrpc.class) {
        if ((getListOccurrencesMethod = RecurringServiceGrpc.getListOccurrencesMethod) == null) {
          RecurringServiceGrpc.getListOccurrencesMethod = getListOccurrencesMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.ListOccurrencesRequest, turnpike.v1.ListOccurrencesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListOccurrences"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListOccurrencesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.ListOccurrencesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RecurringServiceMethodDescriptorSupplier("ListOccurrences"))
              .build();
        }
      }
    }
    return getListOccurrencesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<turnpike.v1.PreviewOccurrencesRequest,
      turnpike.v1.PreviewOccurrencesResponse> getPreviewOccurrencesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "PreviewOccurrences",
      requestType = turnpike.v1.PreviewOccurrencesRequest.class,
      responseType = turnpike.v1.PreviewOccurrencesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<turnpike.v1.PreviewOccurrencesRequest,
      turnpike.v1.PreviewOccurrencesResponse> getPreviewOccurrencesMethod() {
    io.grpc.MethodDescriptor<turnpike.v1.PreviewOccurrencesRequest, turnpike.v1.PreviewOccurrencesResponse> getPreviewOccurrencesMethod;
    if ((getPreviewOccurrencesMethod = RecurringServiceGrpc.getPreviewOccurrencesMethod) == null) {
      synchronized (RecurringServiceGrpc.class) {
        if ((getPreviewOccurrencesMethod = RecurringServiceGrpc.getPreviewOccurrencesMethod) == null) {
          RecurringServiceGrpc.getPreviewOccurrencesMethod = getPreviewOccurrencesMethod =
              io.grpc.MethodDescriptor.<turnpike.v1.PreviewOccurrencesRequest, turnpike.v1.PreviewOccurrencesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "PreviewOccurrences"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.PreviewOccurrencesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  turnpike.v1.PreviewOccurrencesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RecurringServiceMethodDescriptorSupplier("PreviewOccurrences"))
              .build();
        }
      }
    }
    return getPreviewOccurrencesMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static RecurringServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RecurringServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RecurringServiceStub>() {
        @java.lang.Override
        public RecurringServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RecurringServiceStub(channel, callOptions);
        }
      };
    return RecurringServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static RecurringServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RecurringServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RecurringServiceBlockingV2Stub>() {
        @java.lang.Override
        public RecurringServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RecurringServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return RecurringServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static RecurringServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RecurringServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RecurringServiceBlockingStub>() {
        @java.lang.Override
        public RecurringServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RecurringServiceBlockingStub(channel, callOptions);
        }
      };
    return RecurringServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static RecurringServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RecurringServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RecurringServiceFutureStub>() {
        @java.lang.Override
        public RecurringServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RecurringServiceFutureStub(channel, callOptions);
        }
      };
    return RecurringServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Charges saved cards again and again: subscriptions, memberships, rents. The gateway drives every
   * schedule itself, so that one schedule means the same at every provider.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Creates a schedule.
     * Promises: each occurrence is charged at most once for each try that its policy allows, and no
     * occurrence is lost; a crash changes neither. An occurrence whose payment is UNRESOLVED is held
     * until that is settled. What is not charged says why, in ListOccurrences and in an event. Creating
     * a schedule charges nothing by itself: an occurrence that falls now is charged a moment later.
     * Errors: INVALID_FIELD (also days that do not exist, time zones that nobody knows, rhythms that
     * never fall, ends before beginnings), TOKEN_NOT_FOUND, TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED,
     * PAYMENT_NOT_FOUND (the first payment), UNKNOWN_CURRENCY, AMOUNT_OUT_OF_BOUNDS,
     * CARD_NUMBER_IN_TEXT, UNSUPPORTED_BY_PROVIDER, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the schedule as it stands now,
     * marked as replayed.
     * </pre>
     */
    default void scheduleRecurring(turnpike.v1.ScheduleRecurringRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ScheduleRecurringResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getScheduleRecurringMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reads a schedule.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND.
     * </pre>
     */
    default void getSchedule(turnpike.v1.GetScheduleRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.GetScheduleResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetScheduleMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists schedules, newest first. Filters are combined with "and".
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    default void listSchedules(turnpike.v1.ListSchedulesRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListSchedulesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListSchedulesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes the terms of a schedule, from the next occurrence on. What was taken already keeps its
     * amount; another token is used from the next try on, and an occurrence that waits for a token is
     * tried again at once.
     * A change of the cadence, the first date, the time zone or the local time moves the next
     * occurrence and those after it; numbers go on. Without a first date, a changed cadence counts from
     * the day on which the next occurrence would have fallen, which therefore stays where it is.
     * Errors: those of ScheduleRecurring, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, and STATE_FORBIDS for a
     * schedule that has ended.
     * Repeat: the same request id answers with the schedule as it stands now.
     * </pre>
     */
    default void updateSchedule(turnpike.v1.UpdateScheduleRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.UpdateScheduleResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateScheduleMethod(), responseObserver);
    }

    /**
     * <pre>
     * Stops charging until ResumeSchedule. Tries that are planned wait as well; a payment that is on its
     * way is not called back.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, STATE_FORBIDS, REQUEST_ID_REUSED.
     * Repeat: pausing a paused schedule answers with the schedule.
     * </pre>
     */
    default void pauseSchedule(turnpike.v1.PauseScheduleRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.PauseScheduleResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getPauseScheduleMethod(), responseObserver);
    }

    /**
     * <pre>
     * Charges again. Occurrences that fell into the pause are skipped; tries that were planned follow
     * now if their time has come. For a schedule that is PAST_DUE, `retry_failed` decides about the
     * occurrence that failed.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, STATE_FORBIDS, REQUEST_ID_REUSED.
     * Repeat: resuming an active schedule answers with the schedule.
     * </pre>
     */
    default void resumeSchedule(turnpike.v1.ResumeScheduleRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ResumeScheduleResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getResumeScheduleMethod(), responseObserver);
    }

    /**
     * <pre>
     * Ends a schedule for good. Planned tries are dropped; a payment that is on its way is not called
     * back, and its outcome is still recorded.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, STATE_FORBIDS (it is COMPLETED),
     * REQUEST_ID_REUSED.
     * Repeat: cancelling a cancelled schedule answers with the schedule.
     * </pre>
     */
    default void cancelSchedule(turnpike.v1.CancelScheduleRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.CancelScheduleResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCancelScheduleMethod(), responseObserver);
    }

    /**
     * <pre>
     * Leaves one occurrence out: one that lies ahead, or one that waits for its next try or a token.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, OCCURRENCE_NOT_FOUND (beyond the end), STATE_FORBIDS
     * (it is being charged, or has ended; or 100 are marked already), REQUEST_ID_REUSED.
     * Repeat: skipping a skipped occurrence answers with the schedule.
     * </pre>
     */
    default void skipOccurrence(turnpike.v1.SkipOccurrenceRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.SkipOccurrenceResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSkipOccurrenceMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the occurrences that were taken, newest first. Those ahead: PreviewOccurrences.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND.
     * </pre>
     */
    default void listOccurrences(turnpike.v1.ListOccurrencesRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListOccurrencesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListOccurrencesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Tells when occurrences will fall, of a schedule or of terms for which there is none yet. Nothing is
     * created and nobody is asked.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND.
     * </pre>
     */
    default void previewOccurrences(turnpike.v1.PreviewOccurrencesRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.PreviewOccurrencesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getPreviewOccurrencesMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service RecurringService.
   * <pre>
   * Charges saved cards again and again: subscriptions, memberships, rents. The gateway drives every
   * schedule itself, so that one schedule means the same at every provider.
   * </pre>
   */
  public static abstract class RecurringServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return RecurringServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service RecurringService.
   * <pre>
   * Charges saved cards again and again: subscriptions, memberships, rents. The gateway drives every
   * schedule itself, so that one schedule means the same at every provider.
   * </pre>
   */
  public static final class RecurringServiceStub
      extends io.grpc.stub.AbstractAsyncStub<RecurringServiceStub> {
    private RecurringServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RecurringServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RecurringServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a schedule.
     * Promises: each occurrence is charged at most once for each try that its policy allows, and no
     * occurrence is lost; a crash changes neither. An occurrence whose payment is UNRESOLVED is held
     * until that is settled. What is not charged says why, in ListOccurrences and in an event. Creating
     * a schedule charges nothing by itself: an occurrence that falls now is charged a moment later.
     * Errors: INVALID_FIELD (also days that do not exist, time zones that nobody knows, rhythms that
     * never fall, ends before beginnings), TOKEN_NOT_FOUND, TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED,
     * PAYMENT_NOT_FOUND (the first payment), UNKNOWN_CURRENCY, AMOUNT_OUT_OF_BOUNDS,
     * CARD_NUMBER_IN_TEXT, UNSUPPORTED_BY_PROVIDER, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the schedule as it stands now,
     * marked as replayed.
     * </pre>
     */
    public void scheduleRecurring(turnpike.v1.ScheduleRecurringRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ScheduleRecurringResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getScheduleRecurringMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reads a schedule.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND.
     * </pre>
     */
    public void getSchedule(turnpike.v1.GetScheduleRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.GetScheduleResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getGetScheduleMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists schedules, newest first. Filters are combined with "and".
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    public void listSchedules(turnpike.v1.ListSchedulesRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListSchedulesResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getListSchedulesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes the terms of a schedule, from the next occurrence on. What was taken already keeps its
     * amount; another token is used from the next try on, and an occurrence that waits for a token is
     * tried again at once.
     * A change of the cadence, the first date, the time zone or the local time moves the next
     * occurrence and those after it; numbers go on. Without a first date, a changed cadence counts from
     * the day on which the next occurrence would have fallen, which therefore stays where it is.
     * Errors: those of ScheduleRecurring, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, and STATE_FORBIDS for a
     * schedule that has ended.
     * Repeat: the same request id answers with the schedule as it stands now.
     * </pre>
     */
    public void updateSchedule(turnpike.v1.UpdateScheduleRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.UpdateScheduleResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getUpdateScheduleMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Stops charging until ResumeSchedule. Tries that are planned wait as well; a payment that is on its
     * way is not called back.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, STATE_FORBIDS, REQUEST_ID_REUSED.
     * Repeat: pausing a paused schedule answers with the schedule.
     * </pre>
     */
    public void pauseSchedule(turnpike.v1.PauseScheduleRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.PauseScheduleResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getPauseScheduleMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Charges again. Occurrences that fell into the pause are skipped; tries that were planned follow
     * now if their time has come. For a schedule that is PAST_DUE, `retry_failed` decides about the
     * occurrence that failed.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, STATE_FORBIDS, REQUEST_ID_REUSED.
     * Repeat: resuming an active schedule answers with the schedule.
     * </pre>
     */
    public void resumeSchedule(turnpike.v1.ResumeScheduleRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ResumeScheduleResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getResumeScheduleMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Ends a schedule for good. Planned tries are dropped; a payment that is on its way is not called
     * back, and its outcome is still recorded.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, STATE_FORBIDS (it is COMPLETED),
     * REQUEST_ID_REUSED.
     * Repeat: cancelling a cancelled schedule answers with the schedule.
     * </pre>
     */
    public void cancelSchedule(turnpike.v1.CancelScheduleRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.CancelScheduleResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getCancelScheduleMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Leaves one occurrence out: one that lies ahead, or one that waits for its next try or a token.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, OCCURRENCE_NOT_FOUND (beyond the end), STATE_FORBIDS
     * (it is being charged, or has ended; or 100 are marked already), REQUEST_ID_REUSED.
     * Repeat: skipping a skipped occurrence answers with the schedule.
     * </pre>
     */
    public void skipOccurrence(turnpike.v1.SkipOccurrenceRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.SkipOccurrenceResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getSkipOccurrenceMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the occurrences that were taken, newest first. Those ahead: PreviewOccurrences.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND.
     * </pre>
     */
    public void listOccurrences(turnpike.v1.ListOccurrencesRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.ListOccurrencesResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getListOccurrencesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Tells when occurrences will fall, of a schedule or of terms for which there is none yet. Nothing is
     * created and nobody is asked.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND.
     * </pre>
     */
    public void previewOccurrences(turnpike.v1.PreviewOccurrencesRequest request,
        io.grpc.stub.StreamObserver<turnpike.v1.PreviewOccurrencesResponse> responseObserver) {
      turnpike.Calls.asyncUnaryCall(
          getChannel().newCall(getPreviewOccurrencesMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service RecurringService.
   * <pre>
   * Charges saved cards again and again: subscriptions, memberships, rents. The gateway drives every
   * schedule itself, so that one schedule means the same at every provider.
   * </pre>
   */
  public static final class RecurringServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<RecurringServiceBlockingV2Stub> {
    private RecurringServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RecurringServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RecurringServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a schedule.
     * Promises: each occurrence is charged at most once for each try that its policy allows, and no
     * occurrence is lost; a crash changes neither. An occurrence whose payment is UNRESOLVED is held
     * until that is settled. What is not charged says why, in ListOccurrences and in an event. Creating
     * a schedule charges nothing by itself: an occurrence that falls now is charged a moment later.
     * Errors: INVALID_FIELD (also days that do not exist, time zones that nobody knows, rhythms that
     * never fall, ends before beginnings), TOKEN_NOT_FOUND, TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED,
     * PAYMENT_NOT_FOUND (the first payment), UNKNOWN_CURRENCY, AMOUNT_OUT_OF_BOUNDS,
     * CARD_NUMBER_IN_TEXT, UNSUPPORTED_BY_PROVIDER, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the schedule as it stands now,
     * marked as replayed.
     * </pre>
     */
    public turnpike.v1.ScheduleRecurringResponse scheduleRecurring(turnpike.v1.ScheduleRecurringRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getScheduleRecurringMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads a schedule.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND.
     * </pre>
     */
    public turnpike.v1.GetScheduleResponse getSchedule(turnpike.v1.GetScheduleRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists schedules, newest first. Filters are combined with "and".
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    public turnpike.v1.ListSchedulesResponse listSchedules(turnpike.v1.ListSchedulesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListSchedulesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes the terms of a schedule, from the next occurrence on. What was taken already keeps its
     * amount; another token is used from the next try on, and an occurrence that waits for a token is
     * tried again at once.
     * A change of the cadence, the first date, the time zone or the local time moves the next
     * occurrence and those after it; numbers go on. Without a first date, a changed cadence counts from
     * the day on which the next occurrence would have fallen, which therefore stays where it is.
     * Errors: those of ScheduleRecurring, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, and STATE_FORBIDS for a
     * schedule that has ended.
     * Repeat: the same request id answers with the schedule as it stands now.
     * </pre>
     */
    public turnpike.v1.UpdateScheduleResponse updateSchedule(turnpike.v1.UpdateScheduleRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stops charging until ResumeSchedule. Tries that are planned wait as well; a payment that is on its
     * way is not called back.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, STATE_FORBIDS, REQUEST_ID_REUSED.
     * Repeat: pausing a paused schedule answers with the schedule.
     * </pre>
     */
    public turnpike.v1.PauseScheduleResponse pauseSchedule(turnpike.v1.PauseScheduleRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getPauseScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Charges again. Occurrences that fell into the pause are skipped; tries that were planned follow
     * now if their time has come. For a schedule that is PAST_DUE, `retry_failed` decides about the
     * occurrence that failed.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, STATE_FORBIDS, REQUEST_ID_REUSED.
     * Repeat: resuming an active schedule answers with the schedule.
     * </pre>
     */
    public turnpike.v1.ResumeScheduleResponse resumeSchedule(turnpike.v1.ResumeScheduleRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getResumeScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends a schedule for good. Planned tries are dropped; a payment that is on its way is not called
     * back, and its outcome is still recorded.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, STATE_FORBIDS (it is COMPLETED),
     * REQUEST_ID_REUSED.
     * Repeat: cancelling a cancelled schedule answers with the schedule.
     * </pre>
     */
    public turnpike.v1.CancelScheduleResponse cancelSchedule(turnpike.v1.CancelScheduleRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCancelScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Leaves one occurrence out: one that lies ahead, or one that waits for its next try or a token.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, OCCURRENCE_NOT_FOUND (beyond the end), STATE_FORBIDS
     * (it is being charged, or has ended; or 100 are marked already), REQUEST_ID_REUSED.
     * Repeat: skipping a skipped occurrence answers with the schedule.
     * </pre>
     */
    public turnpike.v1.SkipOccurrenceResponse skipOccurrence(turnpike.v1.SkipOccurrenceRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSkipOccurrenceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the occurrences that were taken, newest first. Those ahead: PreviewOccurrences.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND.
     * </pre>
     */
    public turnpike.v1.ListOccurrencesResponse listOccurrences(turnpike.v1.ListOccurrencesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListOccurrencesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tells when occurrences will fall, of a schedule or of terms for which there is none yet. Nothing is
     * created and nobody is asked.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND.
     * </pre>
     */
    public turnpike.v1.PreviewOccurrencesResponse previewOccurrences(turnpike.v1.PreviewOccurrencesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getPreviewOccurrencesMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service RecurringService.
   * <pre>
   * Charges saved cards again and again: subscriptions, memberships, rents. The gateway drives every
   * schedule itself, so that one schedule means the same at every provider.
   * </pre>
   */
  public static final class RecurringServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<RecurringServiceBlockingStub> {
    private RecurringServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RecurringServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RecurringServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a schedule.
     * Promises: each occurrence is charged at most once for each try that its policy allows, and no
     * occurrence is lost; a crash changes neither. An occurrence whose payment is UNRESOLVED is held
     * until that is settled. What is not charged says why, in ListOccurrences and in an event. Creating
     * a schedule charges nothing by itself: an occurrence that falls now is charged a moment later.
     * Errors: INVALID_FIELD (also days that do not exist, time zones that nobody knows, rhythms that
     * never fall, ends before beginnings), TOKEN_NOT_FOUND, TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED,
     * PAYMENT_NOT_FOUND (the first payment), UNKNOWN_CURRENCY, AMOUNT_OUT_OF_BOUNDS,
     * CARD_NUMBER_IN_TEXT, UNSUPPORTED_BY_PROVIDER, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the schedule as it stands now,
     * marked as replayed.
     * </pre>
     */
    public turnpike.v1.ScheduleRecurringResponse scheduleRecurring(turnpike.v1.ScheduleRecurringRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getScheduleRecurringMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads a schedule.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND.
     * </pre>
     */
    public turnpike.v1.GetScheduleResponse getSchedule(turnpike.v1.GetScheduleRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getGetScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists schedules, newest first. Filters are combined with "and".
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    public turnpike.v1.ListSchedulesResponse listSchedules(turnpike.v1.ListSchedulesRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getListSchedulesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes the terms of a schedule, from the next occurrence on. What was taken already keeps its
     * amount; another token is used from the next try on, and an occurrence that waits for a token is
     * tried again at once.
     * A change of the cadence, the first date, the time zone or the local time moves the next
     * occurrence and those after it; numbers go on. Without a first date, a changed cadence counts from
     * the day on which the next occurrence would have fallen, which therefore stays where it is.
     * Errors: those of ScheduleRecurring, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, and STATE_FORBIDS for a
     * schedule that has ended.
     * Repeat: the same request id answers with the schedule as it stands now.
     * </pre>
     */
    public turnpike.v1.UpdateScheduleResponse updateSchedule(turnpike.v1.UpdateScheduleRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getUpdateScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stops charging until ResumeSchedule. Tries that are planned wait as well; a payment that is on its
     * way is not called back.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, STATE_FORBIDS, REQUEST_ID_REUSED.
     * Repeat: pausing a paused schedule answers with the schedule.
     * </pre>
     */
    public turnpike.v1.PauseScheduleResponse pauseSchedule(turnpike.v1.PauseScheduleRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getPauseScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Charges again. Occurrences that fell into the pause are skipped; tries that were planned follow
     * now if their time has come. For a schedule that is PAST_DUE, `retry_failed` decides about the
     * occurrence that failed.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, STATE_FORBIDS, REQUEST_ID_REUSED.
     * Repeat: resuming an active schedule answers with the schedule.
     * </pre>
     */
    public turnpike.v1.ResumeScheduleResponse resumeSchedule(turnpike.v1.ResumeScheduleRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getResumeScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends a schedule for good. Planned tries are dropped; a payment that is on its way is not called
     * back, and its outcome is still recorded.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, STATE_FORBIDS (it is COMPLETED),
     * REQUEST_ID_REUSED.
     * Repeat: cancelling a cancelled schedule answers with the schedule.
     * </pre>
     */
    public turnpike.v1.CancelScheduleResponse cancelSchedule(turnpike.v1.CancelScheduleRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getCancelScheduleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Leaves one occurrence out: one that lies ahead, or one that waits for its next try or a token.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, OCCURRENCE_NOT_FOUND (beyond the end), STATE_FORBIDS
     * (it is being charged, or has ended; or 100 are marked already), REQUEST_ID_REUSED.
     * Repeat: skipping a skipped occurrence answers with the schedule.
     * </pre>
     */
    public turnpike.v1.SkipOccurrenceResponse skipOccurrence(turnpike.v1.SkipOccurrenceRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getSkipOccurrenceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the occurrences that were taken, newest first. Those ahead: PreviewOccurrences.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND.
     * </pre>
     */
    public turnpike.v1.ListOccurrencesResponse listOccurrences(turnpike.v1.ListOccurrencesRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getListOccurrencesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tells when occurrences will fall, of a schedule or of terms for which there is none yet. Nothing is
     * created and nobody is asked.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND.
     * </pre>
     */
    public turnpike.v1.PreviewOccurrencesResponse previewOccurrences(turnpike.v1.PreviewOccurrencesRequest request) {
      return turnpike.Calls.blockingUnaryCall(
          getChannel(), getPreviewOccurrencesMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service RecurringService.
   * <pre>
   * Charges saved cards again and again: subscriptions, memberships, rents. The gateway drives every
   * schedule itself, so that one schedule means the same at every provider.
   * </pre>
   */
  public static final class RecurringServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<RecurringServiceFutureStub> {
    private RecurringServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RecurringServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RecurringServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a schedule.
     * Promises: each occurrence is charged at most once for each try that its policy allows, and no
     * occurrence is lost; a crash changes neither. An occurrence whose payment is UNRESOLVED is held
     * until that is settled. What is not charged says why, in ListOccurrences and in an event. Creating
     * a schedule charges nothing by itself: an occurrence that falls now is charged a moment later.
     * Errors: INVALID_FIELD (also days that do not exist, time zones that nobody knows, rhythms that
     * never fall, ends before beginnings), TOKEN_NOT_FOUND, TOKEN_UNUSABLE, TOKEN_USE_NOT_ALLOWED,
     * PAYMENT_NOT_FOUND (the first payment), UNKNOWN_CURRENCY, AMOUNT_OUT_OF_BOUNDS,
     * CARD_NUMBER_IN_TEXT, UNSUPPORTED_BY_PROVIDER, the UNAVAILABLE reasons, and REQUEST_ID_REUSED.
     * Repeat: the same request id with the same request answers with the schedule as it stands now,
     * marked as replayed.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ScheduleRecurringResponse> scheduleRecurring(
        turnpike.v1.ScheduleRecurringRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getScheduleRecurringMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reads a schedule.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.GetScheduleResponse> getSchedule(
        turnpike.v1.GetScheduleRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getGetScheduleMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists schedules, newest first. Filters are combined with "and".
     * Errors: INVALID_FIELD, also for a page token that is not ours.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ListSchedulesResponse> listSchedules(
        turnpike.v1.ListSchedulesRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getListSchedulesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes the terms of a schedule, from the next occurrence on. What was taken already keeps its
     * amount; another token is used from the next try on, and an occurrence that waits for a token is
     * tried again at once.
     * A change of the cadence, the first date, the time zone or the local time moves the next
     * occurrence and those after it; numbers go on. Without a first date, a changed cadence counts from
     * the day on which the next occurrence would have fallen, which therefore stays where it is.
     * Errors: those of ScheduleRecurring, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, and STATE_FORBIDS for a
     * schedule that has ended.
     * Repeat: the same request id answers with the schedule as it stands now.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.UpdateScheduleResponse> updateSchedule(
        turnpike.v1.UpdateScheduleRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getUpdateScheduleMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Stops charging until ResumeSchedule. Tries that are planned wait as well; a payment that is on its
     * way is not called back.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, STATE_FORBIDS, REQUEST_ID_REUSED.
     * Repeat: pausing a paused schedule answers with the schedule.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.PauseScheduleResponse> pauseSchedule(
        turnpike.v1.PauseScheduleRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getPauseScheduleMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Charges again. Occurrences that fell into the pause are skipped; tries that were planned follow
     * now if their time has come. For a schedule that is PAST_DUE, `retry_failed` decides about the
     * occurrence that failed.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, STATE_FORBIDS, REQUEST_ID_REUSED.
     * Repeat: resuming an active schedule answers with the schedule.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ResumeScheduleResponse> resumeSchedule(
        turnpike.v1.ResumeScheduleRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getResumeScheduleMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Ends a schedule for good. Planned tries are dropped; a payment that is on its way is not called
     * back, and its outcome is still recorded.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, ETAG_MISMATCH, STATE_FORBIDS (it is COMPLETED),
     * REQUEST_ID_REUSED.
     * Repeat: cancelling a cancelled schedule answers with the schedule.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.CancelScheduleResponse> cancelSchedule(
        turnpike.v1.CancelScheduleRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getCancelScheduleMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Leaves one occurrence out: one that lies ahead, or one that waits for its next try or a token.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND, OCCURRENCE_NOT_FOUND (beyond the end), STATE_FORBIDS
     * (it is being charged, or has ended; or 100 are marked already), REQUEST_ID_REUSED.
     * Repeat: skipping a skipped occurrence answers with the schedule.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.SkipOccurrenceResponse> skipOccurrence(
        turnpike.v1.SkipOccurrenceRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getSkipOccurrenceMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the occurrences that were taken, newest first. Those ahead: PreviewOccurrences.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.ListOccurrencesResponse> listOccurrences(
        turnpike.v1.ListOccurrencesRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getListOccurrencesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Tells when occurrences will fall, of a schedule or of terms for which there is none yet. Nothing is
     * created and nobody is asked.
     * Errors: INVALID_FIELD, SCHEDULE_NOT_FOUND.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<turnpike.v1.PreviewOccurrencesResponse> previewOccurrences(
        turnpike.v1.PreviewOccurrencesRequest request) {
      return turnpike.Calls.futureUnaryCall(
          getChannel().newCall(getPreviewOccurrencesMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_SCHEDULE_RECURRING = 0;
  private static final int METHODID_GET_SCHEDULE = 1;
  private static final int METHODID_LIST_SCHEDULES = 2;
  private static final int METHODID_UPDATE_SCHEDULE = 3;
  private static final int METHODID_PAUSE_SCHEDULE = 4;
  private static final int METHODID_RESUME_SCHEDULE = 5;
  private static final int METHODID_CANCEL_SCHEDULE = 6;
  private static final int METHODID_SKIP_OCCURRENCE = 7;
  private static final int METHODID_LIST_OCCURRENCES = 8;
  private static final int METHODID_PREVIEW_OCCURRENCES = 9;

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
        case METHODID_SCHEDULE_RECURRING:
          serviceImpl.scheduleRecurring((turnpike.v1.ScheduleRecurringRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ScheduleRecurringResponse>) responseObserver);
          break;
        case METHODID_GET_SCHEDULE:
          serviceImpl.getSchedule((turnpike.v1.GetScheduleRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.GetScheduleResponse>) responseObserver);
          break;
        case METHODID_LIST_SCHEDULES:
          serviceImpl.listSchedules((turnpike.v1.ListSchedulesRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ListSchedulesResponse>) responseObserver);
          break;
        case METHODID_UPDATE_SCHEDULE:
          serviceImpl.updateSchedule((turnpike.v1.UpdateScheduleRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.UpdateScheduleResponse>) responseObserver);
          break;
        case METHODID_PAUSE_SCHEDULE:
          serviceImpl.pauseSchedule((turnpike.v1.PauseScheduleRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.PauseScheduleResponse>) responseObserver);
          break;
        case METHODID_RESUME_SCHEDULE:
          serviceImpl.resumeSchedule((turnpike.v1.ResumeScheduleRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ResumeScheduleResponse>) responseObserver);
          break;
        case METHODID_CANCEL_SCHEDULE:
          serviceImpl.cancelSchedule((turnpike.v1.CancelScheduleRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.CancelScheduleResponse>) responseObserver);
          break;
        case METHODID_SKIP_OCCURRENCE:
          serviceImpl.skipOccurrence((turnpike.v1.SkipOccurrenceRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.SkipOccurrenceResponse>) responseObserver);
          break;
        case METHODID_LIST_OCCURRENCES:
          serviceImpl.listOccurrences((turnpike.v1.ListOccurrencesRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.ListOccurrencesResponse>) responseObserver);
          break;
        case METHODID_PREVIEW_OCCURRENCES:
          serviceImpl.previewOccurrences((turnpike.v1.PreviewOccurrencesRequest) request,
              (io.grpc.stub.StreamObserver<turnpike.v1.PreviewOccurrencesResponse>) responseObserver);
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
          getScheduleRecurringMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ScheduleRecurringRequest,
              turnpike.v1.ScheduleRecurringResponse>(
                service, METHODID_SCHEDULE_RECURRING)))
        .addMethod(
          getGetScheduleMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.GetScheduleRequest,
              turnpike.v1.GetScheduleResponse>(
                service, METHODID_GET_SCHEDULE)))
        .addMethod(
          getListSchedulesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ListSchedulesRequest,
              turnpike.v1.ListSchedulesResponse>(
                service, METHODID_LIST_SCHEDULES)))
        .addMethod(
          getUpdateScheduleMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.UpdateScheduleRequest,
              turnpike.v1.UpdateScheduleResponse>(
                service, METHODID_UPDATE_SCHEDULE)))
        .addMethod(
          getPauseScheduleMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.PauseScheduleRequest,
              turnpike.v1.PauseScheduleResponse>(
                service, METHODID_PAUSE_SCHEDULE)))
        .addMethod(
          getResumeScheduleMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ResumeScheduleRequest,
              turnpike.v1.ResumeScheduleResponse>(
                service, METHODID_RESUME_SCHEDULE)))
        .addMethod(
          getCancelScheduleMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.CancelScheduleRequest,
              turnpike.v1.CancelScheduleResponse>(
                service, METHODID_CANCEL_SCHEDULE)))
        .addMethod(
          getSkipOccurrenceMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.SkipOccurrenceRequest,
              turnpike.v1.SkipOccurrenceResponse>(
                service, METHODID_SKIP_OCCURRENCE)))
        .addMethod(
          getListOccurrencesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.ListOccurrencesRequest,
              turnpike.v1.ListOccurrencesResponse>(
                service, METHODID_LIST_OCCURRENCES)))
        .addMethod(
          getPreviewOccurrencesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              turnpike.v1.PreviewOccurrencesRequest,
              turnpike.v1.PreviewOccurrencesResponse>(
                service, METHODID_PREVIEW_OCCURRENCES)))
        .build();
  }

  private static abstract class RecurringServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    RecurringServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return turnpike.v1.RecurringServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("RecurringService");
    }
  }

  private static final class RecurringServiceFileDescriptorSupplier
      extends RecurringServiceBaseDescriptorSupplier {
    RecurringServiceFileDescriptorSupplier() {}
  }

  private static final class RecurringServiceMethodDescriptorSupplier
      extends RecurringServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    RecurringServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (RecurringServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new RecurringServiceFileDescriptorSupplier())
              .addMethod(getScheduleRecurringMethod())
              .addMethod(getGetScheduleMethod())
              .addMethod(getListSchedulesMethod())
              .addMethod(getUpdateScheduleMethod())
              .addMethod(getPauseScheduleMethod())
              .addMethod(getResumeScheduleMethod())
              .addMethod(getCancelScheduleMethod())
              .addMethod(getSkipOccurrenceMethod())
              .addMethod(getListOccurrencesMethod())
              .addMethod(getPreviewOccurrencesMethod())
              .build();
        }
      }
    }
    return result;
  }
}
