//go:build served

package served_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"

	turnpike "turnpike.example/go"
	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

// The ids of the events of a session and of its payment.
func eventsOf(t *testing.T, client *turnpike.Client, session *turnpikev1.Session) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for event, err := range client.AllEvents(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if event.GetSession().GetSession().GetId() == session.GetId() ||
			event.GetPayment().GetPayment().GetSessionId() == session.GetId() {
			ids[event.GetId()] = true
		}
	}
	if len(ids) == 0 {
		t.Fatal("the session has no events")
	}
	return ids
}

// Runs a program in a folder until it ends, and returns what it printed.
func run(t *testing.T, g *gateway, folder, program string, arguments ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	process := exec.CommandContext(ctx, program, arguments...)
	process.Dir = folder
	process.Env = append(os.Environ(), "TURNPIKE_URL="+g.url(), "TURNPIKE_API_KEY="+apiKey)
	var wrong bytes.Buffer
	process.Stderr = &wrong
	said, err := process.Output()
	if err != nil {
		t.Fatalf("%s ends with %v: %s%s", program, err, said, wrong.String())
	}
	return string(said)
}

func expect(t *testing.T, said, pattern string) []string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(said)
	if found == nil {
		t.Fatalf("want %s, got:\n%s", pattern, said)
	}
	return found
}

func TestCheckout(t *testing.T) {
	t.Parallel()
	said := run(t, start(t), t.TempDir(), build(t, "examples/checkout"))
	expect(t, said, `\Aopened ses_\w+\npaid pay_\w+ with a card ending in \d{4}\n\z`)
}

func TestChargeToken(t *testing.T) {
	t.Parallel()
	g, folder, program := start(t), t.TempDir(), build(t, "examples/charge_token")
	first := expect(t, run(t, g, folder, program, "order-5"), `\Acharged (pay_\w+)\n\z`)[1]
	again := expect(t, run(t, g, folder, program, "order-5"), `\Acharged before: (pay_\w+)\n\z`)[1]
	other := expect(t, run(t, g, folder, program, "../order/6"), `\Acharged (pay_\w+)\n\z`)[1]
	if first != again || other == first {
		t.Errorf("charged %s, then %s, then %s", first, again, other)
	}
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	said := run(t, start(t), t.TempDir(), build(t, "examples/schedule"))
	expect(t, said, `\A(planned \d .*\n){3}(occurrence \d OCCURRENCE_STATUS_PAID\n){3}sch_\w+ SCHEDULE_STATUS_COMPLETED\n\z`)
}

func TestStreamEvents(t *testing.T) {
	t.Parallel()
	g, folder, program := start(t), t.TempDir(), build(t, "examples/stream_events")
	line := regexp.MustCompile(`(?m)^.* (\S+\.\S+) (evt_\w+)$`)
	seen := map[string]bool{}
	for range 2 {
		lines := line.FindAllStringSubmatch(run(t, g, folder, program), -1)
		if len(lines) == 0 || lines[len(lines)-1][1] != "session.opened" {
			t.Fatalf("printed %v", lines)
		}
		for _, one := range lines {
			if seen[one[2]] {
				t.Errorf("%s came twice", one[2])
			}
			seen[one[2]] = true
		}
	}
}

func TestVerifyWebhook(t *testing.T) {
	t.Parallel()
	const secret = "whsec_dGhlIHNlY3JldCBvZiB0aGUgZXhhbXBsZXM="
	const former = "whsec_dGhlIGZvcm1lciBzZWNyZXQgb2YgaXQgYWxs"
	program, address := build(t, "examples/verify_webhook"), freeAddress(t)
	process := exec.Command(program, address, "2")
	process.Env = append(os.Environ(), "TURNPIKE_WEBHOOK_SECRETS="+former+" "+secret)
	var said, wrong bytes.Buffer
	process.Stdout, process.Stderr = &said, &wrong
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(2*patience, func() { process.Process.Kill() })
	defer late.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if connection, err := net.Dial("tcp", address); err == nil {
			connection.Close()
			break
		}
	}
	g := start(t, "--webhook-to", "http://"+address+"/hooks", "--webhook-secret", secret)
	client := g.client()
	ids := eventsOf(t, client, openSession(t.Context(), t, client))
	if err := process.Wait(); err != nil {
		t.Fatalf("%v: %s", err, wrong.String())
	}
	found := expect(t, said.String(), `\Atook \S+ (evt_\w+)\ntook \S+ (evt_\w+)\n\z`)
	if !ids[found[1]] || !ids[found[2]] || found[1] == found[2] {
		t.Errorf("it took %v; there are %v", found[1:], ids)
	}
}

func TestVerifyWebhookRefusesAStranger(t *testing.T) {
	t.Parallel()
	program, address := build(t, "examples/verify_webhook"), freeAddress(t)
	process := exec.Command(program, address, "1")
	process.Env = append(os.Environ(), "TURNPIKE_WEBHOOK_SECRETS=whsec_YSBzZWNyZXQgdGhhdCBub2JvZHkgZWxzZSBrbm93cw==")
	var said bytes.Buffer
	process.Stdout = &said
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	g := start(t, "--webhook-to", "http://"+address+"/hooks", "--webhook-secret", "whsec_dGhlIHNlY3JldCBvZiB0aGUgZXhhbXBsZXM=")
	client := g.client()
	openSession(t.Context(), t, client)
	// The gateway notes how the receiver answered.
	status := int32(0)
	for end := time.Now().Add(patience); status == 0 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for delivery, err := range client.AllWebhookDeliveries(t.Context(), nil) {
			if err != nil {
				t.Fatal(err)
			}
			status = max(status, delivery.GetLastHttpStatus())
		}
	}
	process.Process.Kill()
	process.Wait()
	if status != 401 || said.Len() > 0 {
		t.Errorf("the receiver answered with %d and printed %q", status, said.String())
	}
}

func TestTheStoriesOfTheContract(t *testing.T) {
	t.Parallel()
	report := t.TempDir() + "/report.json"
	said := run(t, start(t), ".", build(t, "contract"), "stories", "../../../contract", report)
	expect(t, said, `(?m)^[1-9]\d* passed, 0 failed$`)
	if text, err := os.ReadFile(report); err != nil || !bytes.Contains(text, []byte(`"language": "go"`)) {
		t.Errorf("the report: %s, %v", text, err)
	}
}
