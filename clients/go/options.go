package turnpike

import (
	"time"

	"google.golang.org/grpc"
)

// Option changes how a [Client] connects.
type Option func(*settings)

// WithAPIKey sends this API key with every call. Without TLS it crosses the network in clear: `http` is for development.
func WithAPIKey(key string) Option {
	return func(s *settings) { s.apiKey = setting{name: "WithAPIKey", value: key, given: true} }
}

// WithCAFile trusts the authorities in this PEM file instead of the system's.
func WithCAFile(path string) Option {
	return func(s *settings) { s.caFile = setting{name: "WithCAFile", value: path, given: true} }
}

// WithClientCertificate shows the server a certificate, for mutual TLS: two PEM files, the certificate with what leads to
// its authority, and its key.
func WithClientCertificate(certFile, keyFile string) Option {
	return func(s *settings) {
		s.certFile = setting{name: "WithClientCertificate, the certificate", value: certFile, given: true}
		s.keyFile = setting{name: "WithClientCertificate, the key", value: keyFile, given: true}
	}
}

// WithKeepalive says after how long a silence the connection is pinged, also while no call is under way, and how long the
// answer may take before it is given up. The default is 30 s and 10 s. Both must be greater than zero; gRPC for Go
// pings after 10 s at the soonest, and takes less as 10 s.
func WithKeepalive(silence, answer time.Duration) Option {
	return func(s *settings) { s.keepalive = &keepaliveTimes{silence, answer} }
}

// WithDialOptions hands options to gRPC, such as a stats handler of OpenTelemetry or interceptors. They come last, so they
// override what this package chooses.
func WithDialOptions(options ...grpc.DialOption) Option {
	return func(s *settings) { s.dialing = append(s.dialing, options...) }
}
