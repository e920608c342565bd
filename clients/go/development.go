package turnpike

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

// How long the server may take to move a clock, of real time.
const advanceMax = 10 * time.Minute

// Development does for a test what [Client.Sandbox] can do, in one line each. It works in development mode only; elsewhere
// every call answers UNIMPLEMENTED.
type Development struct {
	sandbox turnpikev1.SandboxServiceClient
}

// Advance moves the merchant's clock forward, up to 3,653 days, lets happen what falls due on the way, and returns the time
// that it is then. Without a deadline of the caller's it takes ten minutes at most.
func (d Development) Advance(ctx context.Context, by time.Duration) (time.Time, error) {
	if _, set := ctx.Deadline(); !set {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, advanceMax)
		defer cancel()
	}
	answer, err := d.sandbox.AdvanceClock(ctx, &turnpikev1.AdvanceClockRequest{
		Forward: &turnpikev1.AdvanceClockRequest_By{By: durationpb.New(by)},
	})
	if err != nil {
		return time.Time{}, err
	}
	return answer.GetNow().AsTime(), nil
}

// Now is the time of the merchant's clock.
func (d Development) Now(ctx context.Context) (time.Time, error) {
	answer, err := d.sandbox.GetClock(ctx, new(turnpikev1.GetClockRequest))
	if err != nil {
		return time.Time{}, err
	}
	return answer.GetNow().AsTime(), nil
}

// Pay lets the customer pay on the provider's page of a session, and returns the address that the browser comes back to: give
// it to ConfirmSession. Nil as the card means one that the provider approves, or the saved card that the page offers.
func (d Development) Pay(
	ctx context.Context, sessionID string, card *turnpikev1.CustomerPays,
) (returnURL string, err error) {
	if card == nil {
		card = new(turnpikev1.CustomerPays)
	}
	return d.customer(ctx, &turnpikev1.CustomerScenario{
		Place:  &turnpikev1.CustomerScenario_SessionId{SessionId: sessionID},
		Action: &turnpikev1.CustomerScenario_Pay{Pay: card},
	})
}

// Cancel lets the customer press "cancel" on the provider's page of a session, and returns the address that the browser comes
// back to.
func (d Development) Cancel(ctx context.Context, sessionID string) (returnURL string, err error) {
	return d.customer(ctx, &turnpikev1.CustomerScenario{
		Place:  &turnpikev1.CustomerScenario_SessionId{SessionId: sessionID},
		Action: &turnpikev1.CustomerScenario_Cancel{Cancel: new(turnpikev1.CustomerCancels)},
	})
}

// Fault makes a simulated provider misbehave, once unless the scenario says how often. It is in force when this returns.
func (d Development) Fault(ctx context.Context, fault *turnpikev1.FaultScenario) error {
	_, err := d.sandbox.ArrangeScenario(ctx, &turnpikev1.ArrangeScenarioRequest{
		Scenario: &turnpikev1.ArrangeScenarioRequest_Fault{Fault: fault},
	})
	return err
}

// Clear ends all faults.
func (d Development) Clear(ctx context.Context) error {
	_, err := d.sandbox.ArrangeScenario(ctx, &turnpikev1.ArrangeScenarioRequest{
		Scenario: &turnpikev1.ArrangeScenarioRequest_Clear{Clear: new(turnpikev1.ClearScenario)},
	})
	return err
}

func (d Development) customer(ctx context.Context, does *turnpikev1.CustomerScenario) (string, error) {
	answer, err := d.sandbox.ArrangeScenario(ctx, &turnpikev1.ArrangeScenarioRequest{
		Scenario: &turnpikev1.ArrangeScenarioRequest_Customer{Customer: does},
	})
	return answer.GetReturnUrl(), err
}
