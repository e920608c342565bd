package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

// JSON as it stands in a file: objects are map[string]any, numbers json.Number, so that none becomes a float.
func readJSON(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return fmt.Errorf("something comes after the JSON")
	}
	return nil
}

func readJSONFile(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := readJSON(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// What a telling knows by name.
type values map[string]any

var reference = regexp.MustCompile(`\$\{([^}]*)\}`)

// Puts the values in for their names, everywhere in a tree of JSON.
func (v values) fill(tree any) (any, error) {
	switch tree := tree.(type) {
	case string:
		return v.fillText(tree)
	case []any:
		filled := make([]any, len(tree))
		for i, entry := range tree {
			var err error
			if filled[i], err = v.fill(entry); err != nil {
				return nil, err
			}
		}
		return filled, nil
	case map[string]any:
		filled := make(map[string]any, len(tree))
		for name, entry := range tree {
			var err error
			if filled[name], err = v.fill(entry); err != nil {
				return nil, err
			}
		}
		return filled, nil
	default:
		return tree, nil
	}
}

func (v values) fillText(text string) (any, error) {
	found := reference.FindAllStringSubmatchIndex(text, -1)
	var filled strings.Builder
	end := 0
	for _, at := range found {
		name := text[at[2]:at[3]]
		value, known := v[name]
		if !known {
			return nil, fmt.Errorf("nothing is known as ${%s}", name)
		}
		// Nothing but the name: the value itself, of whatever kind.
		if at[0] == 0 && at[1] == len(text) {
			return value, nil
		}
		filled.WriteString(text[end:at[0]])
		filled.WriteString(asText(value))
		end = at[1]
	}
	filled.WriteString(text[end:])
	return filled.String(), nil
}

func asText(value any) string {
	if text, ok := spelled(value); ok {
		return text
	}
	return shown(value)
}

// The spelling of a text or a number, by which the two are compared.
func spelled(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	}
	return "", false
}

// A value in JSON.
func shown(value any) string {
	text := new(bytes.Buffer)
	encoder := json.NewEncoder(text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSpace(text.String())
}

func sortedKeys(object map[string]any) []string {
	keys := make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
