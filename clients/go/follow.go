package turnpike

import (
	"context"
	"iter"
	"time"

	"google.golang.org/grpc"

	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

const (
	// The pauses before a broken stream is taken up again.
	followPauseMin = 250 * time.Millisecond
	followPauseMax = 5 * time.Second
	// A stream on which nothing has come for so long is taken up again. The server shows a sign of life every 15 s.
	followSilenceMax = 40 * time.Second
)

// Follow reads the events after a cursor, and then what happens, as it happens. Empty as the cursor means from the
// beginning. With types, such as `payment.*`, only those come; at most 50.
//
// When the stream breaks it goes on from the last cursor, so that no event is lost and none comes twice, for as long as the
// context lasts: its end is the end of the iteration, without an error. Keep event.Cursor with what the event led to, and
// begin there next time. An error comes only where going on is useless, because the cursor is wrong, the key is wrong, or
// the caller may not read events; it ends the iteration.
//
// An event holds what a customer must not see, such as an address where whoever has it can pay. Print its id and its type.
func (c *Client) Follow(ctx context.Context, after string, types ...string) iter.Seq2[*turnpikev1.Event, error] {
	return follower{c.Events, types, followPauseMin, followPauseMax, followSilenceMax}.after(ctx, after)
}

type follower struct {
	events                         turnpikev1.EventServiceClient
	types                          []string
	pauseMin, pauseMax, silenceMax time.Duration
}

func (f follower) after(ctx context.Context, cursor string) iter.Seq2[*turnpikev1.Event, error] {
	return func(yield func(*turnpikev1.Event, error) bool) {
		cursor, pause := cursor, f.pauseMin
		for {
			reached, left, err := f.stream(ctx, cursor, yield)
			if left || ctx.Err() != nil {
				return
			}
			if isRefusal(err) {
				yield(nil, err)
				return
			}
			if reached != cursor {
				cursor, pause = reached, f.pauseMin
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			pause = min(2*pause, f.pauseMax)
		}
	}
}

// Reads one stream to its end. Returns the cursor that it reached, and whether the reader left.
func (f follower) stream(
	ctx context.Context, cursor string, yield func(*turnpikev1.Event, error) bool,
) (reached string, left bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silence := time.AfterFunc(f.silenceMax, cancel)
	defer silence.Stop()

	request := &turnpikev1.StreamEventsRequest{After: cursor, Types: f.types}
	// While there is no connection it waits for one, instead of failing at once again and again.
	stream, err := f.events.StreamEvents(ctx, request, grpc.WaitForReady(true))
	if err != nil {
		return cursor, false, err
	}
	for {
		message, err := stream.Recv()
		if err != nil {
			return cursor, false, err
		}
		cursor = message.GetCursor()
		// A reader may take its time: that is no silence of the server's.
		silence.Stop()
		if event := message.GetEvent(); event != nil && !yield(event, nil) {
			return cursor, true, nil
		}
		silence.Reset(f.silenceMax)
	}
}
