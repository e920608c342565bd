package turnpike

import (
	"fmt"

	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

// DeclineOf returns why a payment was declined, or nil when it was not.
//
// A payment that requires action may have one too: of an attempt that failed while the customer may still try again.
func DeclineOf(payment *turnpikev1.Payment) *turnpikev1.Decline { return payment.GetDecline() }

// RequirePaid returns the payment when it is authorized or captured, and otherwise an error that holds it:
// [*DeclinedError], [*UnresolvedError], [*ActionRequiredError], or [*NotPaidError] for every other state.
func RequirePaid(payment *turnpikev1.Payment) (*turnpikev1.Payment, error) {
	switch payment.GetState() {
	case turnpikev1.PaymentState_PAYMENT_STATE_AUTHORIZED, turnpikev1.PaymentState_PAYMENT_STATE_CAPTURED:
		return payment, nil
	case turnpikev1.PaymentState_PAYMENT_STATE_DECLINED:
		return nil, &DeclinedError{payment}
	case turnpikev1.PaymentState_PAYMENT_STATE_UNRESOLVED:
		return nil, &UnresolvedError{payment}
	case turnpikev1.PaymentState_PAYMENT_STATE_REQUIRES_ACTION:
		return nil, &ActionRequiredError{payment}
	default:
		return nil, &NotPaidError{payment}
	}
}

// DeclinedError says that the customer's bank or the provider refused. Nothing was taken. To try again, as far as
// Decline.retry_advice allows, use a new request id.
type DeclinedError struct{ Payment *turnpikev1.Payment }

// Error names the payment, the reason and the advice.
func (e *DeclinedError) Error() string {
	decline := e.Payment.GetDecline()
	return fmt.Sprintf("turnpike: payment %s was declined: %s, %s",
		e.Payment.GetId(), decline.GetReason(), decline.GetRetryAdvice())
}

// UnresolvedError says that something was sent and the outcome is not known. The gateway keeps asking the provider: wait for
// an event or watch the payment, and do not charge again.
type UnresolvedError struct{ Payment *turnpikev1.Payment }

// Error names the payment.
func (e *UnresolvedError) Error() string {
	return fmt.Sprintf("turnpike: the outcome of payment %s is not known yet; do not charge again", e.Payment.GetId())
}

// ActionRequiredError says that the customer has to do something: see Payment.next_action.
type ActionRequiredError struct{ Payment *turnpikev1.Payment }

// Error names the payment. It does not show the address for the customer, which is a secret.
func (e *ActionRequiredError) Error() string {
	return fmt.Sprintf("turnpike: payment %s waits for the customer", e.Payment.GetId())
}

// NotPaidError says that the payment is in another state in which it cannot count as paid, such as PROCESSING, VOIDED or
// REFUNDED. PROCESSING may still become paid: do not charge again.
type NotPaidError struct{ Payment *turnpikev1.Payment }

// Error names the payment and its state.
func (e *NotPaidError) Error() string {
	return fmt.Sprintf("turnpike: payment %s is not paid: %s", e.Payment.GetId(), e.Payment.GetState())
}
