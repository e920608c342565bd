//go:build served

package served_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// The runner of the contract as it keeps one connection.
type steady struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Scanner
}

func startSteady(t *testing.T, address string, environment ...string) *steady {
	t.Helper()
	process := exec.Command(build(t, "contract"), "steady")
	process.Env = append(os.Environ(), "TURNPIKE_URL=http://"+address, "TURNPIKE_API_KEY="+apiKey)
	process.Env = append(process.Env, environment...)
	process.Stderr = os.Stderr
	in, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		fmt.Fprintln(in, "quit")
		late := time.AfterFunc(patience, func() { process.Process.Kill() })
		defer late.Stop()
		if err := process.Wait(); err != nil {
			t.Errorf("the runner ends with %v", err)
		}
	})
	return &steady{t, in, bufio.NewScanner(out)}
}

func (s *steady) say(line string) { fmt.Fprintln(s.in, line) }

func (s *steady) ask(line string) string {
	s.t.Helper()
	s.say(line)
	if !s.out.Scan() {
		s.t.Fatalf("the runner says nothing to %q", line)
	}
	return s.out.Text()
}

// Makes a call, which must succeed, and says how long it took.
func (s *steady) call(about string) time.Duration {
	s.t.Helper()
	began := time.Now()
	if said := s.ask("call"); said != "ok" {
		s.t.Errorf("%s: %s", about, said)
	}
	took := time.Since(began)
	s.t.Logf("%s: %v", about, took.Round(time.Millisecond))
	return took
}

const deadline = 30 * time.Second

func TestCallsGoOnAfterARestart(t *testing.T) {
	t.Parallel()
	g := start(t)
	runner := startSteady(t, g.address)
	runner.call("before")
	g.stop()
	g.start()
	runner.call("after a restart")
}

// What a router does that forgets who is silent: after 6 s the connection is a dead end, and nobody says so.
func TestACallAfterASilenceThatTheWayDidNotSurvive(t *testing.T) {
	t.Parallel()
	g := start(t)
	way := newProxy(t, g.address)
	way.mutex.Lock()
	way.forgets = 3 * time.Second
	way.mutex.Unlock()
	runner := startSteady(t, way.address, "TURNPIKE_KEEPALIVE_MS=1000", "TURNPIKE_KEEPALIVE_TIMEOUT_MS=1000")
	runner.call("before")
	time.Sleep(6 * time.Second)
	if took := runner.call("after 6 s of silence"); took > deadline {
		t.Errorf("it took %v", took)
	}
}

func TestACallOnAConnectionThatIsHalfOpen(t *testing.T) {
	t.Parallel()
	g := start(t)
	way := newProxy(t, g.address)
	runner := startSteady(t, way.address, "TURNPIKE_KEEPALIVE_MS=1000", "TURNPIKE_KEEPALIVE_TIMEOUT_MS=1000")
	runner.call("before")
	if frozen := way.freeze(); frozen != 1 {
		t.Fatalf("%d connections were frozen", frozen)
	}
	if took := runner.call("on a half-open connection"); took > deadline {
		t.Errorf("it took %v", took)
	}
	if number := way.connections(); number != 2 {
		t.Errorf("there were %d connections", number)
	}
}

func TestEventsGoOnAfterARestart(t *testing.T) {
	t.Parallel()
	g := start(t)
	openSession(t.Context(), t, g.client()) // From before the stream: must not come.
	runner := startSteady(t, g.address)
	runner.say("stream")
	runner.call("the stream has begun")
	seen := map[string]bool{}
	for life := range 3 {
		if life > 0 {
			g.stop()
			g.start()
		}
		client := g.client()
		want := eventsOf(t, client, openSession(t.Context(), t, client))
		for range want {
			said := runner.ask("event")
			id, found := strings.CutPrefix(said, "event ")
			if !found || !want[id] || seen[id] {
				t.Fatalf("life %d: %s; there are %v", life, said, want)
			}
			seen[id] = true
		}
	}
}

func TestTheRunnerSaysWhatFailed(t *testing.T) {
	t.Parallel()
	runner := startSteady(t, freeAddress(t))
	for _, line := range []string{"call", "stream"} {
		if said := runner.ask(line); !strings.HasPrefix(said, "failed UNAVAILABLE ") {
			t.Errorf("%s: %s", line, said)
		}
	}
	if said := runner.ask("event"); !strings.HasPrefix(said, "failed ") {
		t.Error(said)
	}
}
