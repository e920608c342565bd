package turnpike

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

// A log of 10 events whose streams end as each test wants. A cursor is `c` and the number of the event before.
type eventLog struct {
	turnpikev1.UnimplementedEventServiceServer
	mutex sync.Mutex
	asked []*turnpikev1.StreamEventsRequest
	// Says how the stream of this number, from 0, ends after some events: how many it sends, and then what.
	streams func(number int) (events int, end func(context.Context) error)
	// Called when a stream has ended, if it is set.
	ended func()
}

const logLength = 10

func (l *eventLog) StreamEvents(
	request *turnpikev1.StreamEventsRequest, stream grpc.ServerStreamingServer[turnpikev1.StreamEventsResponse],
) error {
	if l.ended != nil {
		defer l.ended()
	}
	l.mutex.Lock()
	number := len(l.asked)
	l.asked = append(l.asked, request)
	l.mutex.Unlock()
	events, end := l.streams(number)
	place, _ := strconv.Atoi(strings.TrimPrefix(request.GetAfter(), "c"))
	for range min(events, logLength-place) {
		place++
		cursor := fmt.Sprint("c", place)
		answer := &turnpikev1.StreamEventsResponse{
			Cursor: cursor, Event: &turnpikev1.Event{Id: fmt.Sprint("evt_", place), Cursor: cursor},
		}
		if err := stream.Send(answer); err != nil {
			return err
		}
	}
	return end(stream.Context())
}

func (l *eventLog) follower(t *testing.T) follower {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	turnpikev1.RegisterEventServiceServer(server, l)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	client, err := Dial("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return follower{client.Events, []string{"payment.*"}, 5 * time.Millisecond, 20 * time.Millisecond, 300 * time.Millisecond}
}

func (l *eventLog) places() []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var places []string
	for _, request := range l.asked {
		places = append(places, request.GetAfter())
	}
	return places
}

func silent(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func failing(code codes.Code) func(context.Context) error {
	return func(context.Context) error { return status.Error(code, "the stream ends") }
}

// Reads until the tenth event.
func readTen(t *testing.T, f follower, after string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got []string
	for event, err := range f.after(ctx, after) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, event.GetId())
		if event.GetCursor() == fmt.Sprint("c", logLength) {
			return got
		}
	}
	t.Fatalf("it ended after %v", got)
	return nil
}

func TestABrokenStreamGoesOnWhereItWas(t *testing.T) {
	ends := []func(context.Context) error{
		failing(codes.Unavailable), failing(codes.Internal), failing(codes.ResourceExhausted), silent,
		func(context.Context) error { return nil },
	}
	l := &eventLog{streams: func(number int) (int, func(context.Context) error) {
		return 2, ends[number%len(ends)]
	}}
	f := l.follower(t)
	got := readTen(t, f, "c1")
	want := []string{"evt_2", "evt_3", "evt_4", "evt_5", "evt_6", "evt_7", "evt_8", "evt_9", "evt_10"}
	if !slices.Equal(got, want) {
		t.Errorf("read %v", got)
	}
	if places := l.places(); !slices.Equal(places, []string{"c1", "c3", "c5", "c7", "c9"}) {
		t.Errorf("streams began after %v", places)
	}
	if types := l.asked[4].GetTypes(); !slices.Equal(types, []string{"payment.*"}) {
		t.Errorf("the last stream was for %v", types)
	}
}

// Streams that bring nothing are taken up again too, with growing pauses.
func TestTroubleIsWaitedOut(t *testing.T) {
	l := &eventLog{streams: func(number int) (int, func(context.Context) error) {
		if number < 8 {
			return 0, failing(codes.Unavailable)
		}
		return logLength, silent
	}}
	began := time.Now()
	if got := readTen(t, l.follower(t), ""); len(got) != logLength {
		t.Errorf("read %v", got)
	}
	// 5 + 10 + 6 times 20 ms.
	if took := time.Since(began); took < 135*time.Millisecond {
		t.Errorf("8 pauses took %v", took)
	}
}

// While the reader works, the stream stays: the server must not see it end before it ends it itself.
func TestAReaderMayTakeItsTime(t *testing.T) {
	var silence time.Duration
	left := make(chan bool, 1)
	l := &eventLog{streams: func(number int) (int, func(context.Context) error) {
		if number > 0 {
			return logLength, silent
		}
		return 1, func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				left <- true
			case <-time.After(2 * silence):
				left <- false
			}
			return status.Error(codes.Unavailable, "the stream ends")
		}
	}}
	f := l.follower(t)
	silence = f.silenceMax
	for event, err := range f.after(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if event.GetId() == "evt_1" {
			time.Sleep(3 * silence)
		}
		if event.GetId() == "evt_10" {
			break
		}
	}
	if <-left {
		t.Error("the stream was left while the reader worked")
	}
}

func TestWhereGoingOnIsUselessItEnds(t *testing.T) {
	for _, code := range []codes.Code{codes.InvalidArgument, codes.Unauthenticated, codes.PermissionDenied} {
		l := &eventLog{streams: func(int) (int, func(context.Context) error) { return 1, failing(code) }}
		var errs []error
		for _, err := range l.follower(t).after(t.Context(), "") {
			errs = append(errs, err)
		}
		var refusal *Error
		if len(errs) != 2 || errs[0] != nil || !errors.As(errs[1], &refusal) || refusal.Code != code {
			t.Errorf("%v: got %v", code, errs)
		}
	}
}

func TestTheEndOfTheContextIsTheEnd(t *testing.T) {
	for about, streams := range map[string]func(int) (int, func(context.Context) error){
		"in a silence": func(int) (int, func(context.Context) error) { return 0, silent },
		"in a pause":   func(int) (int, func(context.Context) error) { return 0, failing(codes.Unavailable) },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		f := (&eventLog{streams: streams}).follower(t)
		f.pauseMin, f.pauseMax = time.Hour, time.Hour
		began := time.Now()
		for event, err := range f.after(ctx, "") {
			t.Errorf("%s: got %v, %v", about, event, err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: it took %v", about, took)
		}
		cancel()
	}
}

func TestWhoLeavesEndsTheStream(t *testing.T) {
	ended := make(chan struct{})
	l := &eventLog{
		streams: func(int) (int, func(context.Context) error) { return logLength, silent },
		ended:   func() { close(ended) },
	}
	for range l.follower(t).after(t.Context(), "") {
		break
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the server still sends")
	}
}

func TestTheTimesOfTheContract(t *testing.T) {
	if followPauseMin != 250*time.Millisecond || followPauseMax != 5*time.Second || followSilenceMax != 40*time.Second {
		t.Error("following")
	}
	if keepaliveSilence != 10*time.Second || keepaliveAnswer != 5*time.Second || connectPauseMax != 5*time.Second {
		t.Error("connecting")
	}
}
