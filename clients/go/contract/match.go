package main

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"time"
)

// How much of a value a mismatch shows, in bytes.
const shownMax = 300

// Says where something differs, or why it cannot be said.
type mismatch struct {
	where, why string
	// The expectation itself is wrong, so that no answer could ever match it.
	isNonsense bool
}

func (m *mismatch) Error() string {
	where := strings.TrimPrefix(m.where, ".")
	if where == "" {
		return m.why
	}
	return where + ": " + m.why
}

func differs(where, format string, arguments ...any) *mismatch {
	return &mismatch{where: where, why: fmt.Sprintf(format, arguments...)}
}

func nonsense(where, format string, arguments ...any) *mismatch {
	return &mismatch{where: where, why: fmt.Sprintf(format, arguments...), isNonsense: true}
}

// Marks what is not there, which JSON's null is not.
type nothing struct{}

// Compares what came with what is expected, whose values are filled in. What is to be saved is returned, and only when
// everything matched.
func match(expected, actual any) (saved values, found *mismatch) {
	m := matcher{values{}}
	if found := m.match("", expected, actual); found != nil {
		return nil, found
	}
	return m.saved, nil
}

type matcher struct{ saved values }

func (m *matcher) match(where string, expected, actual any) *mismatch {
	if isNothing(actual) && isEmpty(expected) {
		return nil
	}
	switch expected := expected.(type) {
	case map[string]any:
		for name := range expected {
			if strings.HasPrefix(name, "$") {
				return m.special(where, expected, actual)
			}
		}
		object, ok := actual.(map[string]any)
		if !ok {
			return differs(where, "want an object, got %s", brief(actual))
		}
		for _, name := range sortedKeys(expected) {
			value, ok := object[name]
			if !ok {
				value = nothing{}
			}
			if found := m.match(where+"."+name, expected[name], value); found != nil {
				return found
			}
		}
		return nil
	case []any:
		list, ok := actual.([]any)
		if !ok || len(list) != len(expected) {
			return differs(where, "want a list of %d, got %s", len(expected), brief(actual))
		}
		for i := range expected {
			if found := m.match(fmt.Sprintf("%s[%d]", where, i), expected[i], list[i]); found != nil {
				return found
			}
		}
		return nil
	}
	want, isText := spelled(expected)
	got, gotText := spelled(actual)
	if isText && gotText && want == got {
		return nil
	}
	// What is left is true, false and null. Lists and objects cannot be compared like this.
	if !isText && !isTree(actual) && expected == actual {
		return nil
	}
	return differs(where, "want %s, got %s", brief(expected), brief(actual))
}

// A matcher: an object whose only field begins with `$`.
func (m *matcher) special(where string, expected map[string]any, actual any) *mismatch {
	if len(expected) != 1 {
		return nonsense(where, "a matcher has one field, and this has more: %s", brief(expected))
	}
	name := sortedKeys(expected)[0]
	argument := expected[name]
	switch name {
	case "$save":
		as, ok := argument.(string)
		if !ok || as == "" {
			return nonsense(where, "$save wants a name, not %s", brief(argument))
		}
		if isEmpty(actual) {
			return differs(where, "want something to save as %s, got %s", as, brief(actual))
		}
		m.saved[as] = actual
		return nil
	case "$save_date":
		as, ok := argument.(string)
		if !ok || as == "" {
			return nonsense(where, "$save_date wants a name, not %s", brief(argument))
		}
		text, _ := actual.(string)
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return differs(where, "want a time to save the date of as %s, got %s", as, brief(actual))
		}
		m.saved[as] = at.UTC().Format(time.DateOnly)
		return nil
	case "$any":
		if argument != true {
			return nonsense(where, "$any wants true, not %s", brief(argument))
		}
		if isEmpty(actual) {
			return differs(where, "want anything, got %s", brief(actual))
		}
		return nil
	case "$absent":
		if argument != true {
			return nonsense(where, "$absent wants true, not %s", brief(argument))
		}
		if !isEmpty(actual) {
			return differs(where, "want nothing, got %s", brief(actual))
		}
		return nil
	case "$one_of":
		choices, ok := argument.([]any)
		if !ok || len(choices) == 0 {
			return nonsense(where, "$one_of wants a list, not %s", brief(argument))
		}
		return m.oneOf(where, choices, actual)
	case "$matches":
		pattern, ok := argument.(string)
		if !ok {
			return nonsense(where, "$matches wants a text, not %s", brief(argument))
		}
		expression, err := regexp.Compile(pattern)
		if err != nil {
			return nonsense(where, "$matches: %v", err)
		}
		if text, ok := actual.(string); !ok || !expression.MatchString(text) {
			return differs(where, "want a text like %s, got %s", pattern, brief(actual))
		}
		return nil
	case "$has":
		wanted, ok := argument.([]any)
		if !ok || len(wanted) == 0 {
			return nonsense(where, "$has wants a list, not %s", brief(argument))
		}
		return m.has(where, wanted, actual)
	}
	return nonsense(where, "nobody knows the matcher %s", name)
}

func (m *matcher) oneOf(where string, choices []any, actual any) *mismatch {
	for _, choice := range choices {
		found := m.attempt(where, choice, actual)
		if found == nil || found.isNonsense {
			return found
		}
	}
	return differs(where, "want one of %s, got %s", brief(choices), brief(actual))
}

func (m *matcher) has(where string, wanted []any, actual any) *mismatch {
	list, ok := actual.([]any)
	if !ok {
		return differs(where, "want a list, got %s", brief(actual))
	}
wanted:
	for _, want := range wanted {
		for _, entry := range list {
			found := m.attempt(where, want, entry)
			if found == nil {
				continue wanted
			}
			if found.isNonsense {
				return found
			}
		}
		return differs(where, "want an entry like %s, got %s", brief(want), brief(actual))
	}
	return nil
}

// Matches, and saves nothing when it does not.
func (m *matcher) attempt(where string, expected, actual any) *mismatch {
	before := maps.Clone(m.saved)
	found := m.match(where, expected, actual)
	if found != nil {
		m.saved = before
	}
	return found
}

func isNothing(value any) bool {
	_, ok := value.(nothing)
	return ok
}

func isTree(value any) bool {
	switch value.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// Whether a value is what protobuf's JSON leaves out.
func isEmpty(value any) bool {
	switch value := value.(type) {
	case nil, nothing:
		return true
	case bool:
		return !value
	case []any:
		return len(value) == 0
	case map[string]any:
		return len(value) == 0
	}
	text, _ := spelled(value)
	return text == "" || text == "0"
}

func brief(value any) string {
	if isNothing(value) {
		return "nothing"
	}
	text := shown(value)
	if len(text) > shownMax {
		return text[:shownMax] + "…"
	}
	return text
}
