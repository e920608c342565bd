package turnpike;

import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.ListenableFuture;
import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.util.Iterator;

/**
 * How the generated stubs make their calls: as gRPC's {@link ClientCalls} does, with errors that
 * are a {@link TurnpikeException}. It is for the generated code; use the stubs.
 */
public final class Calls {
  private Calls() {}

  /**
   * Makes a call and waits for its answer.
   *
   * @param <Q> the type of the request
   * @param <A> the type of the answer
   * @param channel the channel
   * @param method the method
   * @param options the options of the call
   * @param request the request
   * @return the answer
   * @throws TurnpikeException when the call fails
   */
  public static <Q, A> A blockingUnaryCall(
      Channel channel, MethodDescriptor<Q, A> method, CallOptions options, Q request) {
    try {
      return ClientCalls.blockingUnaryCall(channel, method, options, request);
    } catch (StatusRuntimeException failed) {
      throw TurnpikeException.of(failed);
    }
  }

  /**
   * Begins a stream and waits for each of its answers.
   *
   * @param <Q> the type of the request
   * @param <A> the type of the answers
   * @param channel the channel
   * @param method the method
   * @param options the options of the call
   * @param request the request
   * @return the answers; the iterator throws a TurnpikeException when the stream fails
   */
  public static <Q, A> Iterator<A> blockingServerStreamingCall(
      Channel channel, MethodDescriptor<Q, A> method, CallOptions options, Q request) {
    Iterator<A> answers =
        ClientCalls.blockingServerStreamingCall(channel, method, options, request);
    return new Iterator<A>() {
      @Override
      public boolean hasNext() {
        try {
          return answers.hasNext();
        } catch (StatusRuntimeException failed) {
          throw TurnpikeException.of(failed);
        }
      }

      @Override
      public A next() {
        try {
          return answers.next();
        } catch (StatusRuntimeException failed) {
          throw TurnpikeException.of(failed);
        }
      }
    };
  }

  /**
   * Makes a call without waiting.
   *
   * @param <Q> the type of the request
   * @param <A> the type of the answer
   * @param call the call
   * @param request the request
   * @return the answer to come, or a TurnpikeException
   */
  public static <Q, A> ListenableFuture<A> futureUnaryCall(ClientCall<Q, A> call, Q request) {
    return Futures.catchingAsync(
        ClientCalls.futureUnaryCall(call, request),
        StatusRuntimeException.class,
        failed -> Futures.immediateFailedFuture(TurnpikeException.of(failed)),
        MoreExecutors.directExecutor());
  }

  /**
   * Makes a call and tells an observer of its answer.
   *
   * @param <Q> the type of the request
   * @param <A> the type of the answer
   * @param call the call
   * @param request the request
   * @param observer is told of the answer, or of a TurnpikeException
   */
  public static <Q, A> void asyncUnaryCall(
      ClientCall<Q, A> call, Q request, StreamObserver<A> observer) {
    ClientCalls.asyncUnaryCall(call, request, new Observing<Q, A>(observer));
  }

  /**
   * Begins a stream and tells an observer of each of its answers.
   *
   * @param <Q> the type of the request
   * @param <A> the type of the answers
   * @param call the call
   * @param request the request
   * @param observer is told of the answers, and of a TurnpikeException when the stream fails
   */
  public static <Q, A> void asyncServerStreamingCall(
      ClientCall<Q, A> call, Q request, StreamObserver<A> observer) {
    ClientCalls.asyncServerStreamingCall(call, request, new Observing<Q, A>(observer));
  }

  private static final class Observing<Q, A> implements ClientResponseObserver<Q, A> {
    private final StreamObserver<A> observer;

    Observing(StreamObserver<A> observer) {
      this.observer = observer;
    }

    @Override
    @SuppressWarnings("unchecked") // gRPC, too, believes that such an observer is one of this call.
    public void beforeStart(ClientCallStreamObserver<Q> call) {
      if (observer instanceof ClientResponseObserver) {
        ((ClientResponseObserver<Q, A>) observer).beforeStart(call);
      }
    }

    @Override
    public void onNext(A answer) {
      observer.onNext(answer);
    }

    @Override
    public void onError(Throwable failed) {
      observer.onError(TurnpikeException.of(failed));
    }

    @Override
    public void onCompleted() {
      observer.onCompleted();
    }
  }
}
