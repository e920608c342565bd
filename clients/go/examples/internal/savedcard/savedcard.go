// Package savedcard gives the examples a card to charge.
package savedcard

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	turnpike "turnpike.example/go"
	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

const (
	account   = "dintero-dev"
	savedMax  = 20 * time.Second
	savePause = 100 * time.Millisecond
)

// Token is the id of a saved card at the account dintero-dev: one that is there, or else one that a simulated customer saves.
func Token(ctx context.Context, client *turnpike.Client) (string, error) {
	request := &turnpikev1.ListTokensRequest{
		Account:  account,
		Statuses: []turnpikev1.TokenStatus{turnpikev1.TokenStatus_TOKEN_STATUS_ACTIVE},
	}
	for token, err := range client.AllTokens(ctx, request) {
		if err != nil {
			return "", err
		}
		return token.GetId(), nil
	}
	return save(ctx, client)
}

func save(ctx context.Context, client *turnpike.Client) (string, error) {
	opened, err := client.Sessions.CreateSession(ctx, &turnpikev1.CreateSessionRequest{
		RequestId:         rand.Text(),
		Account:           account,
		Money:             &turnpikev1.Money{AmountMinor: 19_900, CurrencyCode: "NOK"},
		MerchantReference: "order-1",
		Purpose:           turnpikev1.SessionPurpose_SESSION_PURPOSE_PAY_AND_SAVE,
		SaveCardDisplay:   turnpikev1.SaveCardDisplay_SAVE_CARD_DISPLAY_ALWAYS,
		FutureUses: []turnpikev1.TokenUse{
			turnpikev1.TokenUse_TOKEN_USE_RECURRING, turnpikev1.TokenUse_TOKEN_USE_UNSCHEDULED,
		},
		Customer:   &turnpikev1.Customer{CustomerId: "customer-1", Email: "ada@example.com"},
		ReturnUrls: &turnpikev1.ReturnUrls{SuccessUrl: "https://shop.example/done"},
	})
	if err != nil {
		return "", err
	}
	session := opened.GetSession().GetId()
	returnURL, err := client.Development.Pay(ctx, session, &turnpikev1.CustomerPays{SaveCard: true})
	if err != nil {
		return "", err
	}
	if _, err = client.Sessions.ConfirmSession(ctx, &turnpikev1.ConfirmSessionRequest{
		RequestId: rand.Text(),
		SessionId: session,
		Means:     &turnpikev1.ConfirmSessionRequest_Returned{Returned: &turnpikev1.BrowserReturn{Url: returnURL}},
	}); err != nil {
		return "", err
	}
	// The provider may tell of the card later than of the payment.
	for end := time.Now().Add(savedMax); time.Now().Before(end); time.Sleep(savePause) {
		found, err := client.Sessions.GetSession(ctx, &turnpikev1.GetSessionRequest{SessionId: session})
		if err != nil {
			return "", err
		}
		if tokens := found.GetSession().GetTokenIds(); len(tokens) > 0 {
			return tokens[0], nil
		}
	}
	return "", errors.New("the card was not saved")
}
