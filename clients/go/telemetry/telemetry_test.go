package telemetry_test

import (
	"context"
	"net"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	turnpike "turnpike.example/go"
	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
	"turnpike.example/go/telemetry"
)

// Keeps the headers of the last call.
type gateway struct {
	turnpikev1.UnimplementedAccountServiceServer
	turnpikev1.UnimplementedEventServiceServer
	headers metadata.MD
}

func (g *gateway) ListAccounts(
	ctx context.Context, _ *turnpikev1.ListAccountsRequest,
) (*turnpikev1.ListAccountsResponse, error) {
	g.headers, _ = metadata.FromIncomingContext(ctx)
	return new(turnpikev1.ListAccountsResponse), nil
}

func (g *gateway) StreamEvents(
	_ *turnpikev1.StreamEventsRequest, stream grpc.ServerStreamingServer[turnpikev1.StreamEventsResponse],
) error {
	g.headers, _ = metadata.FromIncomingContext(stream.Context())
	return nil
}

func TestTheTraceOfTheCallerGoesAlong(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := new(gateway)
	server := grpc.NewServer()
	turnpikev1.RegisterAccountServiceServer(server, g)
	turnpikev1.RegisterEventServiceServer(server, g)
	go server.Serve(listener)
	defer server.Stop()
	client, err := turnpike.Dial("http://"+listener.Addr().String(), turnpike.WithAPIKey("tpk_test"), telemetry.Propagate())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()

	call := func(ctx context.Context) {
		t.Helper()
		if _, err := client.Accounts.ListAccounts(ctx, new(turnpikev1.ListAccountsRequest)); err != nil {
			t.Fatal(err)
		}
	}
	stream := func(ctx context.Context) {
		t.Helper()
		stream, err := client.Events.StreamEvents(ctx, new(turnpikev1.StreamEventsRequest))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); err == nil {
			t.Fatal("the stream has a message")
		}
	}
	expect := func(name string, want ...string) {
		t.Helper()
		if got := g.headers.Get(name); !slices.Equal(got, want) {
			t.Errorf("%s arrives as %q, want %q", name, got, want)
		}
	}

	state, err := trace.ParseTraceState("shop=tea")
	if err != nil {
		t.Fatal(err)
	}
	traced := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID:    trace.TraceID{0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36},
		SpanID:     trace.SpanID{0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7},
		TraceFlags: trace.FlagsSampled,
		TraceState: state,
	}))
	const want = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for _, make := range []func(context.Context){call, stream} {
		make(traced)
		expect("traceparent", want)
		expect("tracestate", "shop=tea")
		expect("authorization", "Bearer tpk_test")

		// Beside the caller's own headers, and instead of another trace among them.
		make(metadata.AppendToOutgoingContext(traced, "x-mine", "1", "traceparent", "00-0-0-00"))
		expect("traceparent", want)
		expect("x-mine", "1")

		make(t.Context())
		expect("traceparent")
	}
}
