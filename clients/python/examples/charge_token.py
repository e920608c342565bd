"""A card is saved once, and charged later without the customer; with asyncio.

TURNPIKE_URL=http://127.0.0.1:50051 TURNPIKE_API_KEY=tpk_… python charge_token.py
"""

import asyncio

import turnpike
from turnpike import v1


async def save_card(client: turnpike.AsyncTurnpike, ids: turnpike.AsyncRequestIds) -> str:
    """The id of a token. The customer agrees on the provider's page, which the development helper plays."""
    opened = await client.sessions.CreateSession(
        v1.CreateSessionRequest(
            request_id=await ids.for_("customer-1/save"),
            account="dintero-dev",
            money=v1.Money(amount_minor=49_900, currency_code="NOK"),
            merchant_reference="order-17",
            purpose=v1.SESSION_PURPOSE_PAY_AND_SAVE,
            future_uses=[v1.TOKEN_USE_UNSCHEDULED],
            save_card_display=v1.SAVE_CARD_DISPLAY_ALWAYS,
            customer=v1.Customer(customer_id="customer-1", email="ada@example.com"),
            return_urls=v1.ReturnUrls(success_url="https://shop.example/done"),
        )
    )
    returned = await client.development.pay(opened.session, save_card=True)
    confirmed = await client.sessions.ConfirmSession(
        v1.ConfirmSessionRequest(
            request_id=await ids.for_("customer-1/confirm"),
            session_id=opened.session.id,
            returned=v1.BrowserReturn(url=returned),
        )
    )
    return confirmed.session.token_ids[0]


async def main() -> None:
    ids = turnpike.AsyncRequestIds(turnpike.AsyncMemoryStore())
    async with turnpike.AsyncTurnpike.from_environment() as client:
        token_id = await save_card(client, ids)
        request = v1.ChargeTokenRequest(
            request_id=await ids.for_("order-18/charge"),
            token_id=token_id,
            money=v1.Money(amount_minor=25_000, currency_code="NOK"),
            merchant_reference="order-18",
            merchant_initiated=v1.MerchantInitiated(reason=v1.MERCHANT_REASON_UNSCHEDULED),
        )
        answer = await client.payments.ChargeToken(request)
        print(f"{turnpike.require_paid(answer.payment).id} took {answer.payment.totals.captured_minor}")

        # The same request again, as after a lost answer: nothing more is taken.
        again = await client.payments.ChargeToken(request)
        print(f"again: replayed={again.replayed}, {again.payment.totals.captured_minor}")

        # The same id for something else is refused.
        request.money.amount_minor += 1
        try:
            await client.payments.ChargeToken(request)
        except turnpike.Error as error:
            assert error.reason == v1.ERROR_REASON_REQUEST_ID_REUSED
            print(f"refused: {error.reason_text}")


if __name__ == "__main__":
    asyncio.run(main())
