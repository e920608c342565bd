package turnpike;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import turnpike.v1.Decline;
import turnpike.v1.DeclineReason;
import turnpike.v1.NextAction;
import turnpike.v1.Payment;
import turnpike.v1.PaymentState;
import turnpike.v1.Redirect;

final class OutcomeTest {
  private static final Decline DECLINE =
      Decline.newBuilder().setReason(DeclineReason.DECLINE_REASON_INSUFFICIENT_FUNDS).build();

  private static Payment.Builder payment(PaymentState state) {
    return Payment.newBuilder().setId("pay_1").setState(state).setCustomerId("customer-1");
  }

  @Test
  void aDeclineIsToldOnlyOfWhatWasDeclined() {
    Payment declined = payment(PaymentState.PAYMENT_STATE_DECLINED).setDecline(DECLINE).build();
    assertEquals(Optional.of(DECLINE), Outcome.declineOf(declined));
    // The customer may still try again.
    Payment trying =
        payment(PaymentState.PAYMENT_STATE_REQUIRES_ACTION).setDecline(DECLINE).build();
    assertEquals(Optional.empty(), Outcome.declineOf(trying));
    assertEquals(
        Optional.empty(), Outcome.declineOf(payment(PaymentState.PAYMENT_STATE_CAPTURED).build()));
  }

  @ParameterizedTest
  @EnumSource(PaymentState.class)
  void onlyAuthorizedAndCapturedIsPaid(PaymentState state) {
    if (state == PaymentState.UNRECOGNIZED) {
      return;
    }
    Payment payment = payment(state).build();
    switch (state) {
      case PAYMENT_STATE_AUTHORIZED, PAYMENT_STATE_CAPTURED ->
          assertSame(payment, Outcome.requirePaid(payment));
      default -> {
        NotPaidException not =
            assertThrows(NotPaidException.class, () -> Outcome.requirePaid(payment));
        assertSame(payment, not.payment());
        Class<?> kind =
            switch (state) {
              case PAYMENT_STATE_DECLINED -> NotPaidException.Declined.class;
              case PAYMENT_STATE_UNRESOLVED -> NotPaidException.Unresolved.class;
              case PAYMENT_STATE_REQUIRES_ACTION -> NotPaidException.ActionRequired.class;
              default -> NotPaidException.class;
            };
        assertSame(kind, not.getClass());
      }
    }
  }

  @Test
  void eachTellsWhatItIsAbout() {
    Payment declined = payment(PaymentState.PAYMENT_STATE_DECLINED).setDecline(DECLINE).build();
    NotPaidException.Declined not =
        assertThrows(NotPaidException.Declined.class, () -> Outcome.requirePaid(declined));
    assertEquals(DECLINE, not.decline());
    assertEquals("pay_1 is DECLINED: INSUFFICIENT_FUNDS", not.getMessage());

    NextAction action =
        NextAction.newBuilder()
            .setRedirect(Redirect.newBuilder().setUrl("https://pay.example/secret"))
            .build();
    Payment waiting =
        payment(PaymentState.PAYMENT_STATE_REQUIRES_ACTION).setNextAction(action).build();
    NotPaidException.ActionRequired required =
        assertThrows(NotPaidException.ActionRequired.class, () -> Outcome.requirePaid(waiting));
    assertEquals(action, required.nextAction());
    // The address of the page is a secret.
    assertEquals("pay_1 is REQUIRES_ACTION", required.getMessage());
  }

  @Test
  void aStateThatIsNotKnownIsNotPaid() {
    Payment later = Payment.newBuilder().setId("pay_1").setStateValue(99).build();
    assertThrows(NotPaidException.class, () -> Outcome.requirePaid(later));
  }
}
