"""A customer pays on the provider's page.

    TURNPIKE_URL=http://127.0.0.1:50051 TURNPIKE_API_KEY=tpk_… python checkout.py

It runs against `turnpike dev`, where nobody sits at the page: the development helper pays instead.
"""

import turnpike
from turnpike import v1


def main() -> None:
    # A table of yours in earnest: an id that is lost cannot be used again.
    ids = turnpike.RequestIds(turnpike.MemoryStore())

    with turnpike.Turnpike.from_environment() as client:
        opened = client.sessions.CreateSession(
            v1.CreateSessionRequest(
                request_id=ids.for_("order-17/checkout"),
                account="dintero-dev",
                money=v1.Money(amount_minor=49_900, currency_code="NOK"),  # 499.00 NOK
                merchant_reference="order-17",
                purpose=v1.SESSION_PURPOSE_PAY,
                return_urls=v1.ReturnUrls(success_url="https://shop.example/done"),
            )
        )
        # The browser goes to opened.session.next_action.redirect.url now. It is a secret: never log it.
        print(f"{opened.session.id} is open")
        returned = client.development.pay(opened.session)

        # The browser came back to success_url. That proves nothing, so ask.
        confirmed = client.sessions.ConfirmSession(
            v1.ConfirmSessionRequest(
                request_id=ids.for_("order-17/confirm"),
                session_id=opened.session.id,
                returned=v1.BrowserReturn(url=returned),
            )
        )
        try:
            payment = turnpike.require_paid(confirmed.payment)
        except turnpike.Declined as declined:
            print(f"declined: {v1.DeclineReason.Name(declined.decline.reason)}")
        except turnpike.PaymentOutcome as outcome:
            print(f"not paid yet: {outcome}")
        else:
            print(f"{payment.id} took {payment.totals.captured_minor} {payment.money.currency_code} (minor units)")


if __name__ == "__main__":
    main()
