package turnpike_test

import (
	"errors"
	"strings"
	"testing"

	turnpike "turnpike.example/go"
	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

func TestEveryStateIsPaidOrSaysWhyNot(t *testing.T) {
	for number, name := range turnpikev1.PaymentState_name {
		payment := &turnpikev1.Payment{Id: "pay_1", State: turnpikev1.PaymentState(number)}
		got, err := turnpike.RequirePaid(payment)
		want := "not paid"
		switch name {
		case "PAYMENT_STATE_AUTHORIZED", "PAYMENT_STATE_CAPTURED":
			want = "paid"
		case "PAYMENT_STATE_DECLINED":
			want = "declined"
		case "PAYMENT_STATE_UNRESOLVED":
			want = "unresolved"
		case "PAYMENT_STATE_REQUIRES_ACTION":
			want = "action required"
		}
		var (
			declined   *turnpike.DeclinedError
			unresolved *turnpike.UnresolvedError
			action     *turnpike.ActionRequiredError
			notPaid    *turnpike.NotPaidError
			kind       string
			held       = got
		)
		switch {
		case err == nil:
			kind = "paid"
		case errors.As(err, &declined):
			kind, held = "declined", declined.Payment
		case errors.As(err, &unresolved):
			kind, held = "unresolved", unresolved.Payment
		case errors.As(err, &action):
			kind, held = "action required", action.Payment
		case errors.As(err, &notPaid):
			kind, held = "not paid", notPaid.Payment
		}
		if kind != want || held != payment || (err != nil) == (got != nil) {
			t.Errorf("%s is %q, want %q", name, kind, want)
		}
		if err != nil && !strings.Contains(err.Error(), "pay_1") {
			t.Errorf("%s does not name the payment: %v", name, err)
		}
	}
	if _, err := turnpike.RequirePaid(nil); err == nil {
		t.Error("no payment at all is paid")
	}
}

func TestTheDeclineOfAPayment(t *testing.T) {
	decline := &turnpikev1.Decline{
		Reason:          turnpikev1.DeclineReason_DECLINE_REASON_INSUFFICIENT_FUNDS,
		RetryAdvice:     turnpikev1.RetryAdvice_RETRY_ADVICE_LATER,
		ProviderMessage: "what the provider said is for the log of the gateway",
	}
	payment := &turnpikev1.Payment{State: turnpikev1.PaymentState_PAYMENT_STATE_DECLINED, Decline: decline}
	if turnpike.DeclineOf(payment) != decline {
		t.Error("it is lost")
	}
	_, err := turnpike.RequirePaid(payment)
	text := err.Error()
	if !strings.Contains(text, "INSUFFICIENT_FUNDS") || !strings.Contains(text, "LATER") ||
		strings.Contains(text, decline.GetProviderMessage()) {
		t.Error(text)
	}
	for _, other := range []*turnpikev1.Payment{nil, {State: turnpikev1.PaymentState_PAYMENT_STATE_CAPTURED}} {
		if got := turnpike.DeclineOf(other); got != nil {
			t.Errorf("%v has the decline %v", other, got)
		}
	}
}
