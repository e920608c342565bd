package turnpike;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import turnpike.v1.AdvanceClockRequest;
import turnpike.v1.ArrangeScenarioRequest;
import turnpike.v1.ClearScenario;
import turnpike.v1.CustomerCancels;
import turnpike.v1.CustomerPays;
import turnpike.v1.CustomerScenario;
import turnpike.v1.FaultKind;
import turnpike.v1.FaultScenario;
import turnpike.v1.GetClockRequest;

/**
 * What a test does to a gateway in development mode ({@code turnpike dev}): it moves the time, acts
 * as the customer, and makes the simulated providers misbehave. Elsewhere each of them fails with
 * UNIMPLEMENTED. {@link Turnpike#sandbox} can do more.
 */
public final class Development {
  /**
   * The gateway gives up on a way of the clock after ten minutes; then it should be the one to say
   * so.
   */
  private static final Duration ADVANCING = Duration.ofMinutes(11);

  private final Turnpike turnpike;

  Development(Turnpike turnpike) {
    this.turnpike = turnpike;
  }

  /**
   * Moves the merchant's clock forward, and lets happen what falls due on the way. It waits for
   * that, up to eleven minutes.
   *
   * @param by from zero to 3,653 days
   * @return the merchant's time afterwards
   * @throws TurnpikeException INVALID_FIELD, STATE_FORBIDS or SANDBOX_DISABLED
   */
  public Instant advance(Duration by) {
    AdvanceClockRequest request =
        AdvanceClockRequest.newBuilder()
            .setBy(
                com.google.protobuf.Duration.newBuilder()
                    .setSeconds(by.getSeconds())
                    .setNanos(by.getNano()))
            .build();
    return instant(
        turnpike
            .sandbox()
            .withDeadlineAfter(ADVANCING.toMillis(), TimeUnit.MILLISECONDS)
            .advanceClock(request)
            .getNow());
  }

  /**
   * Tells the merchant's time.
   *
   * @return the time
   * @throws TurnpikeException SANDBOX_DISABLED
   */
  public Instant now() {
    return instant(turnpike.sandbox().getClock(GetClockRequest.getDefaultInstance()).getNow());
  }

  /**
   * Pays on the page of a session, as the customer, with a card that the provider approves, and
   * agrees to have it saved.
   *
   * @param sessionId the session
   * @return the address to which the browser comes back, for ConfirmSession; empty when it does not
   * @throws TurnpikeException SESSION_NOT_FOUND, STATE_FORBIDS or SANDBOX_DISABLED
   */
  public String pay(String sessionId) {
    return pay(sessionId, "");
  }

  /**
   * Pays on the page of a session, as the customer, and agrees to have the card saved.
   *
   * @param sessionId the session
   * @param card the number of a test card, 12 to 19 digits; empty means one that the provider
   *     approves
   * @return the address to which the browser comes back, for ConfirmSession; empty when it does not
   * @throws TurnpikeException INVALID_FIELD, SESSION_NOT_FOUND, STATE_FORBIDS or SANDBOX_DISABLED
   */
  public String pay(String sessionId, String card) {
    return act(
        sessionId,
        at -> at.setPay(CustomerPays.newBuilder().setCardNumber(card).setSaveCard(true)));
  }

  /**
   * Presses "cancel" on the page of a session, as the customer.
   *
   * @param sessionId the session
   * @return the address to which the browser comes back, for ConfirmSession; empty when it does not
   * @throws TurnpikeException SESSION_NOT_FOUND, STATE_FORBIDS or SANDBOX_DISABLED
   */
  public String cancel(String sessionId) {
    return act(sessionId, at -> at.setCancel(CustomerCancels.getDefaultInstance()));
  }

  /**
   * Makes the provider of an account misbehave at its next call.
   *
   * @param kind how
   * @param account whose; empty means all
   * @return how many faults are in force now
   * @throws TurnpikeException INVALID_FIELD, ACCOUNT_NOT_FOUND or SANDBOX_DISABLED
   */
  public int fault(FaultKind kind, String account) {
    return fault(FaultScenario.newBuilder().setKind(kind).setAccount(account).build());
  }

  /**
   * Makes a provider misbehave, at the calls and for as many of them as the fault says.
   *
   * @param fault its kind is required
   * @return how many faults are in force now
   * @throws TurnpikeException INVALID_FIELD, ACCOUNT_NOT_FOUND or SANDBOX_DISABLED
   */
  public int fault(FaultScenario fault) {
    ArrangeScenarioRequest request = ArrangeScenarioRequest.newBuilder().setFault(fault).build();
    return turnpike.sandbox().arrangeScenario(request).getActiveFaults();
  }

  /**
   * Ends all faults.
   *
   * @throws TurnpikeException SANDBOX_DISABLED
   */
  public void clear() {
    turnpike
        .sandbox()
        .arrangeScenario(
            ArrangeScenarioRequest.newBuilder()
                .setClear(ClearScenario.getDefaultInstance())
                .build());
  }

  private String act(String sessionId, Consumer<CustomerScenario.Builder> action) {
    CustomerScenario.Builder customer = CustomerScenario.newBuilder().setSessionId(sessionId);
    action.accept(customer);
    ArrangeScenarioRequest request =
        ArrangeScenarioRequest.newBuilder().setCustomer(customer).build();
    return turnpike.sandbox().arrangeScenario(request).getReturnUrl();
  }

  private static Instant instant(com.google.protobuf.Timestamp time) {
    return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
  }
}
