package turnpike;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import turnpike.v1.EventServiceGrpc;
import turnpike.v1.StreamEventsRequest;
import turnpike.v1.StreamEventsResponse;

/**
 * One stream of events, until it breaks. What has arrived waits in a queue that gRPC is kept from
 * overfilling.
 */
final class EventStream extends ClientCall.Listener<StreamEventsResponse> {
  /** How many answers may wait here. */
  private static final int AHEAD = 16;

  private final ClientCall<StreamEventsRequest, StreamEventsResponse> call;
  private final BlockingQueue<News> arrived = new LinkedBlockingQueue<>();

  private EventStream(ClientCall<StreamEventsRequest, StreamEventsResponse> call) {
    this.call = call;
  }

  /** An answer, or how the stream ended. */
  static final class News {
    final StreamEventsResponse answer;
    final Status status;
    final Metadata trailers;

    private News(StreamEventsResponse answer, Status status, Metadata trailers) {
      this.answer = answer;
      this.status = status;
      this.trailers = trailers;
    }
  }

  static EventStream open(Channel channel, StreamEventsRequest request) {
    EventStream stream =
        new EventStream(
            channel.newCall(EventServiceGrpc.getStreamEventsMethod(), CallOptions.DEFAULT));
    stream.call.start(stream, new Metadata());
    stream.call.request(AHEAD);
    stream.call.sendMessage(request);
    stream.call.halfClose();
    return stream;
  }

  /** Waits for so long; null means that nothing came. */
  News next(Duration patience) throws InterruptedException {
    News news = arrived.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
    if (news != null && news.answer != null) {
      call.request(1);
    }
    return news;
  }

  void cancel() {
    call.cancel("the reader has left", null);
  }

  @Override
  public void onMessage(StreamEventsResponse answer) {
    arrived.add(new News(answer, null, null));
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    arrived.add(new News(null, status, trailers));
  }
}
