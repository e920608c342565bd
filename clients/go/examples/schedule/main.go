// A saved card is charged every month. The clock of `turnpike dev` is moved forward, so that it ends today.
//
// TURNPIKE_URL and TURNPIKE_API_KEY say where the gateway is.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"time"

	turnpike "turnpike.example/go"
	"turnpike.example/go/examples/internal/savedcard"
	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

const day = 24 * time.Hour

func main() {
	client, err := turnpike.FromEnvironment()
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	token, err := savedcard.Token(ctx, client)
	if err != nil {
		log.Fatal(err)
	}
	if err := subscribe(ctx, client, token); err != nil {
		log.Fatal(err)
	}
}

func subscribe(ctx context.Context, client *turnpike.Client, token string) error {
	now, err := client.Development.Now(ctx)
	if err != nil {
		return err
	}
	answer, err := client.Recurring.ScheduleRecurring(ctx, &turnpikev1.ScheduleRecurringRequest{
		RequestId: rand.Text(), // A shop keeps it: charge_token shows how.
		Terms: &turnpikev1.ScheduleTerms{
			TokenId:           token,
			Money:             &turnpikev1.Money{AmountMinor: 9_900, CurrencyCode: "NOK"}, // 99.00
			MerchantReference: "subscription-7",
			Cadence:           &turnpikev1.Cadence{Rhythm: &turnpikev1.Cadence_Months{Months: 1}},
			FirstDate:         now.Add(day).Format(time.DateOnly),
			TimeZone:          "UTC",
			End:               &turnpikev1.ScheduleEnd{Last: &turnpikev1.ScheduleEnd_Count{Count: 3}},
		},
	})
	if err != nil {
		return err
	}
	schedule := answer.GetSchedule().GetId()
	for _, planned := range answer.GetUpcoming() {
		fmt.Println("planned", planned.GetNumber(), planned.GetDueAt().AsTime().Format(time.DateTime))
	}

	// Three months pass. What falls due on the way is charged.
	if _, err := client.Development.Advance(ctx, 93*day); err != nil {
		return err
	}
	request := &turnpikev1.ListOccurrencesRequest{ScheduleId: schedule}
	for occurrence, err := range client.AllOccurrences(ctx, request) {
		if err != nil {
			return err
		}
		fmt.Println("occurrence", occurrence.GetNumber(), occurrence.GetStatus())
	}
	found, err := client.Recurring.GetSchedule(ctx, &turnpikev1.GetScheduleRequest{ScheduleId: schedule})
	if err != nil {
		return err
	}
	fmt.Println(schedule, found.GetSchedule().GetStatus())
	return nil
}
