package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"strings"
	"time"

	turnpike "turnpike.example/go"
)

const (
	callMax   = 30 * time.Second
	streamMax = 30 * time.Second
	// The pause between two calls of a step that says `within_seconds`.
	callPause = 100 * time.Millisecond
	// A key that no server knows.
	unknownKey = "tpk_unknown"
)

// What a story may use as it is told: one client for each kind of credentials.
type clients map[string]*turnpike.Client

// Tells every story of a folder, once for each of its accounts.
func tellAll(ctx context.Context, folder string, out io.Writer) ([]result, error) {
	callers, err := connect()
	if err != nil {
		return nil, err
	}
	defer callers.close()
	var accounts map[string]map[string]any
	if err := readJSONFile(filepath.Join(folder, "accounts.json"), &accounts); err != nil {
		return nil, err
	}
	paths, err := filepath.Glob(filepath.Join(folder, "stories", "*.json"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("there are no stories in %s", folder)
	}
	var results []result
	for _, path := range paths {
		var told story
		if err := readJSONFile(path, &told); err != nil {
			return nil, err
		}
		if err := told.check(); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		names := told.Accounts
		if len(names) == 0 {
			names = []string{""}
		}
		for _, account := range names {
			known, found := accounts[account]
			if !found && account != "" {
				return nil, fmt.Errorf("%s: there is no account %s", path, account)
			}
			one := tell(ctx, callers, told, account, known)
			one.Name = name
			report(out, one)
			results = append(results, one)
		}
	}
	return results, nil
}

func connect() (clients, error) {
	ours, err := turnpike.FromEnvironment()
	if err != nil {
		return nil, err
	}
	callers := clients{"": ours}
	for credentials, options := range map[string][]turnpike.Option{
		"none":    nil,
		"unknown": {turnpike.WithAPIKey(unknownKey)},
	} {
		if callers[credentials], err = dialAgain(options...); err != nil {
			callers.close()
			return nil, err
		}
	}
	return callers, nil
}

func (c clients) close() {
	for _, client := range c {
		if client != nil {
			client.Close()
		}
	}
}

func report(out io.Writer, one result) {
	verdict := "passed"
	if !one.Passed {
		verdict = "FAILED"
	}
	fmt.Fprintf(out, "%s  %s  %s  %d steps, %.2f s\n", verdict, one.Name, one.Account, one.Steps, one.Seconds)
	if one.Failure != "" {
		fmt.Fprintln(out, "        "+one.Failure)
	}
}

// Tells a story once. The first mismatch ends it.
func tell(ctx context.Context, callers clients, told story, account string, known map[string]any) result {
	began := time.Now()
	one := result{Account: account, Passed: true}
	knows := values{}
	maps.Copy(knows, known)
	knows["account"] = account
	knows["run"] = newRun()
	for _, step := range told.Steps {
		one.Steps++
		saved, err := step.tell(ctx, callers[step.Credentials], knows)
		if err != nil {
			one.Passed = false
			one.Failure = fmt.Sprintf("step %d, %q: %v", one.Steps, step.Step, err)
			break
		}
		maps.Copy(knows, saved)
	}
	one.Seconds = time.Since(began).Seconds()
	return one
}

func newRun() string {
	var bytes [6]byte
	rand.Read(bytes[:])
	return fmt.Sprintf("%x", bytes)
}

func (s step) tell(ctx context.Context, client *turnpike.Client, knows values) (values, error) {
	called, err := find(client, s.Call)
	if err != nil {
		return nil, err
	}
	if called.isStream != (s.Stream != nil) && s.Error == nil {
		return nil, fmt.Errorf("%s and what is expected of it are not both a stream", s.Call)
	}
	request := s.Request
	if request == nil {
		request = map[string]any{}
	}
	filled, err := knows.fill(map[string]any{
		"request": request, "answer": s.Answer, "error": s.Error, "stream": s.Stream,
	})
	if err != nil {
		return nil, err
	}
	tree := filled.(map[string]any)
	attempt := attempt{method: called, given: tree["request"]}
	switch {
	case s.Stream != nil:
		return attempt.expectStream(ctx, tree["stream"].([]any))
	case s.Error != nil:
		return attempt.expectError(ctx, tree["error"].(map[string]any))
	case s.WithinSeconds != nil:
		within, err := s.WithinSeconds.Int64()
		if err != nil || within <= 0 {
			return nil, fmt.Errorf("within_seconds is %s", s.WithinSeconds)
		}
		return attempt.expectWithin(ctx, tree["answer"], time.Duration(within)*time.Second)
	default:
		return attempt.expectWithin(ctx, tree["answer"], 0)
	}
}
