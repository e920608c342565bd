//go:build served

// Package served_test tests the client against a real gateway. TURNPIKE_BINARY is the path of its binary.
//
//	TURNPIKE_BINARY=/path/to/turnpike go test -tags served ./served
package served_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	turnpike "turnpike.example/go"
	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

const (
	apiKey = "tpk_served_tests"
	// How long a start, an end or anything else may take.
	patience = 60 * time.Second
)

// A gateway in development mode, with its own store.
type gateway struct {
	t       *testing.T
	folder  string
	options []string
	// Known after the first start, and kept over the others.
	address string
	process *exec.Cmd
	said    bytes.Buffer
}

// Starts a gateway, which ends with the test.
func start(t *testing.T, options ...string) *gateway {
	t.Helper()
	g := &gateway{t: t, folder: t.TempDir(), options: options, address: "127.0.0.1:0"}
	g.start()
	t.Cleanup(g.stop)
	return g
}

func (g *gateway) start() {
	g.t.Helper()
	binary := os.Getenv("TURNPIKE_BINARY")
	if binary == "" {
		g.t.Fatal("TURNPIKE_BINARY names no gateway")
	}
	ready := filepath.Join(g.folder, "ready.json")
	os.Remove(ready)
	arguments := []string{
		"dev", "--grpc", g.address, "--simulators", "127.0.0.1:0", "--webhooks", "127.0.0.1:0",
		"--data-dir", filepath.Join(g.folder, "data"), "--ready-file", ready, "--api-key", apiKey,
	}
	g.said.Reset()
	g.process = exec.Command(binary, append(arguments, g.options...)...)
	g.process.Stdout, g.process.Stderr = &g.said, &g.said
	if err := g.process.Start(); err != nil {
		g.t.Fatal(err)
	}
	var told struct{ GRPC string }
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(ready)
		if err == nil && json.Unmarshal(text, &told) == nil {
			break
		}
		if time.Now().After(end) {
			g.stop()
			g.t.Fatalf("the gateway does not start: %s", g.said.String())
		}
	}
	g.address = told.GRPC
}

// Ends it in good order.
func (g *gateway) stop() {
	if g.process == nil {
		return
	}
	process := g.process
	g.process = nil
	process.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(patience, func() { process.Process.Kill() })
	defer late.Stop()
	if err := process.Wait(); err != nil {
		g.t.Errorf("the gateway ends with %v: %s", err, g.said.String())
	}
}

func (g *gateway) url() string { return "http://" + g.address }

func (g *gateway) client() *turnpike.Client {
	g.t.Helper()
	return dial(g.t, g.url())
}

func dial(t *testing.T, url string) *turnpike.Client {
	t.Helper()
	client, err := turnpike.Dial(url, turnpike.WithAPIKey(apiKey))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// Opens a session, of which the log tells.
func openSession(ctx context.Context, t *testing.T, client *turnpike.Client) *turnpikev1.Session {
	t.Helper()
	opened, err := client.Sessions.CreateSession(ctx, &turnpikev1.CreateSessionRequest{
		RequestId:         rand.Text(),
		Account:           "dintero-dev",
		Money:             &turnpikev1.Money{AmountMinor: 49_900, CurrencyCode: "NOK"},
		MerchantReference: "order-1",
		Purpose:           turnpikev1.SessionPurpose_SESSION_PURPOSE_PAY,
		ReturnUrls:        &turnpikev1.ReturnUrls{SuccessUrl: "https://shop.example/done"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return opened.GetSession()
}

// Builds a program of this module.
func build(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.Base(name))
	if said, err := exec.Command("go", "build", "-o", path, "../"+name).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return path
}

// An address on which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
