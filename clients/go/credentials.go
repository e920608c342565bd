package turnpike

import (
	"context"

	"google.golang.org/grpc/credentials"
)

// A bearer adds the API key to every call. It holds the key in a closure, which no printing of structs looks into.
type bearer struct {
	headers func() map[string]string
	secure  bool
}

func newBearer(key string, secure bool) credentials.PerRPCCredentials {
	return bearer{
		headers: func() map[string]string { return map[string]string{"authorization": "Bearer " + key} },
		secure:  secure,
	}
}

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return b.headers(), nil
}

// Where the address says https, gRPC refuses to send the key over anything else.
func (b bearer) RequireTransportSecurity() bool { return b.secure }
