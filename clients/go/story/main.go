// The life of a few payments, told by a Go client to a gateway in development mode.
//
// For each account: open a session, pay on the provider's page, confirm, capture, charge the saved
// card, repeat that, refund a part, be declined, be refused. One line per step; the first mismatch
// ends it with an error.
//
//	TURNPIKE_ADDRESS=127.0.0.1:50051 TURNPIKE_API_KEY=tpk_… go run ./story
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

const (
	storyTime      = 5 * time.Minute
	finishedMax    = 60 * time.Second
	finishedPause  = 250 * time.Millisecond
	reservedMinor  = 49_900
	chargedMinor   = 25_000
	refundedMinor  = 10_000
	successAddress = "https://shop.example/done"
)

// An account of `turnpike dev`, and how its simulated provider is made to act.
type testCase struct {
	account  string
	provider string
	currency string
	// A test card that the provider approves without a 3-D Secure challenge.
	card string
	// An amount that is declined for insufficient funds, in minor units.
	declinedMinor int64
}

var testCases = []testCase{
	{"dintero-dev", "dintero", "NOK", "4000000000000002", 990_051},
	{"begateway-dev", "begateway", "EUR", "4200000000000000", 990_114},
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	address, key := os.Getenv("TURNPIKE_ADDRESS"), os.Getenv("TURNPIKE_API_KEY")
	if address == "" || key == "" {
		return errors.New("set TURNPIKE_ADDRESS and TURNPIKE_API_KEY: `turnpike dev` prints both")
	}
	connection, err := grpc.NewClient(
		address,
		// Outside development: credentials.NewTLS.
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithPerRPCCredentials(apiKey(key)),
		grpc.WithDefaultCallOptions(grpc.WaitForReady(true)),
	)
	if err != nil {
		return err
	}
	defer connection.Close()

	ctx, cancel := context.WithTimeout(context.Background(), storyTime)
	defer cancel()
	for _, test := range testCases {
		teller := story{
			testCase: test,
			sessions: turnpikev1.NewSessionServiceClient(connection),
			payments: turnpikev1.NewPaymentServiceClient(connection),
			tokens:   turnpikev1.NewTokenServiceClient(connection),
			sandbox:  turnpikev1.NewSandboxServiceClient(connection),
		}
		if err := teller.tell(ctx); err != nil {
			return fmt.Errorf("%s: %w", test.account, err)
		}
	}
	return nil
}

// apiKey adds the caller's key to every call.
type apiKey string

func (key apiKey) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(key)}, nil
}

// RequireTransportSecurity must be true outside development.
func (apiKey) RequireTransportSecurity() bool { return false }

// What happens at one account.
type story struct {
	testCase
	sessions turnpikev1.SessionServiceClient
	payments turnpikev1.PaymentServiceClient
	tokens   turnpikev1.TokenServiceClient
	sandbox  turnpikev1.SandboxServiceClient
}

func (s story) tell(ctx context.Context) error {
	session, err := s.openSession(ctx)
	if err != nil {
		return err
	}
	reserved, tokenID, err := s.payAndConfirm(ctx, session)
	if err != nil {
		return err
	}
	if err := s.capture(ctx, reserved); err != nil {
		return err
	}
	charged, err := s.chargeAndRepeat(ctx, tokenID)
	if err != nil {
		return err
	}
	if err := s.refundPart(ctx, charged); err != nil {
		return err
	}
	if err := s.beDeclined(ctx, tokenID); err != nil {
		return err
	}
	return s.beRefused(ctx)
}

func (s story) openSession(ctx context.Context) (*turnpikev1.Session, error) {
	request := &turnpikev1.CreateSessionRequest{
		RequestId:         newRequestID(),
		Account:           s.account,
		Money:             s.money(reservedMinor),
		MerchantReference: "go-story",
		Purpose:           turnpikev1.SessionPurpose_SESSION_PURPOSE_PAY_AND_SAVE,
		Capture:           turnpikev1.CaptureMode_CAPTURE_MODE_MANUAL,
		Mode:              turnpikev1.SessionMode_SESSION_MODE_REDIRECT,
		// The customer agreed in the shop already.
		SaveCardDisplay: turnpikev1.SaveCardDisplay_SAVE_CARD_DISPLAY_ALWAYS,
		FutureUses: []turnpikev1.TokenUse{
			turnpikev1.TokenUse_TOKEN_USE_RECURRING,
			turnpikev1.TokenUse_TOKEN_USE_UNSCHEDULED,
		},
		Customer: &turnpikev1.Customer{
			CustomerId:  "customer-1",
			Email:       "ada@example.com",
			PhoneNumber: "+4799999999",
			GivenName:   "Ada",
			FamilyName:  "Byron",
			IpAddress:   "192.0.2.7",
		},
		BillingAddress: &turnpikev1.Address{
			Line1: "Storgata 1", City: "Oslo", PostalCode: "0155", CountryCode: "NO",
		},
		Order: &turnpikev1.Order{Lines: []*turnpikev1.OrderLine{{
			Reference: "line-1", Name: "A year of tea", Quantity: "1", TotalAmountMinor: reservedMinor,
		}}},
		ReturnUrls: &turnpikev1.ReturnUrls{
			SuccessUrl:   successAddress,
			FailureUrl:   "https://shop.example/failed",
			CancelledUrl: "https://shop.example/cancelled",
		},
		Metadata: map[string]string{"story": "go"},
	}
	answer, err := s.sessions.CreateSession(ctx, request)
	if err != nil {
		return nil, err
	}
	session := answer.GetSession()
	err = errors.Join(
		expect("replayed", answer.GetReplayed(), false),
		expect("the session's status", session.GetStatus(), turnpikev1.SessionStatus_SESSION_STATUS_OPEN),
		expect("the session's provider", session.GetProvider(), s.provider),
		expect("a page to send the customer to", session.GetNextAction().GetRedirect().GetUrl() != "", true),
		expect("the session's metadata", session.GetMetadata()["story"], "go"),
	)
	if err != nil {
		return nil, err
	}
	// The address of the page is a secret: it is for the browser, not for a log.
	s.say("CreateSession", "%s is open: send the customer to the page", session.GetId())

	again, err := s.sessions.CreateSession(ctx, request)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		expect("replayed", again.GetReplayed(), true),
		expect("the session of the repetition", again.GetSession().GetId(), session.GetId()),
	)
	if err != nil {
		return nil, err
	}
	s.say("CreateSession", "repeated: the same session")
	return session, nil
}

func (s story) payAndConfirm(
	ctx context.Context, session *turnpikev1.Session,
) (*turnpikev1.Payment, string, error) {
	customer := &turnpikev1.CustomerScenario{
		Place: &turnpikev1.CustomerScenario_SessionId{SessionId: session.GetId()},
		Action: &turnpikev1.CustomerScenario_Pay{
			Pay: &turnpikev1.CustomerPays{CardNumber: s.card, SaveCard: true},
		},
	}
	paid, err := s.sandbox.ArrangeScenario(ctx, &turnpikev1.ArrangeScenarioRequest{
		Scenario: &turnpikev1.ArrangeScenarioRequest_Customer{Customer: customer},
	})
	if err != nil {
		return nil, "", err
	}
	if !strings.HasPrefix(paid.GetReturnUrl(), successAddress) {
		return nil, "", fmt.Errorf("the browser comes back to %q", paid.GetReturnUrl())
	}
	s.say("ArrangeScenario", "the customer pays: %s", paid.GetSummary())

	confirmed, err := s.sessions.ConfirmSession(ctx, &turnpikev1.ConfirmSessionRequest{
		RequestId: newRequestID(),
		SessionId: session.GetId(),
		Means: &turnpikev1.ConfirmSessionRequest_Returned{
			Returned: &turnpikev1.BrowserReturn{Url: paid.GetReturnUrl()},
		},
	})
	if err != nil {
		return nil, "", err
	}
	payment, err := s.settled(ctx, confirmed.GetPayment())
	if err != nil {
		return nil, "", err
	}
	found, err := s.sessions.GetSession(ctx, &turnpikev1.GetSessionRequest{SessionId: session.GetId()})
	if err != nil {
		return nil, "", err
	}
	session = found.GetSession()
	err = errors.Join(
		expectState(payment, turnpikev1.PaymentState_PAYMENT_STATE_AUTHORIZED),
		expect("authorized", payment.GetTotals().GetAuthorizedMinor(), reservedMinor),
		expect("captured", payment.GetTotals().GetCapturedMinor(), 0),
		expect("the last four digits", payment.GetCard().GetLastFour(), s.card[len(s.card)-4:]),
		expect("the session of the payment", payment.GetSessionId(), session.GetId()),
		expect("the session's status", session.GetStatus(), turnpikev1.SessionStatus_SESSION_STATUS_COMPLETED),
		expect("how many cards were saved", len(session.GetTokenIds()), 1),
	)
	if err != nil {
		return nil, "", err
	}
	s.say("ConfirmSession", "%s is authorized, the card is saved", payment.GetId())

	tokenID := session.GetTokenIds()[0]
	answer, err := s.tokens.GetToken(ctx, &turnpikev1.GetTokenRequest{TokenId: tokenID})
	if err != nil {
		return nil, "", err
	}
	token := answer.GetToken()
	err = errors.Join(
		expect("the token's status", token.GetStatus(), turnpikev1.TokenStatus_TOKEN_STATUS_ACTIVE),
		expect("the token's customer", token.GetCustomerId(), "customer-1"),
	)
	if err != nil {
		return nil, "", err
	}
	s.say("GetToken", "%s is a %s ending in %s", tokenID, token.GetCard().GetBrand(), token.GetCard().GetLastFour())
	return payment, tokenID, nil
}

func (s story) capture(ctx context.Context, payment *turnpikev1.Payment) error {
	answer, err := s.payments.CapturePayment(ctx, &turnpikev1.CapturePaymentRequest{
		RequestId: newRequestID(),
		PaymentId: payment.GetId(),
		Amount:    s.money(reservedMinor),
	})
	if err != nil {
		return err
	}
	payment, err = s.finished(ctx, answer.GetPayment(), answer.GetCapture().GetId())
	if err != nil {
		return err
	}
	err = errors.Join(
		expectState(payment, turnpikev1.PaymentState_PAYMENT_STATE_CAPTURED),
		expect("captured", payment.GetTotals().GetCapturedMinor(), reservedMinor),
		expect("capturable", payment.GetTotals().GetCapturableMinor(), 0),
	)
	if err != nil {
		return err
	}
	s.say("CapturePayment", "%s captured 499.00 %s", answer.GetCapture().GetId(), s.currency)
	return nil
}

func (s story) charge(
	tokenID string, amountMinor int64, reason turnpikev1.MerchantReason,
) *turnpikev1.ChargeTokenRequest {
	return &turnpikev1.ChargeTokenRequest{
		RequestId:         newRequestID(),
		Token:             &turnpikev1.ChargeTokenRequest_TokenId{TokenId: tokenID},
		Money:             s.money(amountMinor),
		MerchantReference: "go-story-charge",
		Initiator: &turnpikev1.ChargeTokenRequest_MerchantInitiated{
			MerchantInitiated: &turnpikev1.MerchantInitiated{Reason: reason},
		},
	}
}

func (s story) chargeAndRepeat(ctx context.Context, tokenID string) (*turnpikev1.Payment, error) {
	request := s.charge(tokenID, chargedMinor, turnpikev1.MerchantReason_MERCHANT_REASON_UNSCHEDULED)
	answer, err := s.payments.ChargeToken(ctx, request)
	if err != nil {
		return nil, err
	}
	payment, err := s.settled(ctx, answer.GetPayment())
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		expect("replayed", answer.GetReplayed(), false),
		expectState(payment, turnpikev1.PaymentState_PAYMENT_STATE_CAPTURED),
		expect("captured", payment.GetTotals().GetCapturedMinor(), chargedMinor),
		expect("the token of the payment", payment.GetTokenId(), tokenID),
		expect("the initiator", payment.GetInitiator(), turnpikev1.PaymentInitiator_PAYMENT_INITIATOR_MERCHANT),
	)
	if err != nil {
		return nil, err
	}
	s.say("ChargeToken", "%s took 250.00 %s from the saved card", payment.GetId(), s.currency)

	again, err := s.payments.ChargeToken(ctx, request)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		expect("replayed", again.GetReplayed(), true),
		expect("the payment of the repetition", again.GetPayment().GetId(), payment.GetId()),
		expect("captured", again.GetPayment().GetTotals().GetCapturedMinor(), chargedMinor),
	)
	if err != nil {
		return nil, err
	}
	s.say("ChargeToken", "repeated: the same payment, nothing more was taken")

	request.Money.AmountMinor++
	other, err := s.payments.ChargeToken(ctx, request)
	refused, err := readRefusal(other, err)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		expect("the code", refused.code, codes.AlreadyExists),
		expect("the reason", refused.reason, "REQUEST_ID_REUSED"),
		expect("the first payment", refused.metadata["resource_id"], payment.GetId()),
	)
	if err != nil {
		return nil, err
	}
	s.say("ChargeToken", "the same request id for another amount: %s", refused.reason)
	return payment, nil
}

func (s story) refundPart(ctx context.Context, payment *turnpikev1.Payment) error {
	request := &turnpikev1.RefundPaymentRequest{
		RequestId:  newRequestID(),
		PaymentId:  payment.GetId(),
		Amount:     s.money(refundedMinor),
		Reason:     turnpikev1.RefundReason_REFUND_REASON_REQUESTED_BY_CUSTOMER,
		ReasonText: "The tea was cold",
	}
	answer, err := s.payments.RefundPayment(ctx, request)
	if err != nil {
		return err
	}
	payment, err = s.finished(ctx, answer.GetPayment(), answer.GetRefund().GetId())
	if err != nil {
		return err
	}
	const remaining = chargedMinor - refundedMinor
	err = errors.Join(
		expectState(payment, turnpikev1.PaymentState_PAYMENT_STATE_PARTIALLY_REFUNDED),
		expect("refunded", payment.GetTotals().GetRefundedMinor(), refundedMinor),
		expect("refundable", payment.GetTotals().GetRefundableMinor(), remaining),
	)
	if err != nil {
		return err
	}
	s.say("RefundPayment", "%s gave 100.00 %s back", answer.GetRefund().GetId(), s.currency)

	request.RequestId = newRequestID()
	request.Amount.AmountMinor = remaining + 1
	more, err := s.payments.RefundPayment(ctx, request)
	refused, err := readRefusal(more, err)
	if err != nil {
		return err
	}
	err = errors.Join(
		expect("the code", refused.code, codes.FailedPrecondition),
		expect("the reason", refused.reason, "AMOUNT_EXCEEDS_REMAINING"),
		expect("what remains", refused.metadata["remaining_minor"], strconv.Itoa(remaining)),
	)
	if err != nil {
		return err
	}
	s.say("RefundPayment", "more than remains: %s", refused.reason)
	return nil
}

func (s story) beDeclined(ctx context.Context, tokenID string) error {
	request := s.charge(tokenID, s.declinedMinor, turnpikev1.MerchantReason_MERCHANT_REASON_RECURRING)
	answer, err := s.payments.ChargeToken(ctx, request)
	if err != nil {
		return err
	}
	payment, err := s.settled(ctx, answer.GetPayment())
	if err != nil {
		return err
	}
	decline := payment.GetDecline()
	err = errors.Join(
		expectState(payment, turnpikev1.PaymentState_PAYMENT_STATE_DECLINED),
		expect("captured", payment.GetTotals().GetCapturedMinor(), 0),
		expect("the reason", decline.GetReason(), turnpikev1.DeclineReason_DECLINE_REASON_INSUFFICIENT_FUNDS),
		expect("the advice", decline.GetRetryAdvice(), turnpikev1.RetryAdvice_RETRY_ADVICE_LATER),
		expect("a code of the provider's own", decline.GetProviderCode() != "", true),
	)
	if err != nil {
		return err
	}
	s.say("ChargeToken", "declined for insufficient funds: try again later")
	return nil
}

func (s story) beRefused(ctx context.Context) error {
	answer, err := s.sessions.CreateSession(ctx, &turnpikev1.CreateSessionRequest{
		Account:     "Dintero DEV",
		Customer:    &turnpikev1.Customer{Email: "nowhere"},
		Order:       &turnpikev1.Order{Lines: []*turnpikev1.OrderLine{{Reference: "line-1"}}},
		MaxAttempts: 11,
	})
	refused, err := readRefusal(answer, err)
	if err != nil {
		return err
	}
	wanted := []string{
		"account",
		"customer.email",
		"max_attempts",
		"merchant_reference",
		"money",
		"order.lines[0].name",
		"purpose",
		"request_id",
		"return_urls",
	}
	err = errors.Join(
		expect("the code", refused.code, codes.InvalidArgument),
		expect("the reason", refused.reason, "INVALID_FIELD"),
		expect("the wrong fields", strings.Join(refused.fields, " "), strings.Join(wanted, " ")),
		expect("how many are wrong", refused.metadata["fields"], strconv.Itoa(len(wanted))),
	)
	if err != nil {
		return err
	}
	s.say("CreateSession", "refused, with all %d wrong fields at once", len(wanted))
	return nil
}

// settled is the payment once it needs nobody and nothing any more. Most are settled at once.
func (s story) settled(ctx context.Context, payment *turnpikev1.Payment) (*turnpikev1.Payment, error) {
	stream, err := s.payments.WatchPayment(ctx, &turnpikev1.WatchPaymentRequest{
		PaymentId: payment.GetId(), UntilSettled: true,
	})
	if err != nil {
		return nil, err
	}
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return payment, nil
		}
		if err != nil {
			return nil, err
		}
		payment = answer.GetPayment()
	}
}

// finished is the payment once its capture or refund is done. Some providers take a while.
func (s story) finished(
	ctx context.Context, payment *turnpikev1.Payment, operationID string,
) (*turnpikev1.Payment, error) {
	ctx, cancel := context.WithTimeout(ctx, finishedMax)
	defer cancel()
	for {
		switch status := operationStatus(payment, operationID); status {
		case turnpikev1.OperationStatus_OPERATION_STATUS_SUCCEEDED:
			return payment, nil
		case turnpikev1.OperationStatus_OPERATION_STATUS_PENDING,
			turnpikev1.OperationStatus_OPERATION_STATUS_UNRESOLVED:
			time.Sleep(finishedPause)
		default:
			return nil, fmt.Errorf("%s did not succeed: %v", operationID, status)
		}
		answer, err := s.payments.ResolvePayment(ctx, &turnpikev1.ResolvePaymentRequest{PaymentId: payment.GetId()})
		if err != nil {
			return nil, err
		}
		payment = answer.GetPayment()
	}
}

func operationStatus(payment *turnpikev1.Payment, id string) turnpikev1.OperationStatus {
	for _, capture := range payment.GetCaptures() {
		if capture.GetId() == id {
			return capture.GetStatus()
		}
	}
	for _, refund := range payment.GetRefunds() {
		if refund.GetId() == id {
			return refund.GetStatus()
		}
	}
	return turnpikev1.OperationStatus_OPERATION_STATUS_UNSPECIFIED
}

// An error, with the details that every error of the gateway carries.
type refusal struct {
	code     codes.Code
	reason   string
	metadata map[string]string
	// The paths of the wrong fields, sorted.
	fields []string
}

func readRefusal(answer any, err error) (refusal, error) {
	if err == nil {
		return refusal{}, fmt.Errorf("expected an error, saw %v", answer)
	}
	answered, _ := status.FromError(err)
	found := refusal{code: answered.Code()}
	for _, detail := range answered.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if err := expect("the domain of the error", detail.GetDomain(), "turnpike"); err != nil {
				return refusal{}, err
			}
			found.reason, found.metadata = detail.GetReason(), detail.GetMetadata()
		case *errdetails.BadRequest:
			for _, violation := range detail.GetFieldViolations() {
				found.fields = append(found.fields, violation.GetField())
			}
		}
	}
	if found.reason == "" {
		return refusal{}, fmt.Errorf("the error lacks its ErrorInfo: %w", err)
	}
	slices.Sort(found.fields)
	return found, nil
}

func (s story) say(step, format string, values ...any) {
	fmt.Printf("%-14s %-16s %s\n", s.account, step, fmt.Sprintf(format, values...))
}

func (s story) money(amountMinor int64) *turnpikev1.Money {
	return &turnpikev1.Money{AmountMinor: amountMinor, CurrencyCode: s.currency}
}

// newRequestID makes an id before the first attempt; every repetition uses the same one.
func newRequestID() string { return rand.Text() }

func expect[T comparable](what string, seen, wanted T) error {
	if seen == wanted {
		return nil
	}
	return fmt.Errorf("%s: expected %v, saw %v", what, wanted, seen)
}

func expectState(payment *turnpikev1.Payment, wanted turnpikev1.PaymentState) error {
	return expect("the state of "+payment.GetId(), payment.GetState(), wanted)
}
