package turnpike;

import turnpike.v1.Decline;
import turnpike.v1.NextAction;
import turnpike.v1.Payment;

/**
 * A payment that is neither authorized nor captured. {@link Outcome#requirePaid} throws it; calls
 * never do. Its message tells the id and the state, and nothing about the customer.
 */
public class NotPaidException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** As it was answered. */
  private final Payment payment;

  NotPaidException(Payment payment) {
    this(payment, "");
  }

  private NotPaidException(Payment payment, String more) {
    super(payment.getId() + " is " + without(payment.getState().name(), "PAYMENT_STATE_") + more);
    this.payment = payment;
  }

  /**
   * The payment.
   *
   * @return as it was answered
   */
  public Payment payment() {
    return payment;
  }

  private static String without(String name, String prefix) {
    return name.startsWith(prefix) ? name.substring(prefix.length()) : name;
  }

  /** Refused by the customer's bank or the provider. */
  public static final class Declined extends NotPaidException {
    private static final long serialVersionUID = 1L;

    Declined(Payment payment) {
      super(payment, ": " + without(payment.getDecline().getReason().name(), "DECLINE_REASON_"));
    }

    /**
     * Why, and what may be tried next.
     *
     * @return the decline
     */
    public Decline decline() {
      return payment().getDecline();
    }
  }

  /** The outcome is not known. The gateway keeps asking; do not charge again. */
  public static final class Unresolved extends NotPaidException {
    private static final long serialVersionUID = 1L;

    Unresolved(Payment payment) {
      super(payment, ": do not charge again");
    }
  }

  /** The customer has to do something. */
  public static final class ActionRequired extends NotPaidException {
    private static final long serialVersionUID = 1L;

    ActionRequired(Payment payment) {
      super(payment);
    }

    /**
     * What the customer has to do.
     *
     * @return the action
     */
    public NextAction nextAction() {
      return payment().getNextAction();
    }
  }
}
