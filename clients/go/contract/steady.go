package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"
	"time"

	turnpike "turnpike.example/go"
	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

const (
	// What the client takes by default, unless the environment shortens it.
	keepaliveSilence = 30 * time.Second
	keepaliveAnswer  = 10 * time.Second
	// How long `event` waits.
	eventMax = 5 * time.Minute
)

// Reads calls, a line each, and makes them on one connection until `quit` or the end of the input.
func steady(ctx context.Context, in io.Reader, out io.Writer) error {
	silence, err := milliseconds("TURNPIKE_KEEPALIVE_MS", keepaliveSilence)
	if err != nil {
		return err
	}
	answer, err := milliseconds("TURNPIKE_KEEPALIVE_TIMEOUT_MS", keepaliveAnswer)
	if err != nil {
		return err
	}
	client, err := turnpike.FromEnvironment(turnpike.WithKeepalive(silence, answer))
	if err != nil {
		return err
	}
	defer client.Close()
	var events *reader
	defer func() { events.stop() }()
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var said string
		switch line := strings.TrimSpace(lines.Text()); line {
		case "call":
			_, err := client.Accounts.ListAccounts(ctx, new(turnpikev1.ListAccountsRequest))
			said = verdict(err)
		case "stream":
			events.stop()
			if events, err = follow(ctx, client); err == nil {
				continue
			}
			said = verdict(err)
		case "event":
			said = events.next()
		case "quit":
			return nil
		case "":
			continue
		default:
			return fmt.Errorf("nobody knows how to %q", line)
		}
		if _, err := fmt.Fprintln(out, said); err != nil {
			return err
		}
	}
	return nil
}

func milliseconds(name string, otherwise time.Duration) (time.Duration, error) {
	text := os.Getenv(name)
	if text == "" {
		return otherwise, nil
	}
	number, err := strconv.ParseInt(text, 10, 32)
	if err != nil || number <= 0 {
		return 0, fmt.Errorf("%s is a number of milliseconds, not %q", name, text)
	}
	return time.Duration(number) * time.Millisecond, nil
}

func verdict(err error) string {
	if err == nil {
		return "ok"
	}
	code, message := "UNKNOWN", err.Error()
	var refusal *turnpike.Error
	if errors.As(err, &refusal) {
		code, message = turnpike.CodeName(refusal.Code), refusal.Message
	}
	return "failed " + code + " " + strings.Join(strings.Fields(message), " ")
}

// Reads events in the background, as a program that follows them does.
type reader struct {
	events <-chan came
	cancel context.CancelFunc
}

type came struct {
	event *turnpikev1.Event
	err   error
}

// Follows the events after the newest. The place is known when it returns, so that nothing that happens then is missed.
func follow(ctx context.Context, client *turnpike.Client) (*reader, error) {
	newest := ""
	for event, err := range client.AllEvents(ctx, &turnpikev1.ListEventsRequest{PageSize: 200}) {
		if err != nil {
			return nil, err
		}
		newest = event.GetCursor()
	}
	ctx, cancel := context.WithCancel(ctx)
	events := make(chan came)
	go pass(ctx, client.Follow(ctx, newest), events)
	return &reader{events, cancel}, nil
}

func pass(ctx context.Context, from iter.Seq2[*turnpikev1.Event, error], to chan<- came) {
	for event, err := range from {
		select {
		case to <- came{event, err}:
		case <-ctx.Done():
			return
		}
	}
	close(to)
}

func (r *reader) next() string {
	if r == nil {
		return "failed FAILED_PRECONDITION no stream was begun"
	}
	select {
	case one, more := <-r.events:
		if !more {
			return "failed CANCELLED the stream has ended"
		}
		if one.err != nil {
			return verdict(one.err)
		}
		return "event " + one.event.GetId()
	case <-time.After(eventMax):
		return fmt.Sprintf("failed DEADLINE_EXCEEDED no event came within %v", eventMax)
	}
}

func (r *reader) stop() {
	if r != nil {
		r.cancel()
	}
}
