package turnpike

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
)

const (
	// The longest request id that the gateway takes, in characters.
	requestIDMax = 64
	// The longest key of a request id, in bytes.
	requestIDKeyMax = 256
)

var (
	// ErrRequestIDExists says that there is a request id for the key already: what it names was begun before.
	ErrRequestIDExists = errors.New("turnpike: there is a request id for this key already")
	// ErrNoRequestID says that there is no request id for the key: what it names was never begun.
	ErrNoRequestID = errors.New("turnpike: there is no request id for this key")
)

// RequestIDStore keeps request ids. It belongs to the caller: a table with a unique key does.
type RequestIDStore interface {
	// Load returns the id that is kept for a key, and whether there is one.
	Load(ctx context.Context, key string) (id string, found bool, err error)
	// Save keeps an id for a key for which there must be none: when there is one, nothing is changed and the error is
	// [ErrRequestIDExists], also when two save at once. When it returns nil, the id survives what the caller survives.
	Save(ctx context.Context, key, id string) error
}

// RequestIDs makes request ids once, and keeps them before they are used. What is repeated after a crash is then the same
// request to the gateway, which moves money once.
//
// A key is the caller's own name for what is being done, such as `order-17/charge`: 1 to 256 bytes.
type RequestIDs struct{ store RequestIDStore }

// NewRequestIDs makes and keeps request ids in a store.
func NewRequestIDs(store RequestIDStore) *RequestIDs { return &RequestIDs{store} }

// First makes the id for a key and saves it before returning it. It fails with [ErrRequestIDExists] when there is one.
func (r *RequestIDs) First(ctx context.Context, key string) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	id := newRequestID()
	if err := r.store.Save(ctx, key, id); err != nil {
		return "", fmt.Errorf("saving the request id of %q: %w", key, err)
	}
	return id, nil
}

// Again returns the id that is kept for a key. It makes none: without one it fails with [ErrNoRequestID].
func (r *RequestIDs) Again(ctx context.Context, key string) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	id, found, err := r.store.Load(ctx, key)
	if err != nil {
		return "", fmt.Errorf("loading the request id of %q: %w", key, err)
	}
	if !found {
		return "", fmt.Errorf("%q: %w", key, ErrNoRequestID)
	}
	if !isRequestID(id) {
		return "", fmt.Errorf("turnpike: what the store has for %q is no request id", key)
	}
	return id, nil
}

// For returns the id that is kept for a key, or else makes and saves one. When two do so at once, both get the same.
func (r *RequestIDs) For(ctx context.Context, key string) (string, error) {
	id, err := r.Again(ctx, key)
	if !errors.Is(err, ErrNoRequestID) {
		return id, err
	}
	id, err = r.First(ctx, key)
	if errors.Is(err, ErrRequestIDExists) {
		return r.Again(ctx, key)
	}
	return id, err
}

func checkKey(key string) error {
	if key == "" || len(key) > requestIDKeyMax {
		return fmt.Errorf("turnpike: the key of a request id has 1 to %d bytes, not %d", requestIDKeyMax, len(key))
	}
	return nil
}

func isRequestID(id string) bool {
	for _, character := range id {
		if character < '!' || character > '~' {
			return false
		}
	}
	return id != "" && len(id) <= requestIDMax
}

// A random UUID, version 4.
func newRequestID() string {
	var bytes [16]byte
	rand.Read(bytes[:]) // It never fails: without randomness the program ends.
	bytes[6] = bytes[6]&0x0f | 0x40
	bytes[8] = bytes[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", bytes[:4], bytes[4:6], bytes[6:8], bytes[8:10], bytes[10:])
}

// MemoryStore keeps request ids for as long as the program runs: for tests, and for programs that send no money after a
// restart. The zero value is ready for use, by many goroutines at once.
type MemoryStore struct{ ids sync.Map }

// Load returns the id that is kept for a key, and whether there is one.
func (m *MemoryStore) Load(_ context.Context, key string) (string, bool, error) {
	id, found := m.ids.Load(key)
	if !found {
		return "", false, nil
	}
	return id.(string), true, nil
}

// Save keeps an id for a key for which there is none, and otherwise fails with [ErrRequestIDExists].
func (m *MemoryStore) Save(_ context.Context, key, id string) error {
	if _, exists := m.ids.LoadOrStore(key, id); exists {
		return ErrRequestIDExists
	}
	return nil
}
