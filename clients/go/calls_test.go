package turnpike_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	turnpike "turnpike.example/go"
	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

func TestDeadlines(t *testing.T) {
	type seen struct {
		left time.Duration
		set  bool
	}
	var got seen
	look := func(ctx context.Context) {
		deadline, set := ctx.Deadline()
		got = seen{time.Until(deadline), set}
	}
	gateway := server{
		accounts: func(ctx context.Context, _ *turnpikev1.ListAccountsRequest) (*turnpikev1.ListAccountsResponse, error) {
			look(ctx)
			return new(turnpikev1.ListAccountsResponse), nil
		},
		watch: func(
			_ *turnpikev1.WatchPaymentRequest, stream grpc.ServerStreamingServer[turnpikev1.WatchPaymentResponse],
		) error {
			look(stream.Context())
			return nil
		},
		stream: func(
			_ *turnpikev1.StreamEventsRequest, stream grpc.ServerStreamingServer[turnpikev1.StreamEventsResponse],
		) error {
			look(stream.Context())
			return nil
		},
		advance: func(ctx context.Context, _ *turnpikev1.AdvanceClockRequest) (*turnpikev1.AdvanceClockResponse, error) {
			look(ctx)
			return &turnpikev1.AdvanceClockResponse{Now: timestamppb.Now()}, nil
		},
	}
	client := gateway.client(t)
	within := func(most time.Duration) context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), most)
		t.Cleanup(cancel)
		return ctx
	}
	for _, test := range []struct {
		about string
		call  func() error
		// Zero means no deadline.
		want time.Duration
	}{
		{"a call that says nothing", func() error { return listAccounts(t.Context(), client) }, 30 * time.Second},
		{"a shorter one", func() error { return listAccounts(within(5*time.Second), client) }, 5 * time.Second},
		{"a longer one", func() error { return listAccounts(within(2*time.Minute), client) }, 2 * time.Minute},
		{"a stream of a payment", func() error {
			stream, err := client.Payments.WatchPayment(t.Context(), new(turnpikev1.WatchPaymentRequest))
			return errors.Join(err, ended(stream))
		}, 0},
		{"a stream of events", func() error {
			stream, err := client.Events.StreamEvents(t.Context(), new(turnpikev1.StreamEventsRequest))
			return errors.Join(err, ended(stream))
		}, 0},
		{"moving the clock", func() error {
			_, err := client.Development.Advance(t.Context(), time.Hour)
			return err
		}, 10 * time.Minute},
	} {
		if err := test.call(); err != nil {
			t.Errorf("%s: %v", test.about, err)
		}
		if got.set != (test.want > 0) || got.set && (got.left > test.want || got.left < test.want-4*time.Second) {
			t.Errorf("%s: the server sees %v, want %v", test.about, got, test.want)
		}
	}
}

// Reads a stream to its end, which must come without a message.
func ended[M any](stream grpc.ServerStreamingClient[M]) error {
	if _, err := stream.Recv(); err == nil || err.Error() != "EOF" {
		return errors.Join(errors.New("the stream does not end"), err)
	}
	return nil
}

func TestOnlyUnavailableIsRepeated(t *testing.T) {
	t.Parallel()
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		t.Run(turnpike.CodeName(code), func(t *testing.T) {
			t.Parallel()
			var ids []string
			gateway := server{charge: func(
				_ context.Context, request *turnpikev1.ChargeTokenRequest,
			) (*turnpikev1.ChargeTokenResponse, error) {
				ids = append(ids, request.GetRequestId())
				if len(ids) < 3 {
					return nil, status.Error(code, "not now")
				}
				return new(turnpikev1.ChargeTokenResponse), nil
			}}
			request := &turnpikev1.ChargeTokenRequest{RequestId: "made-once"}
			_, err := gateway.client(t).Payments.ChargeToken(t.Context(), request)
			want := 1
			if code == codes.Unavailable {
				want, code = 3, codes.OK
			}
			if status.Code(err) != code || len(ids) != want {
				t.Errorf("%d calls, and then: %v", len(ids), err)
			}
			for _, id := range ids {
				if id != "made-once" {
					t.Errorf("a call went out with the request id %q", id)
				}
			}
		})
	}
}

func TestRepeatingEnds(t *testing.T) {
	t.Parallel()
	calls := 0
	gateway := server{accounts: func(
		context.Context, *turnpikev1.ListAccountsRequest,
	) (*turnpikev1.ListAccountsResponse, error) {
		calls++
		return nil, status.Error(codes.Unavailable, "never")
	}}
	err := listAccounts(t.Context(), gateway.client(t))
	var refusal *turnpike.Error
	if !errors.As(err, &refusal) || refusal.Code != codes.Unavailable || refusal.Message != "never" || calls != 5 {
		t.Errorf("%d calls, and then: %v", calls, err)
	}
}

func TestADeadlineThatPassesIsNotRepeated(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	gateway := server{accounts: func(
		ctx context.Context, _ *turnpikev1.ListAccountsRequest,
	) (*turnpikev1.ListAccountsResponse, error) {
		calls.Add(1)
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	client := gateway.client(t)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := listAccounts(ctx, client)
	// Long enough for a repetition to arrive.
	time.Sleep(time.Second)
	if status.Code(err) != codes.DeadlineExceeded || calls.Load() != 1 {
		t.Errorf("%d calls, and then: %v", calls.Load(), err)
	}
}

func TestAServerThatRefusesAndThenAccepts(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	client := dial(t, "http://"+address)
	var wait sync.WaitGroup
	wait.Go(func() {
		time.Sleep(700 * time.Millisecond)
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Error(err)
			return
		}
		(&server{}).serve(t, listener)
	})
	if err := listAccounts(t.Context(), client); err != nil {
		t.Error(err)
	}
	wait.Wait()
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	err = listAccounts(t.Context(), dial(t, "http://"+address))
	var refusal *turnpike.Error
	if !errors.As(err, &refusal) || refusal.Code != codes.Unavailable || refusal.ReasonText != "" {
		t.Error(err)
	}
}
