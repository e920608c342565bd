//go:build served

package served_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	turnpike "turnpike.example/go"
	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

func TestPages(t *testing.T) {
	ctx, client := t.Context(), start(t).client()
	var want []string
	for range 7 {
		want = append(want, openSession(ctx, t, client).GetId())
	}
	slices.Reverse(want) // Newest first.
	var got []string
	for payment, err := range client.AllPayments(ctx, &turnpikev1.ListPaymentsRequest{PageSize: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, payment.GetSessionId())
	}
	if !slices.Equal(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}

	var all, paged []string
	for event, err := range client.AllEvents(ctx, &turnpikev1.ListEventsRequest{PageSize: 200}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, event.GetId())
	}
	for event, err := range client.AllEvents(ctx, &turnpikev1.ListEventsRequest{PageSize: 3}) {
		if err != nil {
			t.Fatal(err)
		}
		paged = append(paged, event.GetId())
	}
	if len(all) < 7 || !slices.Equal(all, paged) {
		t.Errorf("%d events at once, %d by pages", len(all), len(paged))
	}

	var last error
	for _, err := range client.AllPayments(ctx, &turnpikev1.ListPaymentsRequest{PageToken: "not-ours"}) {
		last = err
	}
	var refusal *turnpike.Error
	if !errors.As(last, &refusal) || refusal.Reason != turnpikev1.ErrorReason_ERROR_REASON_INVALID_FIELD {
		t.Error(last)
	}
}

// Events happen before, between and after three lives of a gateway. A reader who stays sees each of them once.
func TestFollowingGoesOnAfterARestart(t *testing.T) {
	g := start(t)
	client := g.client()
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	events := make(chan *turnpikev1.Event, 100)
	failed := make(chan error, 1)
	go func() {
		for event, err := range client.Follow(ctx, "", "session.*") {
			if err != nil {
				failed <- err
				return
			}
			events <- event
		}
	}()
	var opened, got []string
	take := func() {
		t.Helper()
		for len(got) < len(opened) {
			select {
			case event := <-events:
				if event.GetType() == "session.opened" {
					got = append(got, event.GetSession().GetSession().GetId())
				}
			case err := <-failed:
				t.Fatal(err)
			case <-ctx.Done():
				t.Fatalf("opened %v, and only these came: %v", opened, got)
			}
		}
	}
	for life := range 3 {
		if life > 0 {
			g.stop()
			g.start()
		}
		writer := g.client()
		for range 5 {
			opened = append(opened, openSession(ctx, t, writer).GetId())
		}
		take()
	}
	// Whatever comes twice would come now.
	select {
	case event := <-events:
		t.Errorf("and then came %s", event.GetType())
	case <-time.After(2 * time.Second):
	}
	if !slices.Equal(got, opened) {
		t.Errorf("opened %v, got %v", opened, got)
	}
}

func TestWhereFollowingIsUseless(t *testing.T) {
	g := start(t)
	stranger, err := turnpike.Dial(g.url(), turnpike.WithAPIKey("tpk_unknown"))
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	for _, test := range []struct {
		client *turnpike.Client
		cursor string
		code   codes.Code
	}{
		{g.client(), "no-cursor-of-yours", codes.InvalidArgument},
		{stranger, "", codes.Unauthenticated},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		var last error
		for _, err := range test.client.Follow(ctx, test.cursor) {
			last = err
		}
		cancel()
		var refusal *turnpike.Error
		if !errors.As(last, &refusal) || refusal.Code != test.code {
			t.Errorf("want %v, got %v", test.code, last)
		}
	}
}

// Nobody listens at first. The call waits for its chance, and is made.
func TestAListenerThatRefusesAndThenAccepts(t *testing.T) {
	g := start(t)
	way := newProxy(t, g.address)
	client := dial(t, "http://"+way.address)
	way.refuse()
	late := time.AfterFunc(700*time.Millisecond, way.accept)
	defer late.Stop()
	if _, err := client.Accounts.ListAccounts(t.Context(), new(turnpikev1.ListAccountsRequest)); err != nil {
		t.Error(err)
	}
}

// A provider is slow, the deadline passes: nothing is sent again, and the outcome comes by the same request id.
func TestADeadlineThatPasses(t *testing.T) {
	ctx, client := t.Context(), start(t).client()
	slow := &turnpikev1.FaultScenario{
		Account: "dintero-dev", Kind: turnpikev1.FaultKind_FAULT_KIND_LATE, Delay: durationpb.New(3 * time.Second),
	}
	if err := client.Development.Fault(ctx, slow); err != nil {
		t.Fatal(err)
	}
	request := &turnpikev1.CreateSessionRequest{
		RequestId:         "made-once",
		Account:           "dintero-dev",
		Money:             &turnpikev1.Money{AmountMinor: 49_900, CurrencyCode: "NOK"},
		MerchantReference: "order-1",
		Purpose:           turnpikev1.SessionPurpose_SESSION_PURPOSE_PAY,
		ReturnUrls:        &turnpikev1.ReturnUrls{SuccessUrl: "https://shop.example/done"},
	}
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	began := time.Now()
	_, err := client.Sessions.CreateSession(short, request)
	var refusal *turnpike.Error
	if !errors.As(err, &refusal) || refusal.Code != codes.DeadlineExceeded || refusal.NothingWasSent() {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
	answer, err := client.Sessions.CreateSession(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	number := 0
	for exchange, err := range client.AllExchanges(ctx, &turnpikev1.ListExchangesRequest{Account: "dintero-dev"}) {
		if err != nil {
			t.Fatal(err)
		}
		if exchange.GetOperation() == "create_session" {
			number++
		}
	}
	if number != 1 || answer.GetSession().GetStatus() != turnpikev1.SessionStatus_SESSION_STATUS_OPEN {
		t.Errorf("%d sessions were made at the provider; ours is %v", number, answer.GetSession().GetStatus())
	}
}

func TestDevelopment(t *testing.T) {
	ctx, client := t.Context(), start(t).client()

	before, err := client.Development.Now(ctx)
	if err != nil {
		t.Fatal(err)
	}
	after, err := client.Development.Advance(ctx, 48*time.Hour)
	if err != nil || after.Sub(before) < 48*time.Hour || after.Sub(before) > 48*time.Hour+patience {
		t.Errorf("from %v to %v, %v", before, after, err)
	}

	paid := openSession(ctx, t, client)
	returnURL, err := client.Development.Pay(ctx, paid.GetId(), &turnpikev1.CustomerPays{CardNumber: "4000000000000002"})
	if err != nil || returnURL == "" {
		t.Fatal(returnURL, err)
	}
	confirmed, err := client.Sessions.ConfirmSession(ctx, &turnpikev1.ConfirmSessionRequest{
		RequestId: "confirm", SessionId: paid.GetId(),
		Means: &turnpikev1.ConfirmSessionRequest_Returned{Returned: &turnpikev1.BrowserReturn{Url: returnURL}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if payment, err := turnpike.RequirePaid(confirmed.GetPayment()); err != nil || payment.GetCard().GetLastFour() != "0002" {
		t.Error(payment, err)
	}

	left := openSession(ctx, t, client)
	if returnURL, err = client.Development.Cancel(ctx, left.GetId()); err != nil || returnURL == "" {
		t.Error(returnURL, err)
	}

	// A provider that refuses one call, having done nothing: the call is repeated, and nobody notices.
	throttled := &turnpikev1.FaultScenario{Account: "dintero-dev", Kind: turnpikev1.FaultKind_FAULT_KIND_THROTTLED}
	if err := client.Development.Fault(ctx, throttled); err != nil {
		t.Fatal(err)
	}
	openSession(ctx, t, client)

	// One that would refuse all calls, and is put in order again.
	throttled.Times = 1000
	if err := client.Development.Fault(ctx, throttled); err != nil {
		t.Fatal(err)
	}
	if err := client.Development.Clear(ctx); err != nil {
		t.Fatal(err)
	}
	openSession(ctx, t, client)
}

// A provider that refuses every call: the repetitions end, and the error says that nothing was sent.
func TestWhatTheServerRefusesAgainAndAgain(t *testing.T) {
	ctx, client := t.Context(), start(t).client()
	fault := &turnpikev1.FaultScenario{
		Account: "dintero-dev", Kind: turnpikev1.FaultKind_FAULT_KIND_THROTTLED, Times: 1000,
	}
	if err := client.Development.Fault(ctx, fault); err != nil {
		t.Fatal(err)
	}
	_, err := client.Sessions.CreateSession(ctx, &turnpikev1.CreateSessionRequest{
		RequestId: "refused", Account: "dintero-dev", MerchantReference: "order-2",
		Money:      &turnpikev1.Money{AmountMinor: 100, CurrencyCode: "NOK"},
		Purpose:    turnpikev1.SessionPurpose_SESSION_PURPOSE_PAY,
		ReturnUrls: &turnpikev1.ReturnUrls{SuccessUrl: "https://shop.example/done"},
	})
	var refusal *turnpike.Error
	if !errors.As(err, &refusal) || refusal.Code != codes.Unavailable || !refusal.NothingWasSent() ||
		refusal.Metadata["account"] != "dintero-dev" {
		t.Fatal(err)
	}
	if _, told := refusal.RetryAfter(); !told {
		t.Errorf("it does not say when to come back: %v", err)
	}
}
