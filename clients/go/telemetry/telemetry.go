// Package telemetry lets the OpenTelemetry context of a caller go along with every call, as W3C's `traceparent`.
//
// It needs the API of OpenTelemetry alone, which programs with traces have anyway; programs without do not import this package
// and carry none of it. For spans of the calls themselves, give gRPC a stats handler instead, which does both:
//
//	turnpike.WithDialOptions(grpc.WithStatsHandler(otelgrpc.NewClientHandler()))
package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	turnpike "turnpike.example/go"
)

// Propagate sends `traceparent`, and `tracestate` when there is one, with every call whose context is in a trace.
func Propagate() turnpike.Option {
	return turnpike.WithDialOptions(
		grpc.WithChainUnaryInterceptor(unary),
		grpc.WithChainStreamInterceptor(stream),
	)
}

func unary(
	ctx context.Context, method string, request, answer any,
	connection *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	return invoke(traced(ctx), method, request, answer, connection, options...)
}

func stream(
	ctx context.Context, description *grpc.StreamDesc, connection *grpc.ClientConn, method string,
	open grpc.Streamer, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	return open(traced(ctx), description, connection, method, options...)
}

func traced(ctx context.Context) context.Context {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	if len(carrier) == 0 {
		return ctx
	}
	// Set and not append: a trace that is named twice is no trace.
	headers, _ := metadata.FromOutgoingContext(ctx)
	headers = headers.Copy()
	if headers == nil {
		headers = metadata.MD{}
	}
	for name, value := range carrier {
		headers.Set(name, value)
	}
	return metadata.NewOutgoingContext(ctx, headers)
}
