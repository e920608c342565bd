package turnpike;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Scope;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import turnpike.v1.AccountServiceGrpc;
import turnpike.v1.ListAccountsRequest;
import turnpike.v1.ListAccountsResponse;

/** What every call gets, and what it never gets, seen from a server. */
final class CallsTest {
  private static final ListAccountsRequest REQUEST =
      ListAccountsRequest.newBuilder().setPageSize(7).build();

  private FakeGateway gateway;
  private Turnpike turnpike;

  @BeforeEach
  void start() throws IOException {
    gateway = new FakeGateway();
    turnpike = gateway.client();
  }

  @AfterEach
  void stop() {
    turnpike.close();
    gateway.close();
  }

  private static String header(Metadata headers, String name) {
    return headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
  }

  private TurnpikeException failure() {
    return assertThrows(TurnpikeException.class, () -> turnpike.accounts().listAccounts(REQUEST));
  }

  @Test
  void everyCallBringsTheKey() {
    turnpike.accounts().listAccounts(REQUEST);
    Metadata seen = gateway.headers.get(0);
    assertEquals("Bearer tpk_test", header(seen, "authorization"));
    assertTrue(header(seen, "user-agent").startsWith("turnpike-java"));
    assertNull(header(seen, "traceparent"));
  }

  @Test
  void theCallersTraceGoesAlong() {
    SpanContext span =
        SpanContext.create(
            "4bf92f3577b34da6a3ce929d0e0e4736",
            "00f067aa0ba902b7",
            TraceFlags.getSampled(),
            TraceState.getDefault());
    try (Scope scope = Span.wrap(span).makeCurrent()) {
      assertTrue(scope != null);
      turnpike.accounts().listAccounts(REQUEST);
    }
    assertEquals(
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        header(gateway.headers.get(0), "traceparent"));
  }

  @Test
  void unavailableIsRepeatedFourTimesAndNoMore() {
    gateway.answer = FakeGateway.failing(Status.Code.UNAVAILABLE);
    assertEquals(Status.Code.UNAVAILABLE, failure().code());
    assertEquals(List.of(REQUEST, REQUEST, REQUEST, REQUEST, REQUEST), gateway.requests);
  }

  @Test
  void aRepetitionMaySucceed() {
    AtomicInteger calls = new AtomicInteger();
    gateway.answer =
        observer -> {
          if (calls.incrementAndGet() < 3) {
            FakeGateway.failing(Status.Code.UNAVAILABLE).accept(observer);
          } else {
            FakeGateway.succeed(observer);
          }
        };
    turnpike.accounts().listAccounts(REQUEST);
    assertEquals(3, gateway.requests.size());
  }

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"OK", "UNAVAILABLE"})
  void nothingElseIsRepeated(Status.Code code) {
    gateway.answer = FakeGateway.failing(code);
    assertEquals(code, failure().code());
    assertEquals(1, gateway.requests.size());
  }

  @Test
  void aDeadlineIsKeptAndNotRepeated() throws InterruptedException {
    gateway.answer = observer -> {};
    TurnpikeException late =
        assertThrows(
            TurnpikeException.class,
            () ->
                turnpike
                    .accounts()
                    .withDeadlineAfter(300, TimeUnit.MILLISECONDS)
                    .listAccounts(REQUEST));
    assertEquals(Status.Code.DEADLINE_EXCEEDED, late.code());
    Thread.sleep(1000);
    assertEquals(1, gateway.requests.size());
  }

  /** The milliseconds that the server was told, rounded up to a second. */
  private long secondsTold(Metadata headers) {
    String told = header(headers, "grpc-timeout");
    long number = Long.parseLong(told.substring(0, told.length() - 1));
    return switch (told.charAt(told.length() - 1)) {
      case 'n' -> (number + 1_000_000_000L - 1) / 1_000_000_000L;
      case 'u' -> (number + 1_000_000L - 1) / 1_000_000L;
      case 'm' -> (number + 1_000L - 1) / 1_000L;
      case 'S' -> number;
      default -> throw new AssertionError(told);
    };
  }

  @Test
  void aCallThatSaysNothingHas30Seconds() {
    turnpike.accounts().listAccounts(REQUEST);
    assertEquals(30, secondsTold(gateway.headers.get(0)));
  }

  @Test
  void aCallMayHaveMoreThan30Seconds() throws Exception {
    turnpike.accounts().withDeadlineAfter(90, TimeUnit.SECONDS).listAccounts(REQUEST);
    assertEquals(90, secondsTold(gateway.headers.get(0)));

    ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    try {
      Context.current()
          .withDeadline(Deadline.after(60, TimeUnit.SECONDS), timer)
          .call(() -> turnpike.accounts().listAccounts(REQUEST));
    } finally {
      timer.shutdownNow();
    }
    assertEquals(60, secondsTold(gateway.headers.get(1)));
  }

  @Test
  void theDeadlineCanBeSet() {
    try (Turnpike patient =
        Turnpike.builder()
            .url("http://127.0.0.1:" + gateway.port())
            .apiKey("tpk_test")
            .deadline(Duration.ofSeconds(45))
            .build()) {
      patient.accounts().listAccounts(REQUEST);
    }
    assertEquals(45, secondsTold(gateway.headers.get(0)));
  }

  @Test
  void futuresFailWithTheSameError() throws Exception {
    var good = turnpike.future().accounts().listAccounts(REQUEST);
    assertEquals(ListAccountsResponse.getDefaultInstance(), good.get(10, TimeUnit.SECONDS));
    gateway.answer = FakeGateway.failing(Status.Code.NOT_FOUND);
    var bad = turnpike.future().accounts().listAccounts(REQUEST);
    ExecutionException failed =
        assertThrows(ExecutionException.class, () -> bad.get(10, TimeUnit.SECONDS));
    TurnpikeException read = assertInstanceOf(TurnpikeException.class, failed.getCause());
    assertEquals(Status.Code.NOT_FOUND, read.code());
    assertInstanceOf(StatusRuntimeException.class, read.getCause());
  }

  @Test
  void aCancelledFutureCancelsTheCall() throws Exception {
    CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
    CompletableFuture<Boolean> arrived = new CompletableFuture<>();
    gateway.answer =
        observer -> {
          Context.current().addListener(context -> cancelled.complete(true), Runnable::run);
          arrived.complete(true);
        };
    var future = turnpike.future().accounts().listAccounts(REQUEST);
    arrived.get(10, TimeUnit.SECONDS);
    future.cancel(true);
    assertTrue(cancelled.get(10, TimeUnit.SECONDS));
  }

  @Test
  void observersAreToldTheSameError() throws Exception {
    gateway.answer = FakeGateway.failing(Status.Code.PERMISSION_DENIED);
    CompletableFuture<Throwable> failed = new CompletableFuture<>();
    CompletableFuture<Boolean> began = new CompletableFuture<>();
    AccountServiceGrpc.newStub(turnpike.channel())
        .listAccounts(
            REQUEST,
            new ClientResponseObserver<ListAccountsRequest, ListAccountsResponse>() {
              @Override
              public void beforeStart(ClientCallStreamObserver<ListAccountsRequest> call) {
                began.complete(true);
              }

              @Override
              public void onNext(ListAccountsResponse answer) {}

              @Override
              public void onError(Throwable error) {
                failed.complete(error);
              }

              @Override
              public void onCompleted() {}
            });
    assertTrue(began.get(10, TimeUnit.SECONDS));
    TurnpikeException read =
        assertInstanceOf(TurnpikeException.class, failed.get(10, TimeUnit.SECONDS));
    assertEquals(Status.Code.PERMISSION_DENIED, read.code());
  }

  @Test
  void aListenerThatRefusesAndThenAcceptsIsReached() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    try (Turnpike early = Turnpike.connect("http://127.0.0.1:" + port, "tpk_test")) {
      var answer = early.future().accounts().listAccounts(REQUEST);
      Thread.sleep(400);
      var server =
          io.grpc.Grpc.newServerBuilderForPort(port, io.grpc.InsecureServerCredentials.create())
              .addService(
                  new AccountServiceGrpc.AccountServiceImplBase() {
                    @Override
                    public void listAccounts(
                        ListAccountsRequest request,
                        io.grpc.stub.StreamObserver<ListAccountsResponse> observer) {
                      FakeGateway.succeed(observer);
                    }
                  })
              .build()
              .start();
      try {
        assertEquals(ListAccountsResponse.getDefaultInstance(), answer.get(10, TimeUnit.SECONDS));
      } finally {
        server.shutdownNow();
      }
    }
  }

  @Test
  void reconnectingDoesNotWaitAsLongAsGrpcWould() throws Exception {
    AtomicInteger attempts = new AtomicInteger();
    try (ServerSocket hangsUp = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
        Turnpike client =
            Turnpike.connect("http://127.0.0.1:" + hangsUp.getLocalPort(), "tpk_test")) {
      Thread answering =
          new Thread(
              () -> {
                try {
                  while (true) {
                    hangsUp.accept().close();
                    attempts.incrementAndGet();
                  }
                } catch (IOException closed) {
                  // The test is over.
                }
              });
      answering.start();
      var waiting = client.future().accounts().withWaitForReady().listAccounts(REQUEST);
      Thread.sleep(4500);
      waiting.cancel(true);
      // At 0, 0.25, 0.75, 1.75 and 3.75 s. gRPC alone would have tried at 0, 1 and 2.6 s.
      assertTrue(attempts.get() >= 5, attempts::toString);
      assertTrue(attempts.get() <= 12, attempts::toString);
    }
  }

  @Test
  void reconnectingPausesFiveSecondsAtMost() {
    Duration pause = Reconnecting.FIRST_PAUSE;
    for (int each = 0; each < 10; each++) {
      pause = Reconnecting.doubled(pause);
    }
    assertEquals(Duration.ofSeconds(5), pause);
  }
}
