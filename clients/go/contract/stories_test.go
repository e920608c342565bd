package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

// A server that answers just so: a payment is captured when it is read for the third time.
type server struct {
	turnpikev1.UnimplementedPaymentServiceServer
	reads int
}

func (s *server) GetPayment(
	ctx context.Context, request *turnpikev1.GetPaymentRequest,
) (*turnpikev1.GetPaymentResponse, error) {
	headers, _ := metadata.FromIncomingContext(ctx)
	key := strings.Join(headers.Get("authorization"), ",")
	if key != "Bearer tpk_ours" {
		return nil, refusal(codes.Unauthenticated, "KEY_IS_"+key)
	}
	if request.GetPaymentId() == "pay_none" {
		return nil, refusal(codes.NotFound, "PAYMENT_NOT_FOUND")
	}
	s.reads++
	payment := &turnpikev1.Payment{Id: request.GetPaymentId(), State: turnpikev1.PaymentState_PAYMENT_STATE_PROCESSING}
	if s.reads >= 3 {
		payment.State = turnpikev1.PaymentState_PAYMENT_STATE_CAPTURED
		payment.Totals = &turnpikev1.PaymentTotals{CapturedMinor: 49900}
	}
	return &turnpikev1.GetPaymentResponse{Payment: payment}, nil
}

func (s *server) WatchPayment(
	request *turnpikev1.WatchPaymentRequest, stream grpc.ServerStreamingServer[turnpikev1.WatchPaymentResponse],
) error {
	if request.GetPaymentId() == "pay_none" {
		return refusal(codes.NotFound, "PAYMENT_NOT_FOUND")
	}
	for version := range 4 {
		payment := &turnpikev1.Payment{Id: request.GetPaymentId(), Version: int64(version + 1)}
		if err := stream.Send(&turnpikev1.WatchPaymentResponse{Payment: payment}); err != nil {
			return err
		}
	}
	return nil
}

func refusal(code codes.Code, reason string) error {
	told, err := status.New(code, "no").WithDetails(
		&errdetails.ErrorInfo{Domain: "turnpike", Reason: reason, Metadata: map[string]string{"payment_id": "pay_none"}},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "payment_id"}}},
	)
	if err != nil {
		panic(err)
	}
	return told.Err()
}

// Tells one story, for the accounts of a small contract.
func tellOne(t *testing.T, text string) ([]result, error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := grpc.NewServer()
	turnpikev1.RegisterPaymentServiceServer(served, new(server))
	go served.Serve(listener)
	t.Cleanup(served.Stop)
	t.Setenv("TURNPIKE_URL", "http://"+listener.Addr().String())
	t.Setenv("TURNPIKE_API_KEY", "tpk_ours")
	for _, name := range []string{"TURNPIKE_CA_FILE", "TURNPIKE_CERT_FILE", "TURNPIKE_KEY_FILE"} {
		t.Setenv(name, "")
	}
	folder := t.TempDir()
	write(t, filepath.Join(folder, "accounts.json"), `{"one-dev": {"payment": "pay_1"}, "two-dev": {"payment": "pay_2"}}`)
	if text != "" {
		write(t, filepath.Join(folder, "stories", "a_story.json"), text)
	}
	return tellAll(t.Context(), folder, new(bytes.Buffer))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestAStoryThatPasses(t *testing.T) {
	results, err := tellOne(t, `{"about": "a", "accounts": ["one-dev", "two-dev"], "steps": [
		{"step": "read", "call": "PaymentService/GetPayment", "request": {"paymentId": "${payment}"},
			"answer": {"payment": {"id": {"$save": "saved"}}}},
		{"step": "wait", "call": "PaymentService/GetPayment", "request": {"paymentId": "${saved}"},
			"answer": {"payment": {"id": "${payment}", "totals": {"capturedMinor": 49900}}}, "within_seconds": 20},
		{"step": "watch", "call": "PaymentService/WatchPayment", "request": {"paymentId": "${saved}"},
			"stream": [{"payment": {"version": 2, "id": {"$save": "watched"}}}, {"payment": {"version": "4"}}]},
		{"step": "what the stream saved", "call": "PaymentService/GetPayment", "request": {"paymentId": "${watched}"},
			"answer": {"payment": {"id": "${payment}"}}},
		{"step": "nothing", "call": "PaymentService/GetPayment", "request": {"paymentId": "pay_none"},
			"error": {"code": "NOT_FOUND", "reason": "PAYMENT_NOT_FOUND", "metadata": {"payment_id": {"$matches": "none$"}},
				"fields": ["payment_id"]}},
		{"step": "no stream", "call": "PaymentService/WatchPayment", "request": {"paymentId": "pay_none"},
			"error": {"code": "NOT_FOUND", "reason": "PAYMENT_NOT_FOUND"}},
		{"step": "no key", "call": "PaymentService/GetPayment", "credentials": "none",
			"error": {"code": "UNAUTHENTICATED", "reason": "KEY_IS_"}},
		{"step": "another key", "call": "PaymentService/GetPayment", "credentials": "unknown",
			"error": {"code": "UNAUTHENTICATED", "reason": "KEY_IS_Bearer tpk_unknown"}}
	]}`)
	if err != nil || len(results) != 2 {
		t.Fatal(results, err)
	}
	for i, account := range []string{"one-dev", "two-dev"} {
		got := results[i]
		if !got.Passed || got.Failure != "" || got.Steps != 8 || got.Account != account || got.Name != "a_story" {
			t.Errorf("got %+v", got)
		}
	}
}

func TestStoriesThatFail(t *testing.T) {
	for about, test := range map[string]struct{ step, failure string }{
		"another answer": {
			`"call": "PaymentService/GetPayment", "request": {"paymentId": "pay_1"}, "answer": {"payment": {"id": "pay_2"}}`,
			`payment.id: want "pay_2", got "pay_1"`,
		},
		"an answer that never comes": {
			`"call": "PaymentService/GetPayment", "request": {"paymentId": "pay_1"}, "answer": {"payment": {"id": "pay_2"}}, "within_seconds": 1`,
			"not within 1s",
		},
		"an error instead of an answer": {
			`"call": "PaymentService/GetPayment", "request": {"paymentId": "pay_none"}, "answer": {}, "within_seconds": 20`,
			"PAYMENT_NOT_FOUND",
		},
		"an answer instead of an error": {
			`"call": "PaymentService/GetPayment", "request": {"paymentId": "pay_1"}, "error": {"code": "NOT_FOUND", "reason": "x"}`,
			"it was answered",
		},
		"a message instead of an error": {
			`"call": "PaymentService/WatchPayment", "request": {"paymentId": "pay_1"}, "error": {"code": "NOT_FOUND", "reason": "x"}`,
			"it was answered",
		},
		"another code": {
			`"call": "PaymentService/GetPayment", "request": {"paymentId": "pay_none"}, "error": {"code": "INTERNAL", "reason": "PAYMENT_NOT_FOUND"}`,
			`code: want "INTERNAL", got "NOT_FOUND"`,
		},
		"another reason": {
			`"call": "PaymentService/GetPayment", "request": {"paymentId": "pay_none"}, "error": {"code": "NOT_FOUND", "reason": "TOKEN_NOT_FOUND"}`,
			`reason: want "TOKEN_NOT_FOUND"`,
		},
		"another field": {
			`"call": "PaymentService/GetPayment", "request": {"paymentId": "pay_none"}, "error": {"code": "NOT_FOUND", "reason": "PAYMENT_NOT_FOUND", "fields": ["id"]}`,
			`fields[0]: want "id"`,
		},
		"other metadata": {
			`"call": "PaymentService/GetPayment", "request": {"paymentId": "pay_none"}, "error": {"code": "NOT_FOUND", "reason": "PAYMENT_NOT_FOUND", "metadata": {"payment_id": "x"}}`,
			`metadata.payment_id: want "x"`,
		},
		"a stream in another order": {
			`"call": "PaymentService/WatchPayment", "request": {"paymentId": "pay_1"}, "stream": [{"payment": {"version": 2}}, {"payment": {"version": 1}}]`,
			"1 of 2 came, and then: the stream ended",
		},
		"a stream that is refused": {
			`"call": "PaymentService/WatchPayment", "request": {"paymentId": "pay_none"}, "stream": [{"payment": {"version": 2}}]`,
			"PAYMENT_NOT_FOUND",
		},
		"an unknown name": {
			`"call": "PaymentService/GetPayment", "request": {"paymentId": "${nobody}"}, "answer": {}`,
			"${nobody}",
		},
		"a request with an unknown field": {
			`"call": "PaymentService/GetPayment", "request": {"payment": "pay_1"}, "answer": {}`,
			"the request",
		},
		"an unknown matcher, which no waiting helps": {
			`"call": "PaymentService/GetPayment", "request": {"paymentId": "pay_1"}, "answer": {"payment": {"$what": 1}}, "within_seconds": 600`,
			"$what",
		},
		"an unknown matcher in a stream": {
			`"call": "PaymentService/WatchPayment", "request": {"paymentId": "pay_1"}, "stream": [{"payment": {"$what": 1}}]`,
			"$what",
		},
		"an unknown service": {`"call": "TeaService/Pour", "answer": {}`, "no service TeaService"},
		"an unknown method":  {`"call": "PaymentService/Pour", "answer": {}`, "no method Pour"},
		"no method":          {`"call": "PaymentService", "answer": {}`, "no method"},
		"a stream of a call that is none": {
			`"call": "PaymentService/GetPayment", "stream": [{}]`, "not both a stream",
		},
		"an answer of a stream": {`"call": "PaymentService/WatchPayment", "answer": {}`, "not both a stream"},
		"no time at all":        {`"call": "PaymentService/GetPayment", "answer": {}, "within_seconds": 0`, "within_seconds is 0"},
	} {
		t.Run(about, func(t *testing.T) {
			results, err := tellOne(t, `{"about": "a", "steps": [{"step": "one", `+test.step+`},
				{"step": "two", "call": "PaymentService/GetPayment", "answer": {}}]}`)
			if err != nil {
				t.Fatal(err)
			}
			got := results[0]
			if got.Passed || got.Steps != 1 || !strings.Contains(got.Failure, `step 1, "one"`) || !strings.Contains(got.Failure, test.failure) {
				t.Errorf("got %+v", got)
			}
			report := filepath.Join(t.TempDir(), "report.json")
			if err := finish(results, report); err == nil {
				t.Error("the run passes")
			}
			if text, _ := os.ReadFile(report); !strings.Contains(string(text), `"passed": false`) {
				t.Errorf("the report: %s", text)
			}
		})
	}
}

func TestStoriesThatAreNone(t *testing.T) {
	for _, text := range []string{
		"",
		"tea",
		`{}`,
		`{"about": "a", "steps": []}`,
		`{"about": "a", "steps": [], "more": 1}`,
		`{"about": "a", "accounts": ["nobody"], "steps": [{"step": "s", "call": "PaymentService/GetPayment", "answer": {}}]}`,
		`{"about": "a", "steps": [{"step": "s", "call": "PaymentService/GetPayment"}]}`,
		`{"about": "a", "steps": [{"step": "s", "answer": {}}]}`,
		`{"about": "a", "steps": [{"call": "PaymentService/GetPayment", "answer": {}}]}`,
		`{"about": "a", "steps": [{"step": "s", "call": "PaymentService/GetPayment", "answer": {}, "error": {"code": "X", "reason": "Y"}}]}`,
		`{"about": "a", "steps": [{"step": "s", "call": "PaymentService/GetPayment", "answers": {}}]}`,
		`{"about": "a", "steps": [{"step": "s", "call": "PaymentService/GetPayment", "answer": {}, "credentials": "mine"}]}`,
		`{"about": "a", "steps": [{"step": "s", "call": "PaymentService/GetPayment", "error": {"code": "X"}}]}`,
		`{"about": "a", "steps": [{"step": "s", "call": "PaymentService/GetPayment", "error": {"code": "X", "reason": "Y", "text": "Z"}}]}`,
		`{"about": "a", "steps": [{"step": "s", "call": "PaymentService/WatchPayment", "stream": []}]}`,
		`{"about": "a", "steps": [{"step": "s", "call": "PaymentService/WatchPayment", "stream": [{}], "within_seconds": 1}]}`,
	} {
		if results, err := tellOne(t, text); err == nil {
			t.Errorf("%s: %+v", text, results)
		}
	}
}

func TestNothingAtAllDoesNotPass(t *testing.T) {
	if err := finish(nil, filepath.Join(t.TempDir(), "report.json")); err == nil {
		t.Error("a run of nothing passes")
	}
}

// The client's copy decides what is repeated. Here, because only the repository has the original.
func TestTheServiceConfigIsTheContracts(t *testing.T) {
	original, err := os.ReadFile("../../../contract/service_config.json")
	if err != nil {
		t.Fatal(err)
	}
	if embedded, err := os.ReadFile("../service_config.json"); err != nil || !bytes.Equal(original, embedded) {
		t.Errorf("the copy differs: cp contract/service_config.json clients/go/ (%v)", err)
	}
}
