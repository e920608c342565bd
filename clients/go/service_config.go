package turnpike

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/grpc"
)

// A copy of contract/service_config.json: what is repeated, how often, and which deadline a call has.
//
//go:embed service_config.json
var serviceConfigJSON []byte

// The service config in two parts. gRPC gets the retries. The deadlines are ours, because gRPC would cut a longer deadline of
// the caller's down to them, and they are meant for calls that say nothing.
type serviceConfig struct {
	forGRPC   string
	deadlines deadlines
}

// Deadlines by method, as `/turnpike.v1.PaymentService/ChargeToken`. The empty name stands for all others.
type deadlines map[string]time.Duration

func readServiceConfig() serviceConfig {
	var config struct {
		Methods []struct {
			Names []struct {
				Service string `json:"service,omitempty"`
				Method  string `json:"method,omitempty"`
			} `json:"name"`
			Timeout string          `json:"timeout,omitempty"`
			Retries json.RawMessage `json:"retryPolicy,omitempty"`
		} `json:"methodConfig"`
		Throttling json.RawMessage `json:"retryThrottling"`
	}
	mustBeRight(json.Unmarshal(serviceConfigJSON, &config))
	found := deadlines{}
	for i := range config.Methods {
		methods := &config.Methods[i]
		var timeout time.Duration
		if methods.Timeout != "" {
			var err error
			timeout, err = time.ParseDuration(methods.Timeout)
			mustBeRight(err)
			methods.Timeout = ""
		}
		for _, name := range methods.Names {
			if name.Service == "" {
				found[""] = timeout
			} else {
				found["/"+name.Service+"/"+name.Method] = timeout
			}
		}
	}
	text, err := json.Marshal(config)
	mustBeRight(err)
	return serviceConfig{string(text), found}
}

// The file is compiled in, and every test reads it.
func mustBeRight(err error) {
	if err != nil {
		panic(fmt.Sprintf("turnpike: the embedded service config cannot be read: %v", err))
	}
}

func (d deadlines) of(method string) time.Duration {
	if own, found := d[method]; found {
		return own
	}
	return d[""]
}

// Gives a call its deadline, unless the caller's context has one, and the caller an *Error.
func (d deadlines) unary(
	ctx context.Context, method string, request, answer any,
	connection *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	if _, set := ctx.Deadline(); !set {
		if most := d.of(method); most > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, most)
			defer cancel()
		}
	}
	return readError(invoke(ctx, method, request, answer, connection, options...))
}
