package turnpike.served;

import turnpike.RequestIds;
import turnpike.Turnpike;
import turnpike.v1.CreateSessionRequest;
import turnpike.v1.Money;
import turnpike.v1.ReturnUrls;
import turnpike.v1.SessionPurpose;

/** Opens sessions, each of which is an event. */
final class Sessions {
  private Sessions() {}

  static String open(Turnpike turnpike) {
    CreateSessionRequest request =
        CreateSessionRequest.newBuilder()
            .setRequestId(RequestIds.inMemory().first("session"))
            .setMoney(Money.newBuilder().setAmountMinor(29_900).setCurrencyCode("NOK"))
            .setMerchantReference("a-test")
            .setPurpose(SessionPurpose.SESSION_PURPOSE_PAY)
            .setReturnUrls(ReturnUrls.newBuilder().setSuccessUrl("https://shop.example/done"))
            .build();
    return turnpike.sessions().createSession(request).getSession().getId();
  }
}
