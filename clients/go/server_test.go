package turnpike_test

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"

	turnpike "turnpike.example/go"
	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

// How long a test waits for what should happen at once.
const patience = 20 * time.Second

// A stand-in for a gateway. What is not set answers UNIMPLEMENTED.
type server struct {
	turnpikev1.UnimplementedAccountServiceServer
	turnpikev1.UnimplementedPaymentServiceServer
	turnpikev1.UnimplementedEventServiceServer
	turnpikev1.UnimplementedSandboxServiceServer

	accounts func(context.Context, *turnpikev1.ListAccountsRequest) (*turnpikev1.ListAccountsResponse, error)
	charge   func(context.Context, *turnpikev1.ChargeTokenRequest) (*turnpikev1.ChargeTokenResponse, error)
	payments func(context.Context, *turnpikev1.ListPaymentsRequest) (*turnpikev1.ListPaymentsResponse, error)
	watch    func(*turnpikev1.WatchPaymentRequest, grpc.ServerStreamingServer[turnpikev1.WatchPaymentResponse]) error
	events   func(context.Context, *turnpikev1.ListEventsRequest) (*turnpikev1.ListEventsResponse, error)
	stream   func(*turnpikev1.StreamEventsRequest, grpc.ServerStreamingServer[turnpikev1.StreamEventsResponse]) error
	advance  func(context.Context, *turnpikev1.AdvanceClockRequest) (*turnpikev1.AdvanceClockResponse, error)
}

func (s *server) ListAccounts(
	ctx context.Context, request *turnpikev1.ListAccountsRequest,
) (*turnpikev1.ListAccountsResponse, error) {
	if s.accounts == nil {
		return new(turnpikev1.ListAccountsResponse), nil
	}
	return s.accounts(ctx, request)
}

func (s *server) ChargeToken(
	ctx context.Context, request *turnpikev1.ChargeTokenRequest,
) (*turnpikev1.ChargeTokenResponse, error) {
	return s.charge(ctx, request)
}

func (s *server) ListPayments(
	ctx context.Context, request *turnpikev1.ListPaymentsRequest,
) (*turnpikev1.ListPaymentsResponse, error) {
	return s.payments(ctx, request)
}

func (s *server) WatchPayment(
	request *turnpikev1.WatchPaymentRequest, stream grpc.ServerStreamingServer[turnpikev1.WatchPaymentResponse],
) error {
	return s.watch(request, stream)
}

func (s *server) ListEvents(
	ctx context.Context, request *turnpikev1.ListEventsRequest,
) (*turnpikev1.ListEventsResponse, error) {
	return s.events(ctx, request)
}

func (s *server) StreamEvents(
	request *turnpikev1.StreamEventsRequest, stream grpc.ServerStreamingServer[turnpikev1.StreamEventsResponse],
) error {
	return s.stream(request, stream)
}

func (s *server) AdvanceClock(
	ctx context.Context, request *turnpikev1.AdvanceClockRequest,
) (*turnpikev1.AdvanceClockResponse, error) {
	return s.advance(ctx, request)
}

// Listens until the test ends, and returns the address.
func (s *server) listen(t *testing.T, options ...grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.serve(t, listener, options...)
	return listener.Addr().String()
}

func (s *server) serve(t *testing.T, listener net.Listener, options ...grpc.ServerOption) {
	served := grpc.NewServer(options...)
	turnpikev1.RegisterAccountServiceServer(served, s)
	turnpikev1.RegisterPaymentServiceServer(served, s)
	turnpikev1.RegisterEventServiceServer(served, s)
	turnpikev1.RegisterSandboxServiceServer(served, s)
	go served.Serve(listener)
	t.Cleanup(served.Stop)
}

func dial(t *testing.T, url string, options ...turnpike.Option) *turnpike.Client {
	t.Helper()
	client, err := turnpike.Dial(url, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func (s *server) client(t *testing.T, options ...turnpike.Option) *turnpike.Client {
	t.Helper()
	return dial(t, "http://"+s.listen(t), options...)
}

func listAccounts(ctx context.Context, client *turnpike.Client) error {
	_, err := client.Accounts.ListAccounts(ctx, new(turnpikev1.ListAccountsRequest))
	return err
}
