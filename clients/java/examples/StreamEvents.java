import turnpike.EventFollower;
import turnpike.FollowedEvent;
import turnpike.RequestIds;
import turnpike.Turnpike;
import turnpike.v1.CreateSessionRequest;
import turnpike.v1.Money;
import turnpike.v1.ReturnUrls;
import turnpike.v1.SessionPurpose;

/**
 * Reads events as they happen. A shop keeps the cursor with what it takes in, and goes on from
 * there.
 */
public final class StreamEvents {
  public static void main(String[] arguments) {
    try (Turnpike turnpike = Turnpike.fromEnvironment();
        // After a restart: turnpike.follow(cursorThatWasKept, ...).
        EventFollower events = turnpike.follow("", "session.*", "payment.*")) {
      // Something to see; then the customer pays.
      String session = open(turnpike);
      turnpike.development().pay(session);

      boolean hasBeenPaid = false;
      while (!hasBeenPaid && events.hasNext()) {
        FollowedEvent next = events.next();
        String type = next.event().getType();
        System.out.println(type + " " + next.event().getId());
        hasBeenPaid =
            type.equals("session.completed")
                && next.event().getSession().getSession().getId().equals(session);
      }
      System.out.println("to go on later, a cursor was kept: " + !events.cursor().isEmpty());
    }
  }

  private static String open(Turnpike turnpike) {
    CreateSessionRequest request =
        CreateSessionRequest.newBuilder()
            .setRequestId(RequestIds.inMemory().first("order-21/session"))
            .setMoney(Money.newBuilder().setAmountMinor(12_500).setCurrencyCode("NOK"))
            .setMerchantReference("order-21")
            .setPurpose(SessionPurpose.SESSION_PURPOSE_PAY)
            .setReturnUrls(ReturnUrls.newBuilder().setSuccessUrl("https://shop.example/done"))
            .build();
    return turnpike.sessions().createSession(request).getSession().getId();
  }
}
