package turnpike_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	turnpike "turnpike.example/go"
	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

func refusal(code codes.Code, message string, details ...protoadapt.MessageV1) error {
	told, err := status.New(code, message).WithDetails(details...)
	if err != nil {
		panic(err)
	}
	return told.Err()
}

func info(domain, reason string, metadata map[string]string) *errdetails.ErrorInfo {
	return &errdetails.ErrorInfo{Domain: domain, Reason: reason, Metadata: metadata}
}

func TestAnErrorTellsAllThatTheServerSays(t *testing.T) {
	wrong := &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
		{Field: "money.amount_minor", Description: "must be at least 0"},
		{Field: "order.lines[3].quantity", Description: "is required"},
	}}
	later := &errdetails.RetryInfo{RetryDelay: durationpb.New(1500 * time.Millisecond)}
	sent := refusal(codes.InvalidArgument, "2 fields are wrong",
		info("turnpike", "INVALID_FIELD", map[string]string{"fields": "2"}), wrong, later)
	gateway := server{
		accounts: func(context.Context, *turnpikev1.ListAccountsRequest) (*turnpikev1.ListAccountsResponse, error) {
			return nil, sent
		},
	}
	gateway.watch = func(
		_ *turnpikev1.WatchPaymentRequest, stream grpc.ServerStreamingServer[turnpikev1.WatchPaymentResponse],
	) error {
		if err := stream.Send(new(turnpikev1.WatchPaymentResponse)); err != nil {
			return err
		}
		return sent
	}
	client := gateway.client(t)
	check := func(err error) {
		t.Helper()
		var got *turnpike.Error
		if !errors.As(fmt.Errorf("charging: %w", err), &got) {
			t.Fatalf("got %T: %v", err, err)
		}
		if got.Code != codes.InvalidArgument || got.Message != "2 fields are wrong" || got.ReasonText != "INVALID_FIELD" ||
			got.Reason != turnpikev1.ErrorReason_ERROR_REASON_INVALID_FIELD || got.Metadata["fields"] != "2" {
			t.Errorf("got %+v", *got)
		}
		want := []turnpike.FieldError{
			{Path: "money.amount_minor", Description: "must be at least 0"},
			{Path: "order.lines[3].quantity", Description: "is required"},
		}
		if !slices.Equal(got.Fields, want) {
			t.Errorf("the fields are %v", got.Fields)
		}
		if after, told := got.RetryAfter(); !told || after != 1500*time.Millisecond {
			t.Errorf("to be sent again after %v, %v", after, told)
		}
		if got.NothingWasSent() {
			t.Error("it claims what only UNAVAILABLE says")
		}
		text := "turnpike: INVALID_ARGUMENT (INVALID_FIELD): 2 fields are wrong; " +
			"money.amount_minor: must be at least 0; order.lines[3].quantity: is required"
		if got.Error() != text {
			t.Errorf("it reads: %v", got)
		}
		if status.Code(err) != codes.InvalidArgument || len(status.Convert(err).Details()) != 3 {
			t.Errorf("gRPC's own functions do not read it: %v", status.Convert(err))
		}
		if cause := errors.Unwrap(got); cause == nil || status.Code(cause) != codes.InvalidArgument {
			t.Errorf("the cause is %v", cause)
		}
	}
	check(listAccounts(t.Context(), client))

	stream, err := client.Payments.WatchPayment(t.Context(), new(turnpikev1.WatchPaymentRequest))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	check(err)
}

func TestReasons(t *testing.T) {
	for _, test := range []struct {
		about      string
		err        error
		reason     turnpikev1.ErrorReason
		reasonText string
		nothing    bool
	}{
		{
			"one that is not known yet", refusal(codes.NotFound, "?", info("turnpike", "NEW_REASON", nil)),
			turnpikev1.ErrorReason_ERROR_REASON_UNSPECIFIED, "NEW_REASON", false,
		},
		{
			"one of somebody else", refusal(codes.Unavailable, "?", info("proxy.example", "DRAINING", nil)),
			turnpikev1.ErrorReason_ERROR_REASON_UNSPECIFIED, "", false,
		},
		{
			"none", refusal(codes.Unavailable, "the connection broke"),
			turnpikev1.ErrorReason_ERROR_REASON_UNSPECIFIED, "", false,
		},
		{
			"nothing was sent", refusal(codes.Unavailable, "?", info("turnpike", "DRAINING", nil)),
			turnpikev1.ErrorReason_ERROR_REASON_DRAINING, "DRAINING", true,
		},
	} {
		got, found := turnpike.FromError(test.err)
		if !found || got.Reason != test.reason || got.ReasonText != test.reasonText || got.NothingWasSent() != test.nothing {
			t.Errorf("%s: %+v", test.about, got)
		}
		if _, told := got.RetryAfter(); told {
			t.Errorf("%s: it says when to come back", test.about)
		}
	}
}

func TestEveryReasonIsRead(t *testing.T) {
	for number, name := range turnpikev1.ErrorReason_name {
		text := strings.TrimPrefix(name, "ERROR_REASON_")
		got, found := turnpike.FromError(refusal(codes.Unknown, "?", info("turnpike", text, nil)))
		if !found || got.Reason != turnpikev1.ErrorReason(number) {
			t.Errorf("%s is read as %v", text, got.Reason)
		}
	}
}

func TestOtherErrorsAreLeftAlone(t *testing.T) {
	for _, err := range []error{nil, errors.New("something else"), context.Canceled} {
		if got, found := turnpike.FromError(err); found {
			t.Errorf("%v is read as %v", err, got)
		}
	}
	once, _ := turnpike.FromError(refusal(codes.NotFound, "gone"))
	again, found := turnpike.FromError(fmt.Errorf("reading: %w", once))
	if !found || again != once {
		t.Error("what is read already is read again")
	}
}

func TestTheTextOfAnErrorHasABound(t *testing.T) {
	wrong := new(errdetails.BadRequest)
	for i := range 50 {
		wrong.FieldViolations = append(wrong.FieldViolations, &errdetails.BadRequest_FieldViolation{
			Field: fmt.Sprintf("order.lines[%d].name", i), Description: "is required",
		})
	}
	got, _ := turnpike.FromError(refusal(codes.InvalidArgument, "50 fields are wrong", wrong))
	if strings.Count(got.Error(), "is required") != 10 || !strings.HasSuffix(got.Error(), "; …") || len(got.Fields) != 50 {
		t.Error(got)
	}
}

// A connection that breaks in the middle of a call: nobody knows whether something was sent.
func TestABrokenConnectionDoesNotClaimThatNothingWasSent(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			// An empty SETTINGS frame, as a server of HTTP/2 begins, and then the end.
			connection.Write([]byte{0, 0, 0, 4, 0, 0, 0, 0, 0})
			time.Sleep(50 * time.Millisecond)
			connection.Close()
		}
	}()
	err = listAccounts(t.Context(), dial(t, "http://"+listener.Addr().String()))
	var got *turnpike.Error
	if !errors.As(err, &got) || got.Code != codes.Unavailable || got.NothingWasSent() {
		t.Error(err)
	}
}
