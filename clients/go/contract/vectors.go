package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Checks all vectors of a contract. A kind of which there are none is an error: nothing would be checked.
func checkVectors(contract string) ([]result, error) {
	folder := filepath.Join(contract, "vectors")
	var results []result
	for _, kind := range []struct {
		name  string
		check func(path string) error
	}{
		{"messages", checkMessage},
		{"errors", checkError},
	} {
		names, err := pairs(filepath.Join(folder, kind.name))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			results = append(results, verdictOf(kind.name+"/"+name, kind.check(filepath.Join(folder, kind.name, name))))
		}
	}
	deliveries, err := readDeliveries(filepath.Join(folder, "webhooks.json"))
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, one := range deliveries {
		if err := one.check(); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", one.About, err))
		}
	}
	results = append(results, verdictOf("webhooks.json", errors.Join(failures...)))
	for _, one := range results {
		if !one.Passed {
			fmt.Printf("FAILED  %s\n        %s\n", one.Name, one.Failure)
		}
	}
	return results, nil
}

func verdictOf(name string, err error) result {
	one := result{Name: name, Passed: err == nil}
	if err != nil {
		one.Failure = err.Error()
	}
	return one
}

// The names of vectors in a folder, each of which is two files. One that lacks its other half is listed, and fails.
func pairs(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		name, isJSON := strings.CutSuffix(entry.Name(), ".json")
		if !isJSON {
			var isBinary bool
			if name, isBinary = strings.CutSuffix(entry.Name(), ".binpb"); !isBinary {
				return nil, fmt.Errorf("%s: %s is neither .json nor .binpb", folder, entry.Name())
			}
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s holds no vectors", folder)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
