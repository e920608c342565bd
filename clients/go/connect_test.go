package turnpike_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	turnpike "turnpike.example/go"
	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

const testKey = "tpk_a_key_that_must_not_be_seen"

func TestTheEnvironmentConnects(t *testing.T) {
	var headers metadata.MD
	gateway := server{accounts: func(
		ctx context.Context, _ *turnpikev1.ListAccountsRequest,
	) (*turnpikev1.ListAccountsResponse, error) {
		headers, _ = metadata.FromIncomingContext(ctx)
		return new(turnpikev1.ListAccountsResponse), nil
	}}
	clearEnvironment(t)
	t.Setenv("TURNPIKE_URL", "http://"+gateway.listen(t))
	t.Setenv("TURNPIKE_API_KEY", testKey)
	client, err := turnpike.FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := listAccounts(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	if got := headers.Get("authorization"); len(got) != 1 || got[0] != "Bearer "+testKey {
		t.Errorf("the key arrives as %q", got)
	}
	if got := headers.Get("user-agent"); len(got) != 1 || !strings.HasPrefix(got[0], "turnpike-go/"+turnpike.Version) {
		t.Errorf("the user agent is %q", got)
	}
}

func TestWhatIsWrongInTheEnvironmentIsNamed(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	authority := newAuthority(t)
	ca := write("ca.pem", string(authority.pem))
	nothing := write("nothing.pem", "this is no certificate")
	cert, key := authority.issueFiles(t, "client", "client.example")
	_, otherKey := authority.issueFiles(t, "other", "other.example")
	missing := filepath.Join(folder, "missing.pem")

	type vars = map[string]string
	for _, test := range []struct {
		about string
		vars  vars
		// The variable that is at fault, and a word of what is wrong with it.
		name, word string
	}{
		{"nothing is set", vars{}, "TURNPIKE_API_KEY", "not set"},
		{"no address", vars{"TURNPIKE_API_KEY": testKey}, "TURNPIKE_URL", "not set"},
		{"no scheme", vars{"TURNPIKE_URL": "pay.example:443"}, "TURNPIKE_URL", "http://"},
		{"another scheme", vars{"TURNPIKE_URL": "ftp://pay.example:443"}, "TURNPIKE_URL", "http://"},
		{"not an address", vars{"TURNPIKE_URL": "http://pay example:1"}, "TURNPIKE_URL", "cannot be read"},
		{"no host", vars{"TURNPIKE_URL": "http://:443"}, "TURNPIKE_URL", "no host"},
		{"no port", vars{"TURNPIKE_URL": "https://pay.example"}, "TURNPIKE_URL", "no port"},
		{"port 0", vars{"TURNPIKE_URL": "https://pay.example:0"}, "TURNPIKE_URL", "between 1 and 65535"},
		{"port 65536", vars{"TURNPIKE_URL": "https://pay.example:65536"}, "TURNPIKE_URL", "between 1 and 65535"},
		{"a path", vars{"TURNPIKE_URL": "https://pay.example:443/v1"}, "TURNPIKE_URL", "after the port"},
		{"a query", vars{"TURNPIKE_URL": "https://pay.example:443?key=1"}, "TURNPIKE_URL", "after the port"},
		{"a user", vars{"TURNPIKE_URL": "https://" + testKey + "@pay.example:443"}, "TURNPIKE_URL", "a user"},
		{"a password in what is no address", vars{"TURNPIKE_URL": "https://me:" + testKey + "@[:443"}, "TURNPIKE_URL", "cannot be read"},
		{"a line break in the key", vars{"TURNPIKE_API_KEY": testKey + "\n"}, "TURNPIKE_API_KEY", "line break"},
		{"a key in another script", vars{"TURNPIKE_API_KEY": testKey + "ø"}, "TURNPIKE_API_KEY", "another character"},
		{"authorities without TLS", vars{"TURNPIKE_CA_FILE": ca, "TURNPIKE_URL": "http://pay.example:80"}, "TURNPIKE_CA_FILE", "https"},
		{"a certificate without TLS", vars{"TURNPIKE_CERT_FILE": cert, "TURNPIKE_KEY_FILE": key, "TURNPIKE_URL": "http://pay.example:80"}, "TURNPIKE_CERT_FILE", "https"},
		{"no such authorities", vars{"TURNPIKE_CA_FILE": missing}, "TURNPIKE_CA_FILE", "cannot be read"},
		{"authorities that are none", vars{"TURNPIKE_CA_FILE": nothing}, "TURNPIKE_CA_FILE", "no certificate"},
		{"a certificate without its key", vars{"TURNPIKE_CERT_FILE": cert}, "TURNPIKE_KEY_FILE", "not set"},
		{"a key without its certificate", vars{"TURNPIKE_KEY_FILE": key}, "TURNPIKE_CERT_FILE", "not set"},
		{"no such certificate", vars{"TURNPIKE_CERT_FILE": missing, "TURNPIKE_KEY_FILE": key}, "TURNPIKE_CERT_FILE", "cannot be read"},
		{"no such key", vars{"TURNPIKE_CERT_FILE": cert, "TURNPIKE_KEY_FILE": missing}, "TURNPIKE_KEY_FILE", "cannot be read"},
		{"another's key", vars{"TURNPIKE_CERT_FILE": cert, "TURNPIKE_KEY_FILE": otherKey}, "TURNPIKE_CERT_FILE", "no pair"},
	} {
		t.Run(test.about, func(t *testing.T) {
			clearEnvironment(t)
			if len(test.vars) > 0 {
				if test.name != "TURNPIKE_URL" {
					t.Setenv("TURNPIKE_URL", "https://pay.example:443")
				}
				t.Setenv("TURNPIKE_API_KEY", testKey)
			}
			for name, value := range test.vars {
				t.Setenv(name, value)
			}
			client, err := turnpike.FromEnvironment()
			if err == nil {
				client.Close()
				t.Fatal("nothing is said")
			}
			var wrong *turnpike.ConfigurationError
			if !errors.As(err, &wrong) || wrong.Name != test.name || !strings.Contains(err.Error(), test.word) {
				t.Errorf("want %s and %q, got: %v", test.name, test.word, err)
			}
			if strings.Contains(err.Error(), testKey) {
				t.Errorf("a secret is shown: %v", err)
			}
		})
	}
}

func TestACertificateStandsForAKey(t *testing.T) {
	authority := newAuthority(t)
	cert, key := authority.issueFiles(t, "client", "client.example")
	clearEnvironment(t)
	t.Setenv("TURNPIKE_URL", "https://pay.example:443")
	t.Setenv("TURNPIKE_CERT_FILE", cert)
	t.Setenv("TURNPIKE_KEY_FILE", key)
	client, err := turnpike.FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
}

func TestOptionsGoBeforeTheEnvironment(t *testing.T) {
	gateway := server{}
	clearEnvironment(t)
	t.Setenv("TURNPIKE_URL", "http://"+gateway.listen(t))
	t.Setenv("TURNPIKE_API_KEY", "a key with spaces, which is none")
	client, err := turnpike.FromEnvironment(turnpike.WithAPIKey(testKey))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := listAccounts(t.Context(), client); err != nil {
		t.Error(err)
	}
}

func TestWhatIsWrongInAnOptionIsNamed(t *testing.T) {
	for name, option := range map[string]turnpike.Option{
		"WithAPIKey":                             turnpike.WithAPIKey(""),
		"WithCAFile":                             turnpike.WithCAFile(""),
		"WithClientCertificate, the certificate": turnpike.WithClientCertificate("", ""),
		"WithKeepalive":                          turnpike.WithKeepalive(0, time.Second),
	} {
		client, err := turnpike.Dial("https://pay.example:443", option)
		var wrong *turnpike.ConfigurationError
		if !errors.As(err, &wrong) || wrong.Name != name {
			t.Errorf("%s: got %v, %v", name, client, err)
		}
	}
	if _, err := turnpike.Dial("https://pay.example:443", turnpike.WithKeepalive(time.Second, -1)); err == nil {
		t.Error("a time before now to answer in is taken")
	}
}

func TestTheKeyIsNotPrinted(t *testing.T) {
	client := dial(t, "https://pay.example:443", turnpike.WithAPIKey(testKey))
	holder := struct{ Client *turnpike.Client }{client}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, value := range []any{client, *client, holder} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, testKey) {
				t.Errorf("%s shows the key: %s", verb, text)
			}
		}
	}
	if got := fmt.Sprint(client); got != "turnpike.Client(https://pay.example:443)" {
		t.Errorf("it prints as %s", got)
	}
}

func TestClosingEndsCalls(t *testing.T) {
	gateway := server{}
	client := gateway.client(t)
	client.Close()
	err := listAccounts(t.Context(), client)
	var refusal *turnpike.Error
	if !errors.As(err, &refusal) || refusal.Code != codes.Canceled {
		t.Error(err)
	}
}

func TestOptionsReachGRPC(t *testing.T) {
	seen := ""
	record := func(
		ctx context.Context, method string, request, answer any,
		connection *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
	) error {
		seen = method
		return invoke(ctx, method, request, answer, connection, options...)
	}
	gateway := server{}
	client := gateway.client(t, turnpike.WithDialOptions(grpc.WithChainUnaryInterceptor(record)))
	if err := listAccounts(t.Context(), client); err != nil || seen != turnpikev1.AccountService_ListAccounts_FullMethodName {
		t.Error(seen, err)
	}
}

// Variables of the machine that the tests run on must not change them.
func clearEnvironment(t *testing.T) {
	for _, name := range []string{"URL", "API_KEY", "CA_FILE", "CERT_FILE", "KEY_FILE"} {
		t.Setenv("TURNPIKE_"+name, "")
	}
}
