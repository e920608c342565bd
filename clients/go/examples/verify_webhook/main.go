// A shop's own server takes webhooks, and believes only those that the gateway signed.
//
//	verify_webhook [LISTEN [COUNT]]
//
// It listens on 127.0.0.1:8080 and ends after one genuine webhook, unless told otherwise. TURNPIKE_WEBHOOK_SECRETS holds
// the secrets, several with spaces in between during a rotation. `turnpike dev --webhook-to http://127.0.0.1:8080
// --webhook-secret whsec_…` sends what it takes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	turnpike "turnpike.example/go"
	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

// How many events wait for their turn.
const waitingMax = 100

func main() {
	address, count := "127.0.0.1:8080", 1
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	if len(os.Args) > 2 {
		var err error
		if count, err = strconv.Atoi(os.Args[2]); err != nil {
			log.Fatal(err)
		}
	}
	taken := make(chan *turnpikev1.Event, waitingMax)
	hooks := &receiver{secrets: strings.Fields(os.Getenv("TURNPIKE_WEBHOOK_SECRETS")), taken: taken}
	server := &http.Server{Addr: address, Handler: hooks, ReadTimeout: 10 * time.Second}
	go func() {
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			log.Fatal(err)
		}
	}()
	for range count {
		event := <-taken
		fmt.Println("took", event.GetType(), event.GetId())
	}
	// The answers that are under way go out.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
}

type receiver struct {
	secrets []string
	taken   chan<- *turnpikev1.Event
	// The ids that were taken in. A shop keeps them in its database: an event may come more than once.
	known sync.Map
}

func (r *receiver) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	// The signature is over the bytes as they came: read them before anything else does.
	body, err := io.ReadAll(http.MaxBytesReader(answer, request.Body, turnpike.WebhookBodyMax))
	if err != nil {
		http.Error(answer, "the body cannot be read", http.StatusBadRequest)
		return
	}
	event, err := turnpike.VerifyWebhook(body, request.Header, r.secrets...)
	if err != nil {
		log.Print(err)
		// Whoever is refused learns nothing more.
		http.Error(answer, "refused", http.StatusUnauthorized)
		return
	}
	if _, known := r.known.LoadOrStore(event.GetId(), true); !known {
		select {
		case r.taken <- event:
		default:
			// The gateway sends it again later.
			r.known.Delete(event.GetId())
			http.Error(answer, "busy", http.StatusServiceUnavailable)
			return
		}
	}
	answer.WriteHeader(http.StatusNoContent)
}
