package turnpike_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"

	turnpike "turnpike.example/go"
)

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestARequestIDIsMadeOnceAndKept(t *testing.T) {
	ctx := t.Context()
	ids := turnpike.NewRequestIDs(new(turnpike.MemoryStore))

	if id, err := ids.Again(ctx, "order-17/charge"); !errors.Is(err, turnpike.ErrNoRequestID) {
		t.Errorf("before there is one: %q, %v", id, err)
	}
	first, err := ids.First(ctx, "order-17/charge")
	if err != nil || !uuid.MatchString(first) {
		t.Fatalf("made: %q, %v", first, err)
	}
	if id, err := ids.Again(ctx, "order-17/charge"); err != nil || id != first {
		t.Errorf("again: %q, %v", id, err)
	}
	if id, err := ids.For(ctx, "order-17/charge"); err != nil || id != first {
		t.Errorf("whichever is right: %q, %v", id, err)
	}
	if id, err := ids.First(ctx, "order-17/charge"); !errors.Is(err, turnpike.ErrRequestIDExists) {
		t.Errorf("a second first one: %q, %v", id, err)
	}
	other, err := ids.For(ctx, "order-18/charge")
	if err != nil || other == first || !uuid.MatchString(other) {
		t.Errorf("for another key: %q, %v", other, err)
	}
}

func TestKeysHaveBounds(t *testing.T) {
	ids := turnpike.NewRequestIDs(new(turnpike.MemoryStore))
	for _, get := range []func(context.Context, string) (string, error){ids.First, ids.Again, ids.For} {
		for _, key := range []string{"", strings.Repeat("k", 257)} {
			if id, err := get(t.Context(), key); err == nil {
				t.Errorf("a key of %d bytes gives %q", len(key), id)
			}
		}
	}
	if _, err := ids.First(t.Context(), strings.Repeat("k", 256)); err != nil {
		t.Error(err)
	}
}

func TestManyAtOnceGetTheSame(t *testing.T) {
	ids := turnpike.NewRequestIDs(new(turnpike.MemoryStore))
	got := make([]string, 50)
	var wait sync.WaitGroup
	for i := range got {
		wait.Go(func() {
			var err error
			if got[i], err = ids.For(t.Context(), "key"); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, id := range got {
		if id != got[0] || id == "" {
			t.Fatalf("they got %v", got)
		}
	}
}

// A store in which somebody else saves between our looking and our saving.
type contestedStore struct{ loads int }

func (s *contestedStore) Load(context.Context, string) (string, bool, error) {
	s.loads++
	return "the-other-one", s.loads > 1, nil
}

func (s *contestedStore) Save(context.Context, string, string) error {
	return turnpike.ErrRequestIDExists
}

func TestWhoComesSecondGetsTheFirstOnes(t *testing.T) {
	id, err := turnpike.NewRequestIDs(new(contestedStore)).For(t.Context(), "key")
	if err != nil || id != "the-other-one" {
		t.Errorf("got %q, %v", id, err)
	}
}

// A store that fails, or has what it should not.
type badStore struct {
	id      string
	found   bool
	loading error
	saving  error
	saved   []string
}

func (s *badStore) Load(context.Context, string) (string, bool, error) {
	return s.id, s.found, s.loading
}

func (s *badStore) Save(_ context.Context, _, id string) error {
	s.saved = append(s.saved, id)
	return s.saving
}

func TestWithoutItsStoreThereIsNoRequestID(t *testing.T) {
	broken := errors.New("the disk is full")
	ids := turnpike.NewRequestIDs(&badStore{saving: broken})
	for _, get := range []func(context.Context, string) (string, error){ids.First, ids.For} {
		if id, err := get(t.Context(), "key"); id != "" || !errors.Is(err, broken) {
			t.Errorf("not saved, and yet: %q, %v", id, err)
		}
	}
	// What could not be read may be there: a new id would be a second request.
	store := &badStore{loading: broken}
	ids = turnpike.NewRequestIDs(store)
	for _, get := range []func(context.Context, string) (string, error){ids.Again, ids.For} {
		if id, err := get(t.Context(), "key"); id != "" || !errors.Is(err, broken) || len(store.saved) > 0 {
			t.Errorf("not read, and yet: %q, %v, saved %v", id, err, store.saved)
		}
	}
	for _, kept := range []string{"", "two words", "línea", strings.Repeat("x", 65)} {
		store := &badStore{id: kept, found: true}
		if id, err := turnpike.NewRequestIDs(store).For(t.Context(), "key"); err == nil || len(store.saved) > 0 {
			t.Errorf("%q counts as a request id: %q, saved %v", kept, id, store.saved)
		}
	}
}
