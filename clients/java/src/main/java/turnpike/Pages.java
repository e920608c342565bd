package turnpike;

import turnpike.Listing.Page;
import turnpike.v1.Account;
import turnpike.v1.Difference;
import turnpike.v1.Event;
import turnpike.v1.Exchange;
import turnpike.v1.ListAccountsRequest;
import turnpike.v1.ListDifferencesRequest;
import turnpike.v1.ListEventsRequest;
import turnpike.v1.ListExchangesRequest;
import turnpike.v1.ListOccurrencesRequest;
import turnpike.v1.ListPaymentHistoryRequest;
import turnpike.v1.ListPaymentsRequest;
import turnpike.v1.ListSchedulesRequest;
import turnpike.v1.ListTokensRequest;
import turnpike.v1.ListWebhookDeliveriesRequest;
import turnpike.v1.Occurrence;
import turnpike.v1.Payment;
import turnpike.v1.PaymentHistoryEntry;
import turnpike.v1.Schedule;
import turnpike.v1.Token;
import turnpike.v1.WebhookDelivery;

/**
 * The lists of the gateway, each from its first page to its last. A request says what is listed and
 * how large a page is ({@code page_size}, up to 200); its page token is of no use here and is
 * overwritten.
 */
public final class Pages {
  private final Turnpike turnpike;

  Pages(Turnpike turnpike) {
    this.turnpike = turnpike;
  }

  /**
   * Payments, newest first.
   *
   * @param request what to list
   * @return the entries
   */
  public Listing<Payment> payments(ListPaymentsRequest request) {
    return new Listing<>(
        token -> {
          var page =
              turnpike.payments().listPayments(request.toBuilder().setPageToken(token).build());
          String next = page.getNextPageToken();
          return new Page<>(page.getPaymentsList(), next, next.isEmpty());
        });
  }

  /**
   * What happened to a payment, oldest first.
   *
   * @param request what to list
   * @return the entries
   */
  public Listing<PaymentHistoryEntry> paymentHistory(ListPaymentHistoryRequest request) {
    return new Listing<>(
        token -> {
          var page =
              turnpike
                  .payments()
                  .listPaymentHistory(request.toBuilder().setPageToken(token).build());
          String next = page.getNextPageToken();
          return new Page<>(page.getEntriesList(), next, next.isEmpty());
        });
  }

  /**
   * What disagrees, or should have moved and did not.
   *
   * @param request what to list
   * @return the entries
   */
  public Listing<Difference> differences(ListDifferencesRequest request) {
    return new Listing<>(
        token -> {
          var page =
              turnpike.payments().listDifferences(request.toBuilder().setPageToken(token).build());
          String next = page.getNextPageToken();
          return new Page<>(page.getDifferencesList(), next, next.isEmpty());
        });
  }

  /**
   * Saved cards, newest first.
   *
   * @param request what to list
   * @return the entries
   */
  public Listing<Token> tokens(ListTokensRequest request) {
    return new Listing<>(
        token -> {
          var page = turnpike.tokens().listTokens(request.toBuilder().setPageToken(token).build());
          String next = page.getNextPageToken();
          return new Page<>(page.getTokensList(), next, next.isEmpty());
        });
  }

  /**
   * Schedules, newest first.
   *
   * @param request what to list
   * @return the entries
   */
  public Listing<Schedule> schedules(ListSchedulesRequest request) {
    return new Listing<>(
        token -> {
          var page =
              turnpike.recurring().listSchedules(request.toBuilder().setPageToken(token).build());
          String next = page.getNextPageToken();
          return new Page<>(page.getSchedulesList(), next, next.isEmpty());
        });
  }

  /**
   * The occurrences of a schedule that were taken, newest first.
   *
   * @param request what to list
   * @return the entries
   */
  public Listing<Occurrence> occurrences(ListOccurrencesRequest request) {
    return new Listing<>(
        token -> {
          var page =
              turnpike.recurring().listOccurrences(request.toBuilder().setPageToken(token).build());
          String next = page.getNextPageToken();
          return new Page<>(page.getOccurrencesList(), next, next.isEmpty());
        });
  }

  /**
   * What was and is to be sent to the merchant's own servers, newest first.
   *
   * @param request what to list
   * @return the entries
   */
  public Listing<WebhookDelivery> webhookDeliveries(ListWebhookDeliveriesRequest request) {
    return new Listing<>(
        token -> {
          var page =
              turnpike
                  .events()
                  .listWebhookDeliveries(request.toBuilder().setPageToken(token).build());
          String next = page.getNextPageToken();
          return new Page<>(page.getDeliveriesList(), next, next.isEmpty());
        });
  }

  /**
   * The merchant's accounts, by name.
   *
   * @param request what to list
   * @return the entries
   */
  public Listing<Account> accounts(ListAccountsRequest request) {
    return new Listing<>(
        token -> {
          var page =
              turnpike.accounts().listAccounts(request.toBuilder().setPageToken(token).build());
          String next = page.getNextPageToken();
          return new Page<>(page.getAccountsList(), next, next.isEmpty());
        });
  }

  /**
   * What the gateway and the simulated providers told each other, oldest first, in development mode
   * only.
   *
   * @param request what to list
   * @return the entries
   */
  public Listing<Exchange> exchanges(ListExchangesRequest request) {
    return new Listing<>(
        token -> {
          var page =
              turnpike.sandbox().listExchanges(request.toBuilder().setPageToken(token).build());
          String next = page.getNextPageToken();
          return new Page<>(page.getExchangesList(), next, next.isEmpty());
        });
  }

  /**
   * Events, oldest first, from the request's {@code after} to what is newest when the end is
   * reached. To go on from there as more happens, use {@link Turnpike#follow}.
   *
   * @param request what to list
   * @return the entries
   */
  public Listing<Event> events(ListEventsRequest request) {
    return new Listing<>(
        cursor -> {
          String after = cursor.isEmpty() ? request.getAfter() : cursor;
          var page = turnpike.events().listEvents(request.toBuilder().setAfter(after).build());
          return new Page<>(page.getEventsList(), page.getNextCursor(), !page.getHasMore());
        });
  }
}
