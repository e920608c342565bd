package turnpike.served;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import turnpike.EventFollower;
import turnpike.Outcome;
import turnpike.Turnpike;
import turnpike.TurnpikeException;
import turnpike.v1.BrowserReturn;
import turnpike.v1.ConfirmSessionRequest;
import turnpike.v1.ErrorReason;
import turnpike.v1.Event;
import turnpike.v1.FaultKind;
import turnpike.v1.FaultScenario;
import turnpike.v1.GetPaymentRequest;
import turnpike.v1.ListAccountsRequest;
import turnpike.v1.ListEventsRequest;
import turnpike.v1.ListExchangesRequest;
import turnpike.v1.ListPaymentHistoryRequest;
import turnpike.v1.ListPaymentsRequest;
import turnpike.v1.Payment;
import turnpike.v1.SessionStatus;

/** The rooms of the layer, against a real gateway. */
@Tag("served")
@Timeout(120)
final class LayerTest {
  @TempDir static Path folder;

  private static Gateway gateway;
  private static Turnpike turnpike;

  @BeforeAll
  static void start() throws Exception {
    gateway = new Gateway(folder);
    turnpike = gateway.client();
  }

  @AfterAll
  static void stop() throws Exception {
    turnpike.close();
    gateway.stop();
  }

  private static Payment pay() {
    String session = Sessions.open(turnpike);
    String cameBackTo = turnpike.development().pay(session);
    assertTrue(cameBackTo.startsWith("https://shop.example/done"), cameBackTo);
    ConfirmSessionRequest confirm =
        ConfirmSessionRequest.newBuilder()
            .setRequestId("confirm-" + session)
            .setSessionId(session)
            .setReturned(BrowserReturn.newBuilder().setUrl(cameBackTo))
            .build();
    return Outcome.requirePaid(turnpike.sessions().confirmSession(confirm).getPayment());
  }

  private static <T> List<T> all(Iterable<T> entries) {
    List<T> found = new ArrayList<>();
    entries.forEach(found::add);
    return found;
  }

  @Test
  void listsGoOverMoreThanOnePage() {
    List<String> paid = new ArrayList<>();
    for (int each = 0; each < 5; each++) {
      paid.add(0, pay().getId());
    }
    ListPaymentsRequest payments = ListPaymentsRequest.newBuilder().setPageSize(2).build();
    List<String> listed =
        all(turnpike.pages().payments(payments)).stream().map(Payment::getId).toList();
    assertTrue(listed.containsAll(paid), listed::toString);
    assertEquals(listed.size(), new HashSet<>(listed).size());

    ListEventsRequest events = ListEventsRequest.newBuilder().setPageSize(3).build();
    List<Event> told = all(turnpike.pages().events(events));
    assertTrue(told.size() >= 15, told::toString);
    assertEquals(told.size(), told.stream().map(Event::getId).distinct().count());

    ListAccountsRequest accounts = ListAccountsRequest.newBuilder().setPageSize(1).build();
    assertTrue(
        turnpike.pages().accounts(accounts).stream()
            .map(account -> account.getName())
            .toList()
            .containsAll(List.of("dintero-dev", "pivot-dev")));
    ListPaymentHistoryRequest history =
        ListPaymentHistoryRequest.newBuilder().setPaymentId(paid.get(0)).setPageSize(1).build();
    assertTrue(all(turnpike.pages().paymentHistory(history)).size() >= 2);
    ListExchangesRequest exchanges = ListExchangesRequest.newBuilder().setPageSize(2).build();
    assertTrue(all(turnpike.pages().exchanges(exchanges)).size() >= 5);
  }

  @Test
  void errorsAreReadAsTheGatewayTellsThem() {
    GetPaymentRequest unknown = GetPaymentRequest.newBuilder().setPaymentId("pay_unknown").build();
    TurnpikeException failed =
        assertThrows(TurnpikeException.class, () -> turnpike.payments().getPayment(unknown));
    assertEquals(Status.Code.NOT_FOUND, failed.code());
    assertEquals(ErrorReason.ERROR_REASON_PAYMENT_NOT_FOUND, failed.reason());
    assertEquals("pay_unknown", failed.metadata().get("payment_id"));
  }

  @Test
  void aWrongCursorAndAWrongKeyEndFollowing() {
    try (EventFollower events = turnpike.follow("nonsense")) {
      TurnpikeException failed = assertThrows(TurnpikeException.class, events::hasNext);
      assertEquals(ErrorReason.ERROR_REASON_INVALID_FIELD, failed.reason());
    }
    try (Turnpike stranger = Turnpike.connect("http://127.0.0.1:" + gateway.port(), "tpk_unknown");
        EventFollower events = stranger.follow("")) {
      TurnpikeException failed = assertThrows(TurnpikeException.class, events::hasNext);
      assertEquals(ErrorReason.ERROR_REASON_INVALID_CREDENTIALS, failed.reason());
    }
  }

  @Test
  void developmentCancelsAndMisbehavesAndClears() {
    String session = Sessions.open(turnpike);
    turnpike.development().cancel(session);
    ConfirmSessionRequest look =
        ConfirmSessionRequest.newBuilder()
            .setRequestId("look-" + session)
            .setSessionId(session)
            .setReturned(BrowserReturn.getDefaultInstance())
            .build();
    assertEquals(
        SessionStatus.SESSION_STATUS_CANCELLED,
        turnpike.sessions().confirmSession(look).getSession().getStatus());

    FaultScenario throttled =
        FaultScenario.newBuilder()
            .setKind(FaultKind.FAULT_KIND_THROTTLED)
            .setProvider("dintero")
            .setTimes(1000)
            .build();
    assertEquals(1, turnpike.development().fault(throttled));
    TurnpikeException failed = assertThrows(TurnpikeException.class, () -> Sessions.open(turnpike));
    assertEquals(ErrorReason.ERROR_REASON_PROVIDER_THROTTLED, failed.reason());
    assertTrue(failed.nothingWasSent());
    turnpike.development().clear();
    // Afresh: a client that has failed five times in a row repeats nothing for a while.
    try (Turnpike another = gateway.client()) {
      // One fault, which a repetition outlives.
      assertEquals(1, another.development().fault(FaultKind.FAULT_KIND_THROTTLED, "dintero-dev"));
      assertTrue(Sessions.open(another).startsWith("ses_"));
    }
  }

  @Test
  void timeIsMovedOn() {
    Instant before = turnpike.development().now();
    Instant after = turnpike.development().advance(Duration.ofDays(3));
    long seconds = Duration.between(before.plus(Duration.ofDays(3)), after).getSeconds();
    assertTrue(seconds >= 0 && seconds < 60, () -> before + " and " + after);
    assertFalse(turnpike.development().now().isBefore(after));
  }
}
