package turnpike

import (
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

const (
	// How long a connection is silent before it is pinged, and how long an answer may take.
	keepaliveSilence = 10 * time.Second
	keepaliveAnswer  = 5 * time.Second

	// The pauses between attempts to connect. The first attempt is made at once.
	connectPauseMin = 250 * time.Millisecond
	connectPauseMax = 5 * time.Second
	// How long one attempt to connect may take, with the TLS handshake.
	connectMax = 10 * time.Second

	// The largest answer. A page of 200 payments, each with all the metadata that it may have, fits.
	answerMaxBytes = 16 << 20
)

// Client is a connection to a gateway. Make one and share it: it is safe for many goroutines, and connects by itself,
// when it is first used and whenever the connection is lost.
//
// The services are the generated stubs. What they return as an error is an [*Error].
type Client struct {
	// Sessions lets customers pay, on a provider's page or on the merchant's.
	Sessions turnpikev1.SessionServiceClient
	// Payments charges saved cards, and does all that follows a payment.
	Payments turnpikev1.PaymentServiceClient
	// Tokens keeps saved cards.
	Tokens turnpikev1.TokenServiceClient
	// Recurring charges saved cards on a schedule.
	Recurring turnpikev1.RecurringServiceClient
	// Events tells what became true.
	Events turnpikev1.EventServiceClient
	// Accounts tells what the merchant's accounts are and can do.
	Accounts turnpikev1.AccountServiceClient
	// Sandbox plays with simulated providers and with time, in development mode only.
	Sandbox turnpikev1.SandboxServiceClient
	// Development says what Sandbox is mostly used for in one line each.
	Development Development

	url        string
	connection *grpc.ClientConn
}

// Dial makes a client for the gateway at an address: `http://host:port` without TLS, or `https://host:port` with it.
//
// Nothing is connected yet; the first call does that. What is wrong in the address or in the options is a
// [*ConfigurationError], which names it.
func Dial(url string, options ...Option) (*Client, error) {
	chosen := settings{url: setting{name: "the URL", value: url, given: true}}
	return open(&chosen, options)
}

// FromEnvironment makes a client for the gateway that the environment names:
//
//   - TURNPIKE_URL: `http://host:port` or `https://host:port`. It is required.
//   - TURNPIKE_API_KEY: the API key. It is required, unless there is a client certificate.
//   - TURNPIKE_CA_FILE: a PEM file with the authorities to trust, instead of the system's.
//   - TURNPIKE_CERT_FILE and TURNPIKE_KEY_FILE: PEM files with a client certificate and its key, for mutual TLS.
//
// An empty variable counts as one that is not set. Options go before the environment. What is wrong is a
// [*ConfigurationError], which names the variable; nothing is connected yet.
func FromEnvironment(options ...Option) (*Client, error) {
	chosen := environment()
	for _, option := range options {
		option(&chosen)
	}
	if err := chosen.requireCredentials(); err != nil {
		return nil, err
	}
	return open(&chosen, nil)
}

func open(chosen *settings, options []Option) (*Client, error) {
	for _, option := range options {
		option(chosen)
	}
	target, err := chosen.check()
	if err != nil {
		return nil, err
	}
	transport := insecure.NewCredentials()
	if target.tls != nil {
		transport = credentials.NewTLS(target.tls)
	}
	config := readServiceConfig()
	dialing := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithUserAgent("turnpike-go/" + Version),
		grpc.WithDefaultServiceConfig(config.forGRPC),
		// DNS may carry a service config of somebody else's. Ours decides what is repeated.
		grpc.WithDisableServiceConfig(),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time:                chosen.keepaliveSilence(),
			Timeout:             chosen.keepaliveAnswer(),
			PermitWithoutStream: true,
		}),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay: connectPauseMin, Multiplier: 1.6, Jitter: 0.2, MaxDelay: connectPauseMax,
			},
			MinConnectTimeout: connectMax,
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(answerMaxBytes)),
		// The first interceptor is the outermost: whatever an option adds, the caller gets an *Error.
		grpc.WithChainUnaryInterceptor(config.deadlines.unary),
		grpc.WithChainStreamInterceptor(readErrorsOfStream),
	}
	if target.apiKey != "" {
		dialing = append(dialing, grpc.WithPerRPCCredentials(newBearer(target.apiKey, target.tls != nil)))
	}
	connection, err := grpc.NewClient("dns:///"+target.address, append(dialing, chosen.dialing...)...)
	if err != nil {
		return nil, &ConfigurationError{Name: "WithDialOptions", Problem: "gRPC refuses the options", cause: err}
	}
	sandbox := turnpikev1.NewSandboxServiceClient(connection)
	return &Client{
		Sessions:    turnpikev1.NewSessionServiceClient(connection),
		Payments:    turnpikev1.NewPaymentServiceClient(connection),
		Tokens:      turnpikev1.NewTokenServiceClient(connection),
		Recurring:   turnpikev1.NewRecurringServiceClient(connection),
		Events:      turnpikev1.NewEventServiceClient(connection),
		Accounts:    turnpikev1.NewAccountServiceClient(connection),
		Sandbox:     sandbox,
		Development: Development{sandbox},
		url:         target.url,
		connection:  connection,
	}, nil
}

// Close ends the connection, and the calls that are under way with CANCELLED.
func (c *Client) Close() error { return c.connection.Close() }

// String names the address, and never the key.
func (c *Client) String() string { return "turnpike.Client(" + c.url + ")" }

// GoString is what `%#v` prints: the same as [Client.String].
func (c *Client) GoString() string { return c.String() }
