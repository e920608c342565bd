package main

import (
	"encoding/json"
	"errors"
	"fmt"
)

// A story as it stands in its file.
type story struct {
	About    string   `json:"about"`
	Accounts []string `json:"accounts"`
	Steps    []step   `json:"steps"`
}

type step struct {
	Step          string         `json:"step"`
	Call          string         `json:"call"`
	Request       any            `json:"request"`
	Credentials   string         `json:"credentials"`
	Answer        any            `json:"answer"`
	WithinSeconds *json.Number   `json:"within_seconds"`
	Error         map[string]any `json:"error"`
	Stream        []any          `json:"stream"`
}

// What is wrong in a story itself, whatever the server answers.
func (s story) check() error {
	if len(s.Steps) == 0 {
		return errors.New("it has no steps")
	}
	for _, step := range s.Steps {
		expectations := 0
		for _, given := range []bool{step.Answer != nil, step.Error != nil, step.Stream != nil} {
			if given {
				expectations++
			}
		}
		switch {
		case step.Step == "" || step.Call == "":
			return fmt.Errorf("%q: a step needs a name and a call", step.Step)
		case expectations != 1:
			return fmt.Errorf("%q: a step expects one of answer, error and stream", step.Step)
		case step.Stream != nil && len(step.Stream) == 0:
			return fmt.Errorf("%q: the stream expects nothing", step.Step)
		case step.WithinSeconds != nil && step.Answer == nil:
			return fmt.Errorf("%q: within_seconds goes with an answer", step.Step)
		case step.Credentials != "" && step.Credentials != "none" && step.Credentials != "unknown":
			return fmt.Errorf("%q: nobody knows the credentials %q", step.Step, step.Credentials)
		}
		for name := range step.Error {
			if name != "code" && name != "reason" && name != "metadata" && name != "fields" {
				return fmt.Errorf("%q: an error has no %s", step.Step, name)
			}
		}
		if step.Error != nil && (step.Error["code"] == nil || step.Error["reason"] == nil) {
			return fmt.Errorf("%q: an error needs a code and a reason", step.Step)
		}
	}
	return nil
}
