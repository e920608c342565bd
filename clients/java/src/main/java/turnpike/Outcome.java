package turnpike;

import java.util.Optional;
import turnpike.v1.Decline;
import turnpike.v1.Payment;
import turnpike.v1.PaymentState;

/**
 * What became of a payment. A decline is an answer, not an error; whoever prefers an exception asks
 * for it here.
 */
public final class Outcome {
  private Outcome() {}

  /**
   * Why a payment was declined.
   *
   * @param payment as the gateway answered it
   * @return nothing for a payment that was not declined, also when an earlier attempt of its
   *     customer was
   */
  public static Optional<Decline> declineOf(Payment payment) {
    return payment.getState() == PaymentState.PAYMENT_STATE_DECLINED
        ? Optional.of(payment.getDecline())
        : Optional.empty();
  }

  /**
   * Insists on a payment that is authorized or captured.
   *
   * @param payment as the gateway answered it
   * @return the payment
   * @throws NotPaidException.Declined when it was declined
   * @throws NotPaidException.Unresolved when its outcome is not known: do not charge again
   * @throws NotPaidException.ActionRequired when the customer has to do something
   * @throws NotPaidException in every other state
   */
  public static Payment requirePaid(Payment payment) {
    switch (payment.getState()) {
      case PAYMENT_STATE_AUTHORIZED:
      case PAYMENT_STATE_CAPTURED:
        return payment;
      case PAYMENT_STATE_DECLINED:
        throw new NotPaidException.Declined(payment);
      case PAYMENT_STATE_UNRESOLVED:
        throw new NotPaidException.Unresolved(payment);
      case PAYMENT_STATE_REQUIRES_ACTION:
        throw new NotPaidException.ActionRequired(payment);
      default:
        throw new NotPaidException(payment);
    }
  }
}
