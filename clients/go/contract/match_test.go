package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func tree(t *testing.T, text string) any {
	t.Helper()
	var tree any
	if err := readJSON([]byte(text), &tree); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return tree
}

func TestMatching(t *testing.T) {
	for _, test := range []struct {
		expected, actual string
		// Where it differs. "yes" means that it matches, and "nonsense" that nothing could.
		verdict string
	}{
		{`{"a": 1}`, `{"a": 1, "b": 2}`, "yes"},
		{`{"a": 1, "b": 2}`, `{"a": 1}`, "b"},
		{`{"a": {"b": {"c": "x"}}}`, `{"a": {"b": {"c": "y"}}}`, "a.b.c"},
		{`{"a": 1}`, `[1]`, "want an object"},
		{`{"a": {"b": 1}}`, `{"a": "b"}`, "a"},
		{`{"a": {"b": 1}}`, `{}`, "a"},

		{`[1, 2]`, `[1, 2]`, "yes"},
		{`[1, 2]`, `[1]`, "a list of 2"},
		{`[1]`, `[1, 2]`, "a list of 1"},
		{`[1, 2]`, `[2, 1]`, "[0]"},
		{`[{"a": 1}]`, `[{"a": 1, "b": 2}]`, "yes"},
		{`[1]`, `{"0": 1}`, "a list of 1"},
		{`{"a": [{"b": 1}]}`, `{"a": [{"b": 2}]}`, "a[0].b"},

		{`49900`, `"49900"`, "yes"},
		{`"49900"`, `49900`, "yes"},
		{`"49900"`, `"49901"`, "want"},
		{`999999999999999999`, `"999999999999999999"`, "yes"},
		{`9007199254740993`, `"9007199254740992"`, "want"},
		{`1`, `1.0`, "want"},
		{`"true"`, `true`, "want"},
		{`true`, `true`, "yes"},
		{`true`, `false`, "want"},
		{`null`, `null`, "yes"},
		{`null`, `"x"`, "want"},
		{`"x"`, `["x"]`, "want"},
		{`true`, `[true]`, "want"},
		{`true`, `{"a": true}`, "want"},

		{`{"a": false, "b": 0, "c": "0", "d": "", "e": [], "f": {}, "g": null}`, `{}`, "yes"},
		{`{"a": true}`, `{}`, "a"},
		{`{"a": "00"}`, `{}`, "a"},
		{`{"a": [0]}`, `{}`, "a"},
		{`{"a": false}`, `{"a": true}`, "a"},
		{`{"a": []}`, `{"a": [1]}`, "a"},
		{`{"a": ""}`, `{"a": "x"}`, "a"},

		{`{"a": {"$any": true}}`, `{"a": "x"}`, "yes"},
		{`{"a": {"$any": true}}`, `{"a": {"b": 1}}`, "yes"},
		{`{"a": {"$any": true}}`, `{"a": ""}`, "a"},
		{`{"a": {"$any": true}}`, `{"a": "0"}`, "a"},
		{`{"a": {"$any": true}}`, `{"a": {}}`, "a"},
		{`{"a": {"$any": true}}`, `{}`, "a"},
		{`{"a": {"$any": false}}`, `{"a": 1}`, "nonsense"},

		{`{"a": {"$absent": true}}`, `{}`, "yes"},
		{`{"a": {"$absent": true}}`, `{"a": ""}`, "yes"},
		{`{"a": {"$absent": true}}`, `{"a": []}`, "yes"},
		{`{"a": {"$absent": true}}`, `{"a": 1}`, "a"},
		{`{"a": {"$absent": "yes"}}`, `{}`, "nonsense"},

		{`{"$one_of": ["a", "b"]}`, `"b"`, "yes"},
		{`{"$one_of": ["a", "b"]}`, `"c"`, "one of"},
		{`{"a": {"$one_of": ["x", ""]}}`, `{}`, "yes"},
		{`{"$one_of": []}`, `"c"`, "nonsense"},
		{`{"$one_of": "c"}`, `"c"`, "nonsense"},
		{`{"$one_of": [{"$what": 1}]}`, `"c"`, "nonsense"},

		{`{"$matches": "^pay_"}`, `"pay_1"`, "yes"},
		{`{"$matches": "ay"}`, `"pay_1"`, "yes"},
		{`{"$matches": "^ay"}`, `"pay_1"`, "a text like"},
		{`{"$matches": "1"}`, `1`, "a text like"},
		{`{"a": {"$matches": ""}}`, `{}`, "a"},
		{`{"$matches": "("}`, `"("`, "nonsense"},
		{`{"$matches": 1}`, `"1"`, "nonsense"},

		{`{"$has": ["b", "a"]}`, `["a", "c", "b"]`, "yes"},
		{`{"$has": ["a", "a"]}`, `["a"]`, "yes"},
		{`{"$has": ["a", "d"]}`, `["a", "c", "b"]`, "an entry like"},
		{`{"$has": [{"a": 1}]}`, `[{"a": 2}, {"a": 1, "b": 3}]`, "yes"},
		{`{"$has": ["a"]}`, `"a"`, "want a list"},
		{`{"a": {"$has": ["a"]}}`, `{}`, "a"},
		{`{"$has": "a"}`, `["a"]`, "nonsense"},
		{`{"$has": []}`, `["a"]`, "nonsense"},
		{`{"$has": [{"$matches": "("}]}`, `["("]`, "nonsense"},

		{`{"$save": ""}`, `"x"`, "nonsense"},
		{`{"$save": 1}`, `"x"`, "nonsense"},
		{`{"$save_date": "x"}`, `"2026-11-21T10:00:00.5Z"`, "yes"},
		{`{"$save_date": "x"}`, `"2026-11-21"`, "want a time"},
		{`{"$save_date": "x"}`, `20261121`, "want a time"},
		{`{"a": {"$save_date": "x"}}`, `{}`, "a"},
		{`{"$save_date": true}`, `"2026-11-21T10:00:00Z"`, "nonsense"},
		{`{"$what": 1}`, `{"$what": 1}`, "nonsense"},
		{`{"$any": true, "a": 1}`, `{"a": 1}`, "nonsense"},
		{`{"$any": true, "$save": "a"}`, `"x"`, "nonsense"},
	} {
		_, found := match(tree(t, test.expected), tree(t, test.actual))
		switch {
		case found == nil && test.verdict != "yes",
			found != nil && test.verdict == "yes",
			found != nil && found.isNonsense != (test.verdict == "nonsense"),
			found != nil && !found.isNonsense && !strings.Contains(found.Error(), test.verdict):
			t.Errorf("%s against %s: want %s, got %v", test.expected, test.actual, test.verdict, found)
		}
	}
}

func TestSaving(t *testing.T) {
	for _, test := range []struct {
		expected, actual string
		// Nil means that it does not match.
		saved values
	}{
		{`{"a": {"$save": "x"}, "b": [{"$save": "y"}]}`, `{"a": "1", "b": [2]}`, values{"x": "1", "y": json.Number("2")}},
		{`{"a": {"$save": "x"}}`, `{"a": {"b": [true]}}`, values{"x": map[string]any{"b": []any{true}}}},
		{`{"a": {"$save_date": "x"}}`, `{"a": "2026-11-21T23:59:59.999Z"}`, values{"x": "2026-11-21"}},
		{`{"a": {"$save": "x"}}`, `{}`, nil},
		{`{"a": {"$save": "x"}}`, `{"a": ""}`, nil},
		{`{"a": {"$save": "x"}, "b": 1}`, `{"a": 1, "b": 2}`, nil},
		// What does not match saves nothing, also where something else does.
		{`{"$one_of": [{"a": {"$save": "x"}, "b": 1}, {"b": 2}]}`, `{"a": 1, "b": 2}`, values{}},
		{`{"$has": [{"a": {"$save": "x"}, "b": 2}]}`, `[{"a": "no", "b": 1}, {"a": "yes", "b": 2}]`, values{"x": "yes"}},
	} {
		saved, found := match(tree(t, test.expected), tree(t, test.actual))
		if (found != nil) != (test.saved == nil) || !reflect.DeepEqual(saved, test.saved) {
			t.Errorf("%s against %s saves %v, %v", test.expected, test.actual, saved, found)
		}
	}
}

func TestValues(t *testing.T) {
	knows := values{"name": "Ada", "number": json.Number("7"), "list": []any{"a"}, "yes": true}
	for text, want := range map[string]string{
		`"${name}"`:                    `"Ada"`,
		`"${number}"`:                  `7`,
		`"${list}"`:                    `["a"]`,
		`"${yes}"`:                     `true`,
		`"${name}-${number}${yes}!"`:   `"Ada-7true!"`,
		`"${name}${name}"`:             `"AdaAda"`,
		`"$name {name} $"`:             `"$name {name} $"`,
		`{"a": [{"b": "x${number}"}]}`: `{"a":[{"b":"x7"}]}`,
		`{"${name}": 1}`:               `{"${name}":1}`,
		`12`:                           `12`,
	} {
		filled, err := knows.fill(tree(t, text))
		if err != nil || shown(filled) != want {
			t.Errorf("%s becomes %s, %v", text, shown(filled), err)
		}
	}
	for _, text := range []string{`"${nobody}"`, `"x${nobody}"`, `{"a": ["${}"]}`, `"${ name }"`} {
		if filled, err := knows.fill(tree(t, text)); err == nil {
			t.Errorf("%s becomes %s", text, shown(filled))
		}
	}
}
