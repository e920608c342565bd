package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// What came of one telling of a story, or of one vector.
type result struct {
	Name    string  `json:"name"`
	Account string  `json:"account"`
	Passed  bool    `json:"passed"`
	Steps   int     `json:"steps"`
	Seconds float64 `json:"seconds"`
	// What differed, where. Empty when it passed.
	Failure string `json:"failure"`
}

// Writes the report, and fails when something in it did or when there is nothing in it.
func finish(results []result, path string) error {
	report := struct {
		Language string   `json:"language"`
		Results  []result `json:"results"`
	}{"go", results}
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return err
	}
	failed := 0
	for _, one := range results {
		if !one.Passed {
			failed++
		}
	}
	fmt.Printf("%d passed, %d failed\n", len(results)-failed, failed)
	if failed > 0 || len(results) == 0 {
		return fmt.Errorf("%d of %d failed", failed, len(results))
	}
	return nil
}
