package main

import (
	"os"

	turnpike "turnpike.example/go"
)

// Connects to the same server with other credentials than those of the environment.
func dialAgain(options ...turnpike.Option) (*turnpike.Client, error) {
	if path := os.Getenv("TURNPIKE_CA_FILE"); path != "" {
		options = append(options, turnpike.WithCAFile(path))
	}
	return turnpike.Dial(os.Getenv("TURNPIKE_URL"), options...)
}
