package turnpike

import (
	"context"
	"errors"
	"iter"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	turnpikev1 "turnpike.example/go/gen/turnpike/v1"
)

// The same place again would be asked for without end.
var errSamePage = errors.New("turnpike: the server named the page that it had just sent as the next one")

// AllPayments lists payments, newest first, page by page as they are needed.
//
// So do the others whose names begin with All: the request says which and how many a page has, its page token where to
// begin, and it is not changed. An error ends the iteration. Nil as the request asks for everything.
func (c *Client) AllPayments(
	ctx context.Context, request *turnpikev1.ListPaymentsRequest,
) iter.Seq2[*turnpikev1.Payment, error] {
	return pages(ctx, c.Payments.ListPayments, request, (*turnpikev1.ListPaymentsResponse).GetPayments)
}

// AllPaymentHistory lists what happened to a payment, oldest first, page by page.
func (c *Client) AllPaymentHistory(
	ctx context.Context, request *turnpikev1.ListPaymentHistoryRequest,
) iter.Seq2[*turnpikev1.PaymentHistoryEntry, error] {
	return pages(ctx, c.Payments.ListPaymentHistory, request, (*turnpikev1.ListPaymentHistoryResponse).GetEntries)
}

// AllDifferences lists what disagrees, or should have moved and did not, page by page: the list that a person works through.
func (c *Client) AllDifferences(
	ctx context.Context, request *turnpikev1.ListDifferencesRequest,
) iter.Seq2[*turnpikev1.Difference, error] {
	return pages(ctx, c.Payments.ListDifferences, request, (*turnpikev1.ListDifferencesResponse).GetDifferences)
}

// AllTokens lists saved cards, newest first, page by page.
func (c *Client) AllTokens(
	ctx context.Context, request *turnpikev1.ListTokensRequest,
) iter.Seq2[*turnpikev1.Token, error] {
	return pages(ctx, c.Tokens.ListTokens, request, (*turnpikev1.ListTokensResponse).GetTokens)
}

// AllSchedules lists schedules, newest first, page by page.
func (c *Client) AllSchedules(
	ctx context.Context, request *turnpikev1.ListSchedulesRequest,
) iter.Seq2[*turnpikev1.Schedule, error] {
	return pages(ctx, c.Recurring.ListSchedules, request, (*turnpikev1.ListSchedulesResponse).GetSchedules)
}

// AllOccurrences lists the occurrences of a schedule that were taken, newest first, page by page.
func (c *Client) AllOccurrences(
	ctx context.Context, request *turnpikev1.ListOccurrencesRequest,
) iter.Seq2[*turnpikev1.Occurrence, error] {
	return pages(ctx, c.Recurring.ListOccurrences, request, (*turnpikev1.ListOccurrencesResponse).GetOccurrences)
}

// AllWebhookDeliveries lists what was and is to be sent to the merchant's own servers, newest first, page by page.
func (c *Client) AllWebhookDeliveries(
	ctx context.Context, request *turnpikev1.ListWebhookDeliveriesRequest,
) iter.Seq2[*turnpikev1.WebhookDelivery, error] {
	return pages(ctx, c.Events.ListWebhookDeliveries, request, (*turnpikev1.ListWebhookDeliveriesResponse).GetDeliveries)
}

// AllAccounts lists the merchant's accounts by name, page by page.
func (c *Client) AllAccounts(
	ctx context.Context, request *turnpikev1.ListAccountsRequest,
) iter.Seq2[*turnpikev1.Account, error] {
	return pages(ctx, c.Accounts.ListAccounts, request, (*turnpikev1.ListAccountsResponse).GetAccounts)
}

// AllExchanges lists what the gateway and the simulated providers said to each other, oldest first, page by page.
func (c *Client) AllExchanges(
	ctx context.Context, request *turnpikev1.ListExchangesRequest,
) iter.Seq2[*turnpikev1.Exchange, error] {
	return pages(ctx, c.Sandbox.ListExchanges, request, (*turnpikev1.ListExchangesResponse).GetExchanges)
}

// AllEvents lists the events that there are, oldest first, page by page. It ends where [Client.Follow] would wait.
func (c *Client) AllEvents(
	ctx context.Context, request *turnpikev1.ListEventsRequest,
) iter.Seq2[*turnpikev1.Event, error] {
	next := func(answer *turnpikev1.ListEventsResponse) string {
		if !answer.GetHasMore() {
			return ""
		}
		return answer.GetNextCursor()
	}
	return places(ctx, "after", c.Events.ListEvents, request, (*turnpikev1.ListEventsResponse).GetEvents, next)
}

type call[Request, Answer any] func(context.Context, Request, ...grpc.CallOption) (Answer, error)

// The pages of an RPC with `page_token` and `next_page_token`, as all lists but the log of events have them.
func pages[Request proto.Message, Answer interface{ GetNextPageToken() string }, Item any](
	ctx context.Context, list call[Request, Answer], request Request, items func(Answer) []Item,
) iter.Seq2[Item, error] {
	return places(ctx, "page_token", list, request, items, Answer.GetNextPageToken)
}

func places[Request proto.Message, Answer, Item any](
	ctx context.Context, field protoreflect.Name,
	list call[Request, Answer], request Request, items func(Answer) []Item, next func(Answer) string,
) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		// A copy for each iteration: the caller's request stays, and iterating again begins anew. Nil is an empty one.
		asked := request.ProtoReflect().Type().New()
		proto.Merge(asked.Interface(), request)
		place := asked.Descriptor().Fields().ByName(field)
		for {
			answer, err := list(ctx, asked.Interface().(Request))
			if err != nil {
				var none Item
				yield(none, err)
				return
			}
			for _, item := range items(answer) {
				if !yield(item, nil) {
					return
				}
			}
			following := next(answer)
			if following == "" {
				return
			}
			if following == asked.Get(place).String() {
				var none Item
				yield(none, errSamePage)
				return
			}
			asked.Set(place, protoreflect.ValueOfString(following))
		}
	}
}
