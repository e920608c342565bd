import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import turnpike.RequestIds;
import turnpike.Turnpike;
import turnpike.v1.BrowserReturn;
import turnpike.v1.Cadence;
import turnpike.v1.ConfirmSessionRequest;
import turnpike.v1.CreateSessionRequest;
import turnpike.v1.Customer;
import turnpike.v1.ListOccurrencesRequest;
import turnpike.v1.Money;
import turnpike.v1.Occurrence;
import turnpike.v1.PlannedOccurrence;
import turnpike.v1.ReturnUrls;
import turnpike.v1.SaveCardDisplay;
import turnpike.v1.ScheduleRecurringRequest;
import turnpike.v1.ScheduleRecurringResponse;
import turnpike.v1.ScheduleTerms;
import turnpike.v1.SessionPurpose;
import turnpike.v1.TokenUse;

/** A card is charged every month. Time is moved on, so that the months need not be waited for. */
public final class Schedule {
  public static void main(String[] arguments) {
    RequestIds ids = RequestIds.inMemory();
    try (Turnpike turnpike = Turnpike.fromEnvironment()) {
      String token = savedCard(turnpike, ids);
      LocalDate tomorrow =
          turnpike.development().now().atZone(ZoneOffset.UTC).toLocalDate().plusDays(1);
      ScheduleTerms terms =
          ScheduleTerms.newBuilder()
              .setTokenId(token)
              .setMoney(Money.newBuilder().setAmountMinor(9_900).setCurrencyCode("NOK"))
              .setMerchantReference("subscription-8")
              .setCadence(Cadence.newBuilder().setMonths(1))
              .setFirstDate(tomorrow.toString())
              .setTimeZone("UTC")
              .build();
      ScheduleRecurringResponse created =
          turnpike
              .recurring()
              .scheduleRecurring(
                  ScheduleRecurringRequest.newBuilder()
                      .setRequestId(ids.forKey("subscription-8/schedule"))
                      .setTerms(terms)
                      .build());
      System.out.println("created " + created.getSchedule().getId());
      for (PlannedOccurrence planned : created.getUpcomingList()) {
        System.out.println("planned " + planned.getNumber());
      }

      turnpike.development().advance(Duration.ofDays(65));
      ListOccurrencesRequest taken =
          ListOccurrencesRequest.newBuilder().setScheduleId(created.getSchedule().getId()).build();
      for (Occurrence occurrence : turnpike.pages().occurrences(taken)) {
        System.out.println("occurrence " + occurrence.getNumber() + " " + occurrence.getStatus());
      }
    }
  }

  /** In life the customer saved the card earlier, and the shop kept the id of its token. */
  private static String savedCard(Turnpike turnpike, RequestIds ids) {
    CreateSessionRequest request =
        CreateSessionRequest.newBuilder()
            .setRequestId(ids.forKey("subscription-8/session"))
            .setMoney(Money.newBuilder().setAmountMinor(9_900).setCurrencyCode("NOK"))
            .setMerchantReference("subscription-8")
            .setPurpose(SessionPurpose.SESSION_PURPOSE_PAY_AND_SAVE)
            .setSaveCardDisplay(SaveCardDisplay.SAVE_CARD_DISPLAY_ALWAYS)
            .addFutureUses(TokenUse.TOKEN_USE_RECURRING)
            .setCustomer(Customer.newBuilder().setCustomerId("customer-1"))
            .setReturnUrls(ReturnUrls.newBuilder().setSuccessUrl("https://shop.example/done"))
            .build();
    String session = turnpike.sessions().createSession(request).getSession().getId();
    String cameBackTo = turnpike.development().pay(session);
    ConfirmSessionRequest confirm =
        ConfirmSessionRequest.newBuilder()
            .setRequestId(ids.forKey("subscription-8/confirm"))
            .setSessionId(session)
            .setReturned(BrowserReturn.newBuilder().setUrl(cameBackTo))
            .build();
    return turnpike.sessions().confirmSession(confirm).getTokens(0).getId();
  }
}
