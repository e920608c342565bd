package turnpike;

import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import turnpike.v1.StreamEventsRequest;
import turnpike.v1.StreamEventsResponse;

/**
 * The events of the log as they happen, without end. When the stream breaks it is taken up again
 * after the last event that was handed out, with pauses from 0.25 s to 5 s, for as long as the
 * reader wants: none is lost and none comes twice. A stream that has been silent for 40 s, without
 * even a sign of life, counts as broken.
 *
 * <pre>{@code
 * try (EventFollower events = turnpike.follow(cursorThatWasKept, "payment.*")) {
 *   while (events.hasNext()) {
 *     FollowedEvent next = events.next();
 *     takeIn(next.event(), next.cursor());
 *   }
 * }
 * }</pre>
 *
 * <p>{@link #hasNext} waits, and throws a {@link TurnpikeException} where going on is useless: a
 * wrong cursor or type, a wrong key, or what is not allowed or not served. One thread reads; any
 * thread may {@link #close}.
 */
public final class EventFollower implements Iterator<FollowedEvent>, AutoCloseable {
  /** The gateway gives a sign of life every 15 seconds. */
  static final Duration SILENCE = Duration.ofSeconds(40);

  private static final Set<Status.Code> USELESS =
      Set.of(
          Status.Code.INVALID_ARGUMENT,
          Status.Code.UNAUTHENTICATED,
          Status.Code.PERMISSION_DENIED,
          Status.Code.UNIMPLEMENTED);

  private final Channel channel;
  private final List<String> types;
  private final boolean isOnlyNew;
  private final Duration silence;
  private final CountDownLatch closed = new CountDownLatch(1);

  private String cursor;
  private Duration pause = Reconnecting.FIRST_PAUSE;
  private FollowedEvent ready;
  // Of this, and only of this, `close` in another thread is a user as well.
  private volatile EventStream stream;

  EventFollower(
      Channel channel, String after, boolean isOnlyNew, List<String> types, Duration silence) {
    this.channel = channel;
    this.cursor = after == null ? "" : after;
    this.isOnlyNew = isOnlyNew;
    this.types = types;
    this.silence = silence;
  }

  static EventFollower after(Channel channel, String after, String... types) {
    return new EventFollower(channel, after, false, List.of(types), SILENCE);
  }

  static EventFollower onlyNew(Channel channel, String... types) {
    EventFollower events = new EventFollower(channel, "", true, List.of(types), SILENCE);
    // What happens from this call on is new, not what happens from the first hasNext on.
    events.begin();
    return events;
  }

  /**
   * The place that was reached, also where events of other types were passed over.
   *
   * @return the cursor of the last event that was handed out, or a later one; what was given at
   *     first, as long as nothing has come
   */
  public String cursor() {
    return cursor;
  }

  /**
   * Waits for the next event.
   *
   * @return true, and false once this is closed
   * @throws TurnpikeException where going on is useless, and when the thread is interrupted
   *     (CANCELLED)
   */
  @Override
  public boolean hasNext() {
    try {
      while (ready == null && closed.getCount() > 0) {
        take();
      }
      return ready != null && closed.getCount() > 0;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      close();
      throw TurnpikeException.of(
          Status.CANCELLED.withDescription("interrupted").asRuntimeException());
    }
  }

  /**
   * The next event; it waits for it as {@link #hasNext} does.
   *
   * @return the event and its cursor
   * @throws NoSuchElementException once this is closed
   */
  @Override
  public FollowedEvent next() {
    if (!hasNext()) {
      throw new NoSuchElementException("closed");
    }
    FollowedEvent next = ready;
    ready = null;
    return next;
  }

  /** Ends it, also for a thread that waits in {@link #hasNext}. */
  @Override
  public void close() {
    closed.countDown();
    EventStream open = stream;
    if (open != null) {
      open.cancel();
    }
  }

  private void begin() {
    StreamEventsRequest.Builder request = StreamEventsRequest.newBuilder().addAllTypes(types);
    if (isOnlyNew && cursor.isEmpty()) {
      request.setOnlyNew(true);
    } else {
      request.setAfter(cursor);
    }
    stream = EventStream.open(channel, request.build());
    if (closed.getCount() == 0) {
      // Closed in the meantime: whoever did it may have seen the stream before this one.
      stream.cancel();
    }
  }

  private void take() throws InterruptedException {
    if (stream == null) {
      begin();
    }
    EventStream.News news = stream.next(silence);
    if (news == null) {
      stream.cancel();
      rest();
    } else if (news.answer != null) {
      accept(news.answer);
    } else {
      end(news.status, news.trailers);
    }
  }

  private void accept(StreamEventsResponse answer) {
    pause = Reconnecting.FIRST_PAUSE;
    if (!answer.getCursor().isEmpty()) {
      cursor = answer.getCursor();
    }
    if (answer.hasEvent()) {
      ready = new FollowedEvent(answer.getEvent(), cursor);
    }
  }

  private void end(Status status, Metadata trailers) throws InterruptedException {
    if (USELESS.contains(status.getCode())) {
      close();
      throw TurnpikeException.of(status, trailers);
    }
    rest();
  }

  /** Pauses, up to a quarter shorter so that many readers do not come back at one time. */
  private void rest() throws InterruptedException {
    stream = null;
    long millis = pause.toMillis();
    closed.await(millis - ThreadLocalRandom.current().nextLong(millis / 4), TimeUnit.MILLISECONDS);
    pause = Reconnecting.doubled(pause);
  }
}
