// The runner of the contract kit, through the client: see contract/README.md in the root of the repository.
//
//	contract stories CONTRACT REPORT   tells the stories of a folder to a running server
//	contract vectors CONTRACT REPORT   checks the vectors of a folder, without a server
//	contract steady                    reads calls from standard input, and makes them on one connection
//
// TURNPIKE_URL and TURNPIKE_API_KEY say where the server is. It ends with 0 when everything passed.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
)

const usage = `usage: contract stories CONTRACT REPORT
       contract vectors CONTRACT REPORT
       contract steady`

var errUsage = errors.New(usage)

func main() {
	err := run(context.Background(), os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	switch {
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	switch {
	case len(arguments) == 3 && arguments[0] == "stories":
		results, err := tellAll(ctx, arguments[1], os.Stdout)
		if err != nil {
			return err
		}
		return finish(results, arguments[2])
	case len(arguments) == 3 && arguments[0] == "vectors":
		results, err := checkVectors(arguments[1])
		if err != nil {
			return err
		}
		return finish(results, arguments[2])
	case len(arguments) == 1 && arguments[0] == "steady":
		return steady(ctx, os.Stdin, os.Stdout)
	}
	return errUsage
}
