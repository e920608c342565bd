// Package turnpike calls a Turnpike gateway: one typed contract in front of many payment providers.
//
// The messages and the stubs are generated, in turnpike.example/go/gen/turnpike/v1. This package is the thin layer
// beside them: it connects, keeps the connection alive, gives calls a deadline, repeats what is safe to repeat, and
// turns what comes back into Go errors and iterators.
//
//	client, err := turnpike.FromEnvironment()
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//	answer, err := client.Payments.ChargeToken(ctx, request)
//
// Three rules keep money where it belongs:
//
//   - A request id is made once, kept, and used for every repetition: see [RequestIDs].
//   - A decline is an answer, not an error: look at the payment's state, or ask [RequirePaid].
//   - A deadline that passed, a connection that broke and an unresolved payment mean that nobody knows yet. Ask again with
//     the same request id, never with a new one.
//
// The package repeats nothing but what ended in UNAVAILABLE, as the same request. It caches nothing, logs nothing and keeps no
// global state. A [Client] is safe for use by many goroutines at once.
package turnpike
