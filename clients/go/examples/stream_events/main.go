// A shop's books follow what became true, and miss nothing while they are down.
//
//	stream_events [CURSOR-FILE]
//
// The cursor is kept after each event; the next run goes on from there. So that there is something to see, it opens a
// session itself, and ends when it reads of it. TURNPIKE_URL and TURNPIKE_API_KEY say where the gateway is.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"time"

	turnpike "turnpike.example/go"
	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

func main() {
	client, err := turnpike.FromEnvironment()
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	path := "cursor"
	if len(os.Args) > 1 {
		path = os.Args[1]
	}
	session, err := openSession(ctx, client)
	if err != nil {
		log.Fatal(err)
	}
	if err := follow(ctx, client, path, session); err != nil {
		log.Fatal(err)
	}
}

func follow(ctx context.Context, client *turnpike.Client, path, session string) error {
	// No file yet: from the beginning.
	cursor, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for event, err := range client.Follow(ctx, string(cursor), "session.*", "payment.*") {
		if err != nil {
			return err
		}
		fmt.Println(event.GetOccurredAt().AsTime().Format(time.DateTime), event.GetType(), event.GetId())
		// Whatever the event leads to comes first. If the program dies in between, the event comes once more.
		if err := keep(path, event.GetCursor()); err != nil {
			return err
		}
		if event.GetSession().GetSession().GetId() == session {
			return nil
		}
	}
	// The context has ended.
	return ctx.Err()
}

// The old cursor stays until the new one is there.
func keep(path, cursor string) error {
	if err := os.WriteFile(path+".new", []byte(cursor), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func openSession(ctx context.Context, client *turnpike.Client) (string, error) {
	opened, err := client.Sessions.CreateSession(ctx, &turnpikev1.CreateSessionRequest{
		RequestId:         rand.Text(),
		Account:           "dintero-dev",
		Money:             &turnpikev1.Money{AmountMinor: 49_900, CurrencyCode: "NOK"},
		MerchantReference: "order-19",
		Purpose:           turnpikev1.SessionPurpose_SESSION_PURPOSE_PAY,
		ReturnUrls:        &turnpikev1.ReturnUrls{SuccessUrl: "https://shop.example/done"},
	})
	return opened.GetSession().GetId(), err
}
