// A customer pays on the provider's page, and the shop learns what came of it.
//
// Here the customer is simulated, so it needs `turnpike dev`. TURNPIKE_URL and TURNPIKE_API_KEY say where that is.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
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
	if err := checkout(ctx, client); err != nil {
		log.Fatal(err)
	}
}

func checkout(ctx context.Context, client *turnpike.Client) error {
	// A shop keeps its request ids where they survive a crash: charge_token shows how.
	ids := turnpike.NewRequestIDs(new(turnpike.MemoryStore))
	requestID, err := ids.For(ctx, "order-17/session")
	if err != nil {
		return err
	}
	opened, err := client.Sessions.CreateSession(ctx, &turnpikev1.CreateSessionRequest{
		RequestId:         requestID,
		Account:           "dintero-dev",
		Money:             &turnpikev1.Money{AmountMinor: 49_900, CurrencyCode: "NOK"}, // 499.00
		MerchantReference: "order-17",
		Purpose:           turnpikev1.SessionPurpose_SESSION_PURPOSE_PAY,
		ReturnUrls: &turnpikev1.ReturnUrls{
			SuccessUrl:   "https://shop.example/done",
			FailureUrl:   "https://shop.example/failed",
			CancelledUrl: "https://shop.example/cancelled",
		},
	})
	if err != nil {
		return err
	}
	session := opened.GetSession()
	// The shop redirects the browser to session.GetNextAction().GetRedirect().GetUrl(). That address is for the customer alone.
	fmt.Println("opened", session.GetId())

	// The customer enters a card, and the provider sends the browser back.
	returnURL, err := client.Development.Pay(ctx, session.GetId(), nil)
	if err != nil {
		return err
	}

	if requestID, err = ids.For(ctx, "order-17/confirm"); err != nil {
		return err
	}
	confirmed, err := client.Sessions.ConfirmSession(ctx, &turnpikev1.ConfirmSessionRequest{
		RequestId: requestID,
		SessionId: session.GetId(),
		Means:     &turnpikev1.ConfirmSessionRequest_Returned{Returned: &turnpikev1.BrowserReturn{Url: returnURL}},
	})
	if err != nil {
		return err
	}
	payment, err := turnpike.RequirePaid(confirmed.GetPayment())
	var declined *turnpike.DeclinedError
	if errors.As(err, &declined) {
		fmt.Println("declined:", turnpike.DeclineOf(declined.Payment).GetReason())
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Println("paid", payment.GetId(), "with a card ending in", payment.GetCard().GetLastFour())
	return nil
}
