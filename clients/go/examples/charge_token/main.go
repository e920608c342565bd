// A shop charges a saved card, in such a way that a crash at any point charges it once.
//
//	charge_token [ORDER [TOKEN]]
//
// The request id is kept in a file before it is sent. Run it twice with the same order: the second run sends the same
// request id, and nothing more is taken. Without a token it takes one that is saved, or saves one, for which it needs
// `turnpike dev`. TURNPIKE_URL and TURNPIKE_API_KEY say where that is.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/url"
	"os"
	"path/filepath"
	"time"

	turnpike "turnpike.example/go"
	"turnpike.example/go/examples/internal/savedcard"
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
	order := "order-18"
	if len(os.Args) > 1 {
		order = os.Args[1]
	}
	var token string
	if len(os.Args) > 2 {
		token = os.Args[2]
	} else if token, err = savedcard.Token(ctx, client); err != nil {
		log.Fatal(err)
	}
	if err := charge(ctx, client, order, token); err != nil {
		log.Fatal(err)
	}
}

func charge(ctx context.Context, client *turnpike.Client, order, token string) error {
	ids := turnpike.NewRequestIDs(folder("request-ids"))
	requestID, err := ids.For(ctx, order+"/charge")
	if err != nil {
		return err
	}
	answer, err := client.Payments.ChargeToken(ctx, &turnpikev1.ChargeTokenRequest{
		RequestId:         requestID,
		Token:             &turnpikev1.ChargeTokenRequest_TokenId{TokenId: token},
		Money:             &turnpikev1.Money{AmountMinor: 25_000, CurrencyCode: "NOK"}, // 250.00
		MerchantReference: order,
		Initiator: &turnpikev1.ChargeTokenRequest_MerchantInitiated{MerchantInitiated: &turnpikev1.MerchantInitiated{
			Reason: turnpikev1.MerchantReason_MERCHANT_REASON_UNSCHEDULED,
		}},
	})
	var refusal *turnpike.Error
	if errors.As(err, &refusal) && refusal.Reason == turnpikev1.ErrorReason_ERROR_REASON_TOKEN_UNUSABLE {
		return fmt.Errorf("ask the customer for another card: %w", err)
	}
	if err != nil {
		return err // Whatever it was: run it again, with the same request id.
	}
	payment, err := turnpike.RequirePaid(answer.GetPayment())
	if err != nil {
		return err
	}
	if answer.GetReplayed() {
		fmt.Println("charged before:", payment.GetId())
	} else {
		fmt.Println("charged", payment.GetId())
	}
	return nil
}

// A folder keeps request ids, a file each. A table with a unique key is as good.
type folder string

func (f folder) path(key string) string { return filepath.Join(string(f), url.PathEscape(key)) }

func (f folder) Load(_ context.Context, key string) (string, bool, error) {
	id, err := os.ReadFile(f.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	return string(id), err == nil, err
}

// The file appears with all that is in it, or not at all, and only if there is none.
func (f folder) Save(_ context.Context, key, id string) error {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(string(f), ".new-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(id)
	// Before it is used it must be on the disk.
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), f.path(key)); errors.Is(err, fs.ErrExist) {
		return turnpike.ErrRequestIDExists
	} else if err != nil {
		return err
	}
	return f.sync()
}

func (f folder) sync() error {
	folder, err := os.Open(string(f))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
