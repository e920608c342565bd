package turnpike;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import turnpike.v1.Event;
import turnpike.v1.EventServiceGrpc;
import turnpike.v1.StreamEventsRequest;
import turnpike.v1.StreamEventsResponse;

@Timeout(30)
final class EventFollowerTest {
  private final List<StreamEventsRequest> requests = new CopyOnWriteArrayList<>();
  private final Queue<Consumer<StreamObserver<StreamEventsResponse>>> streams = new ArrayDeque<>();
  private final CountDownLatch cancelled = new CountDownLatch(1);

  private FakeGateway gateway;
  private Turnpike turnpike;

  @BeforeEach
  void start() throws IOException {
    gateway = new FakeGateway(new Events());
    turnpike = gateway.client();
  }

  @AfterEach
  void stop() {
    turnpike.close();
    gateway.close();
  }

  private final class Events extends EventServiceGrpc.EventServiceImplBase {
    @Override
    public void streamEvents(
        StreamEventsRequest request, StreamObserver<StreamEventsResponse> observer) {
      ((ServerCallStreamObserver<StreamEventsResponse>) observer)
          .setOnCancelHandler(cancelled::countDown);
      requests.add(request);
      streams.remove().accept(observer);
    }
  }

  private static void give(StreamObserver<StreamEventsResponse> stream, String id, String cursor) {
    stream.onNext(
        StreamEventsResponse.newBuilder()
            .setEvent(Event.newBuilder().setId(id))
            .setCursor(cursor)
            .build());
  }

  private static void live(StreamObserver<StreamEventsResponse> stream, String cursor) {
    stream.onNext(StreamEventsResponse.newBuilder().setCursor(cursor).build());
  }

  private static void fail(StreamObserver<StreamEventsResponse> stream, Status.Code code) {
    stream.onError(code.toStatus().asRuntimeException());
  }

  private static void assertNext(EventFollower events, String id, String cursor) {
    FollowedEvent next = events.next();
    assertEquals(id, next.event().getId());
    assertEquals(cursor, next.cursor());
  }

  @Test
  void aBrokenStreamIsTakenUpAfterTheLastEvent() {
    streams.add(
        stream -> {
          give(stream, "evt_1", "c1");
          give(stream, "evt_2", "c2");
          fail(stream, Status.Code.UNAVAILABLE);
        });
    streams.add(stream -> fail(stream, Status.Code.INTERNAL));
    // An end in good order is no end either.
    streams.add(
        stream -> {
          live(stream, "c5");
          stream.onCompleted();
        });
    streams.add(stream -> give(stream, "evt_3", "c6"));
    try (EventFollower events = turnpike.follow("c0", "payment.*")) {
      assertEquals("c0", events.cursor());
      assertNext(events, "evt_1", "c1");
      assertNext(events, "evt_2", "c2");
      assertNext(events, "evt_3", "c6");
    }
    assertEquals(
        List.of("c0", "c2", "c2", "c5"),
        requests.stream().map(StreamEventsRequest::getAfter).toList());
    assertTrue(
        requests.stream().allMatch(each -> each.getTypesList().equals(List.of("payment.*"))));
    assertTrue(requests.stream().noneMatch(StreamEventsRequest::getOnlyNew));
  }

  @Test
  void onlyNewIsAskedForUntilThereIsAPlaceToGoOnFrom() {
    streams.add(stream -> fail(stream, Status.Code.UNAVAILABLE));
    streams.add(
        stream -> {
          live(stream, "c1");
          fail(stream, Status.Code.UNAVAILABLE);
        });
    streams.add(stream -> give(stream, "evt_1", "c2"));
    try (EventFollower events = turnpike.followNew()) {
      assertNext(events, "evt_1", "c2");
    }
    assertEquals(
        List.of(true, true, false),
        requests.stream().map(StreamEventsRequest::getOnlyNew).toList());
    assertEquals("c1", requests.get(2).getAfter());
  }

  @Test
  void aSilentStreamIsTakenUpAgain() throws Exception {
    streams.add(stream -> live(stream, "c1"));
    streams.add(stream -> give(stream, "evt_1", "c2"));
    EventFollower events =
        new EventFollower(turnpike.channel(), "c0", false, List.of(), Duration.ofMillis(700));
    assertNext(events, "evt_1", "c2");
    assertEquals("c1", requests.get(1).getAfter());
    assertTrue(cancelled.await(10, TimeUnit.SECONDS), "the silent one was not cancelled");
    events.close();
    assertEquals(Duration.ofSeconds(40), EventFollower.SILENCE);
  }

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"INVALID_ARGUMENT", "UNAUTHENTICATED", "PERMISSION_DENIED", "UNIMPLEMENTED"})
  void itEndsWhereGoingOnIsUseless(Status.Code code) {
    streams.add(stream -> fail(stream, code));
    try (EventFollower events = turnpike.follow("c0")) {
      assertEquals(code, assertThrows(TurnpikeException.class, events::hasNext).code());
      assertFalse(events.hasNext());
      assertThrows(NoSuchElementException.class, events::next);
    }
    assertEquals(1, requests.size());
  }

  @Test
  void closingEndsAReaderThatWaits() throws Exception {
    CountDownLatch open = new CountDownLatch(1);
    streams.add(stream -> open.countDown());
    EventFollower events = turnpike.follow("");
    CompletableFuture<Boolean> reader = CompletableFuture.supplyAsync(events::hasNext);
    assertTrue(open.await(10, TimeUnit.SECONDS));
    events.close();
    assertFalse(reader.get(10, TimeUnit.SECONDS));
    assertTrue(cancelled.await(10, TimeUnit.SECONDS), "the stream was not cancelled");
  }

  @Test
  void anInterruptedReaderIsToldSo() throws Exception {
    streams.add(stream -> {});
    EventFollower events = turnpike.follow("");
    CompletableFuture<Object> outcome = new CompletableFuture<>();
    Thread reader =
        new Thread(
            () -> {
              try {
                outcome.complete(events.hasNext());
              } catch (TurnpikeException interrupted) {
                outcome.complete(interrupted.code() + " " + Thread.currentThread().isInterrupted());
              }
            });
    reader.start();
    Thread.sleep(200);
    reader.interrupt();
    assertEquals("CANCELLED true", outcome.get(10, TimeUnit.SECONDS));
  }

  @Test
  void aReaderThatIsSlowMissesNothing() {
    streams.add(
        stream -> {
          for (int each = 1; each <= 1000; each++) {
            give(stream, "evt_" + each, "c" + each);
          }
          fail(stream, Status.Code.UNAVAILABLE);
        });
    streams.add(stream -> give(stream, "evt_1001", "c1001"));
    try (EventFollower events = turnpike.follow("")) {
      for (int each = 1; each <= 1001; each++) {
        assertNext(events, "evt_" + each, "c" + each);
      }
    }
    assertEquals("c1000", requests.get(1).getAfter());
  }

  /** Asks for one event, and for as many more as a test says. */
  private static final class Reader implements Flow.Subscriber<FollowedEvent> {
    private final BlockingQueue<Object> told = new LinkedBlockingQueue<>();
    private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription.complete(given);
    }

    @Override
    public void onNext(FollowedEvent next) {
      told.add(next.event().getId() + " " + next.cursor());
    }

    @Override
    public void onError(Throwable error) {
      told.add(error);
    }

    @Override
    public void onComplete() {
      told.add("complete");
    }

    Flow.Subscription subscription() throws Exception {
      return subscription.get(10, TimeUnit.SECONDS);
    }

    Object next() throws InterruptedException {
      return told.poll(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void aSubscriberGetsWhatItAsksForAndNoMore() throws Exception {
    streams.add(
        stream -> {
          give(stream, "evt_1", "c1");
          give(stream, "evt_2", "c2");
          fail(stream, Status.Code.UNAVAILABLE);
        });
    streams.add(stream -> give(stream, "evt_3", "c3"));
    Reader reader = new Reader();
    turnpike.followAsync("c0", "payment.*").subscribe(reader);
    reader.subscription().request(1);
    assertEquals("evt_1 c1", reader.next());
    assertNull(reader.told.poll(200, TimeUnit.MILLISECONDS), "only one was asked for");
    reader.subscription().request(Long.MAX_VALUE);
    reader.subscription().request(Long.MAX_VALUE);
    assertEquals("evt_2 c2", reader.next());
    assertEquals("evt_3 c3", reader.next());
    reader.subscription().cancel();
    assertTrue(cancelled.await(10, TimeUnit.SECONDS), "the stream has ended");
    assertNull(reader.told.poll(100, TimeUnit.MILLISECONDS), "and nothing is said of it");
    assertEquals("c2", requests.get(1).getAfter());
  }

  @Test
  void aSubscriberIsToldWhereGoingOnIsUseless() throws Exception {
    streams.add(stream -> fail(stream, Status.Code.PERMISSION_DENIED));
    Reader reader = new Reader();
    turnpike.followAsync("").subscribe(reader);
    reader.subscription().request(1);
    TurnpikeException error = assertInstanceOf(TurnpikeException.class, reader.next());
    assertEquals(Status.Code.PERMISSION_DENIED, error.code());
  }

  @Test
  void aSubscriberThatAsksForNothingIsWrong() throws Exception {
    Reader reader = new Reader();
    turnpike.followAsync("").subscribe(reader);
    reader.subscription().request(0);
    assertInstanceOf(IllegalArgumentException.class, reader.next());
    assertThrows(NullPointerException.class, () -> turnpike.followAsync("").subscribe(null));
  }
}
