package turnpike

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

const (
	// The gateway's name in the errors that it makes. Reasons of others, such as a proxy's, are not ours to read.
	errorDomain = "turnpike"
	// How many wrong fields the text of an error shows. The error has all of them.
	fieldsShownMax = 10
)

// Error is what a call failed with. Take it out with [errors.As]:
//
//	var refusal *turnpike.Error
//	if errors.As(err, &refusal) && refusal.Reason == turnpikev1.ErrorReason_ERROR_REASON_TOKEN_UNUSABLE { … }
//
// It holds what the server said and nothing that the request held: no key, token or card number.
type Error struct {
	// Code is gRPC's code. A client that does not know the reason goes by it.
	Code codes.Code
	// Reason is the gateway's own reason. Unspecified means that the gateway gave none, as when it could not be reached,
	// or that this client does not know it yet.
	Reason turnpikev1.ErrorReason
	// ReasonText is the reason as the gateway wrote it, such as `TOKEN_UNUSABLE`. Empty means that it gave none.
	ReasonText string
	// Message says what happened, for people.
	Message string
	// Metadata holds what the reason is about, such as `payment_id`; ErrorReason lists the keys of each. May be nil.
	Metadata map[string]string
	// Fields are the wrong fields, all of them, in the order of the server. Empty when it is not about fields.
	Fields []FieldError

	retryAfter *time.Duration
	cause      error
}

// FieldError says what is wrong with one field of a request.
type FieldError struct {
	// Path leads to the field, such as `order.lines[3].quantity`.
	Path string
	// Description says what is wrong with it. It never repeats the value.
	Description string
}

// FromError reads the error of a call. It is false for an error that did not come from gRPC.
//
// What the services of a [Client] return is read already; this is for stubs over a connection of one's own.
func FromError(err error) (*Error, bool) {
	if known := (*Error)(nil); errors.As(err, &known) {
		return known, true
	}
	// The innermost status, not status.FromError: that would put the words of every wrapping into the message.
	var carrier interface{ GRPCStatus() *status.Status }
	if err == nil || !errors.As(err, &carrier) {
		return nil, false
	}
	told := carrier.GRPCStatus()
	found := &Error{Code: told.Code(), Message: told.Message(), cause: err}
	for _, detail := range told.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.GetDomain() == errorDomain {
				found.ReasonText = detail.GetReason()
				found.Reason = turnpikev1.ErrorReason(turnpikev1.ErrorReason_value["ERROR_REASON_"+detail.GetReason()])
				found.Metadata = detail.GetMetadata()
			}
		case *errdetails.BadRequest:
			for _, wrong := range detail.GetFieldViolations() {
				found.Fields = append(found.Fields, FieldError{wrong.GetField(), wrong.GetDescription()})
			}
		case *errdetails.RetryInfo:
			if after := detail.GetRetryDelay(); after != nil {
				pause := after.AsDuration()
				found.retryAfter = &pause
			}
		}
	}
	return found, true
}

// RetryAfter is how long the server asks to wait before the same request is sent again. It is false when it did not say.
func (e *Error) RetryAfter() (time.Duration, bool) {
	if e.retryAfter == nil {
		return 0, false
	}
	return *e.retryAfter, true
}

// NothingWasSent tells whether the gateway says that nothing was sent to a provider: UNAVAILABLE with a reason of the
// gateway's, other than that an earlier call with the request id still runs. Repeat the same request with the same request id.
//
// A connection that broke is UNAVAILABLE too, without a reason. Then nobody knows how far the call came, and this is false;
// the answer to it is the same: repeat with the same request id.
func (e *Error) NothingWasSent() bool {
	stillRuns := e.Reason == turnpikev1.ErrorReason_ERROR_REASON_REQUEST_STILL_RUNNING
	return e.Code == codes.Unavailable && e.ReasonText != "" && !stillRuns
}

// Error says the code, the reason, and what is wrong in which fields.
func (e *Error) Error() string {
	var text strings.Builder
	text.WriteString("turnpike: " + CodeName(e.Code))
	if e.ReasonText != "" {
		text.WriteString(" (" + e.ReasonText + ")")
	}
	text.WriteString(": " + e.Message)
	for i, field := range e.Fields {
		if i == fieldsShownMax {
			text.WriteString("; …")
			break
		}
		text.WriteString("; " + field.Path + ": " + field.Description)
	}
	return text.String()
}

// Unwrap returns the error of gRPC.
func (e *Error) Unwrap() error { return e.cause }

// GRPCStatus returns the status of gRPC, so that [status.Code] and [status.FromError] read an Error as they read any other.
func (e *Error) GRPCStatus() *status.Status {
	var carrier interface{ GRPCStatus() *status.Status }
	if errors.As(e.cause, &carrier) {
		return carrier.GRPCStatus()
	}
	return status.New(e.Code, e.Message)
}

// CodeName is a code as the contract spells it, such as `FAILED_PRECONDITION`.
func CodeName(c codes.Code) string { return code.Code(c).String() }

// Turns what gRPC returned into an *Error. The end of a stream stays io.EOF.
func readError(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if found, ok := FromError(err); ok {
		return found
	}
	return err
}

func readErrorsOfStream(
	ctx context.Context, description *grpc.StreamDesc, connection *grpc.ClientConn, method string,
	open grpc.Streamer, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	stream, err := open(ctx, description, connection, method, options...)
	if err != nil {
		return nil, readError(err)
	}
	return readingStream{stream}, nil
}

// A stream whose errors are read.
type readingStream struct{ grpc.ClientStream }

func (s readingStream) SendMsg(message any) error { return readError(s.ClientStream.SendMsg(message)) }
func (s readingStream) RecvMsg(message any) error { return readError(s.ClientStream.RecvMsg(message)) }
func (s readingStream) CloseSend() error          { return readError(s.ClientStream.CloseSend()) }

// Whether going on is useless: the request is wrong, or the caller is not let in.
func isRefusal(err error) bool {
	final := []codes.Code{codes.InvalidArgument, codes.Unauthenticated, codes.PermissionDenied}
	return slices.Contains(final, status.Code(err))
}
