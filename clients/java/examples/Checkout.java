import java.util.Iterator;
import turnpike.Outcome;
import turnpike.RequestIds;
import turnpike.Turnpike;
import turnpike.v1.BrowserReturn;
import turnpike.v1.ConfirmSessionRequest;
import turnpike.v1.ConfirmSessionResponse;
import turnpike.v1.CreateSessionRequest;
import turnpike.v1.Money;
import turnpike.v1.Payment;
import turnpike.v1.ReturnUrls;
import turnpike.v1.Session;
import turnpike.v1.SessionPurpose;
import turnpike.v1.WatchPaymentRequest;
import turnpike.v1.WatchPaymentResponse;

/**
 * A customer pays on the provider's page. Here the customer is played, so that it ends by itself.
 */
public final class Checkout {
  public static void main(String[] arguments) {
    // A shop keeps request ids in its database, so that a restart repeats and never charges twice.
    RequestIds ids = RequestIds.inMemory();
    try (Turnpike turnpike = Turnpike.fromEnvironment()) {
      CreateSessionRequest request =
          CreateSessionRequest.newBuilder()
              .setRequestId(ids.forKey("order-17/session"))
              .setMoney(Money.newBuilder().setAmountMinor(29_900).setCurrencyCode("NOK"))
              .setMerchantReference("order-17")
              .setPurpose(SessionPurpose.SESSION_PURPOSE_PAY)
              .setReturnUrls(
                  ReturnUrls.newBuilder()
                      .setSuccessUrl("https://shop.example/done")
                      .setFailureUrl("https://shop.example/failed")
                      .setCancelledUrl("https://shop.example/cancelled"))
              .build();
      Session session = turnpike.sessions().createSession(request).getSession();
      // Send the browser to session.getNextAction().getRedirect().getUrl(), and log it nowhere.
      System.out.println("opened " + session.getId() + " at " + session.getProvider());

      String cameBackTo = turnpike.development().pay(session.getId());

      ConfirmSessionResponse confirmed =
          turnpike
              .sessions()
              .confirmSession(
                  ConfirmSessionRequest.newBuilder()
                      .setRequestId(ids.forKey("order-17/confirm"))
                      .setSessionId(session.getId())
                      .setReturned(BrowserReturn.newBuilder().setUrl(cameBackTo))
                      .build());
      Payment payment = Outcome.requirePaid(settled(turnpike, confirmed.getPayment()));
      System.out.println(
          "paid "
              + payment.getTotals().getCapturedMinor()
              + " "
              + payment.getMoney().getCurrencyCode());
    }
  }

  /** Most payments are settled at once; for the others this waits. */
  private static Payment settled(Turnpike turnpike, Payment payment) {
    Iterator<WatchPaymentResponse> versions =
        turnpike
            .payments()
            .watchPayment(
                WatchPaymentRequest.newBuilder()
                    .setPaymentId(payment.getId())
                    .setUntilSettled(true)
                    .build());
    Payment newest = payment;
    while (versions.hasNext()) {
      newest = versions.next().getPayment();
    }
    return newest;
  }
}
