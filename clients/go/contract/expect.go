package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	turnpike "turnpike.example/go"
)

// A call that a step makes, once or several times, and what must come of it.
type attempt struct {
	method method
	given  any
}

// Calls until the answer matches, for so long at most. Errors are not repeated. Zero means one call.
func (a attempt) expectWithin(ctx context.Context, expected any, most time.Duration) (values, error) {
	for end := time.Now().Add(most); ; {
		answer, err := a.once(ctx)
		if err != nil {
			return nil, err
		}
		saved, found := match(expected, answer)
		switch {
		case found == nil:
			return saved, nil
		case found.isNonsense || most == 0:
			return nil, found
		case time.Now().Add(callPause).After(end):
			return nil, fmt.Errorf("not within %v: %w", most, found)
		}
		time.Sleep(callPause)
	}
}

func (a attempt) expectError(ctx context.Context, expected map[string]any) (values, error) {
	var answer any
	var err error
	if a.method.isStream {
		answer, err = a.firstOfStream(ctx)
	} else {
		answer, err = a.once(ctx)
	}
	if err == nil {
		return nil, fmt.Errorf("want %s, and it was answered with %s", brief(expected), brief(answer))
	}
	var refusal *turnpike.Error
	if !errors.As(err, &refusal) {
		return nil, err
	}
	metadata := map[string]any{}
	for name, value := range refusal.Metadata {
		metadata[name] = value
	}
	fields := []any{}
	for _, field := range refusal.Fields {
		fields = append(fields, field.Path)
	}
	saved, found := match(expected, map[string]any{
		"code": turnpike.CodeName(refusal.Code), "reason": refusal.ReasonText, "metadata": metadata, "fields": fields,
	})
	if found != nil {
		return nil, fmt.Errorf("%w; it failed with %v", found, err)
	}
	return saved, nil
}

// Reads until all that is expected has come, in its order. Others may come in between.
func (a attempt) expectStream(ctx context.Context, expected []any) (values, error) {
	ctx, cancel := context.WithTimeout(ctx, streamMax)
	defer cancel()
	next, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	saved := values{}
	// The nearest to the one that is missing, as far as one can tell.
	var last error
	for came := 0; came < len(expected); {
		answer, err := next()
		if err == io.EOF {
			err = errors.New("the stream ended")
		}
		if err != nil {
			return nil, fmt.Errorf("%d of %d came, and then: %w; the last one before: %w", came, len(expected), err, orNone(last))
		}
		more, found := match(expected[came], answer)
		if found == nil {
			for name, value := range more {
				saved[name] = value
			}
			came++
			last = nil
			continue
		}
		if found.isNonsense {
			return nil, found
		}
		last = found
	}
	return saved, nil
}

func orNone(err error) error {
	if err == nil {
		return errors.New("none")
	}
	return err
}

func (a attempt) once(ctx context.Context) (any, error) {
	request, err := a.method.read(a.given)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, callMax)
	defer cancel()
	return a.method.call(ctx, request)
}

func (a attempt) open(ctx context.Context) (func() (any, error), error) {
	request, err := a.method.read(a.given)
	if err != nil {
		return nil, err
	}
	return a.method.stream(ctx, request)
}

func (a attempt) firstOfStream(ctx context.Context) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, streamMax)
	defer cancel()
	next, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	return next()
}
