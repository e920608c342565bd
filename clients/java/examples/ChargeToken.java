import turnpike.NotPaidException;
import turnpike.Outcome;
import turnpike.RequestIds;
import turnpike.Turnpike;
import turnpike.TurnpikeException;
import turnpike.v1.BrowserReturn;
import turnpike.v1.ChargeTokenRequest;
import turnpike.v1.ChargeTokenResponse;
import turnpike.v1.ConfirmSessionRequest;
import turnpike.v1.CreateSessionRequest;
import turnpike.v1.Customer;
import turnpike.v1.MerchantInitiated;
import turnpike.v1.MerchantReason;
import turnpike.v1.Money;
import turnpike.v1.Payment;
import turnpike.v1.ReturnUrls;
import turnpike.v1.SaveCardDisplay;
import turnpike.v1.SessionPurpose;
import turnpike.v1.TokenUse;

/** A shop charges a saved card: once, however often it asks, and is told when the bank says no. */
public final class ChargeToken {
  public static void main(String[] arguments) {
    // A shop keeps request ids in its database, so that a restart repeats and never charges twice.
    RequestIds ids = RequestIds.inMemory();
    try (Turnpike turnpike = Turnpike.fromEnvironment()) {
      String token = savedCard(turnpike, ids);

      ChargeTokenRequest request = charge(ids.forKey("order-19/charge"), token, 25_000);
      ChargeTokenResponse first = turnpike.payments().chargeToken(request);
      Payment payment = Outcome.requirePaid(first.getPayment());
      System.out.println("charged " + payment.getMoney().getAmountMinor());

      ChargeTokenResponse again = turnpike.payments().chargeToken(request);
      System.out.println("asked again: replayed is " + again.getReplayed());

      // The simulated provider declines this amount.
      try {
        Outcome.requirePaid(
            turnpike
                .payments()
                .chargeToken(charge(ids.forKey("order-20/charge"), token, 990_051))
                .getPayment());
      } catch (NotPaidException.Declined declined) {
        System.out.println("declined: " + declined.decline().getReason());
      } catch (TurnpikeException failed) {
        System.out.println(
            "failed: " + failed.reason() + ", sent nothing: " + failed.nothingWasSent());
        throw failed;
      }
    }
  }

  private static ChargeTokenRequest charge(String requestId, String token, long amountMinor) {
    return ChargeTokenRequest.newBuilder()
        .setRequestId(requestId)
        .setTokenId(token)
        .setMoney(Money.newBuilder().setAmountMinor(amountMinor).setCurrencyCode("NOK"))
        .setMerchantReference("subscription-7")
        .setMerchantInitiated(
            MerchantInitiated.newBuilder().setReason(MerchantReason.MERCHANT_REASON_UNSCHEDULED))
        .build();
  }

  /** In life the customer saved the card earlier, and the shop kept the id of its token. */
  private static String savedCard(Turnpike turnpike, RequestIds ids) {
    CreateSessionRequest request =
        CreateSessionRequest.newBuilder()
            .setRequestId(ids.forKey("order-18/session"))
            .setMoney(Money.newBuilder().setAmountMinor(9_900).setCurrencyCode("NOK"))
            .setMerchantReference("order-18")
            .setPurpose(SessionPurpose.SESSION_PURPOSE_PAY_AND_SAVE)
            .setSaveCardDisplay(SaveCardDisplay.SAVE_CARD_DISPLAY_ALWAYS)
            .addFutureUses(TokenUse.TOKEN_USE_UNSCHEDULED)
            .setCustomer(Customer.newBuilder().setCustomerId("customer-1"))
            .setReturnUrls(ReturnUrls.newBuilder().setSuccessUrl("https://shop.example/done"))
            .build();
    String session = turnpike.sessions().createSession(request).getSession().getId();
    String cameBackTo = turnpike.development().pay(session);
    ConfirmSessionRequest confirm =
        ConfirmSessionRequest.newBuilder()
            .setRequestId(ids.forKey("order-18/confirm"))
            .setSessionId(session)
            .setReturned(BrowserReturn.newBuilder().setUrl(cameBackTo))
            .build();
    return turnpike.sessions().confirmSession(confirm).getTokens(0).getId();
  }
}
