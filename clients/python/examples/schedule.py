"""A subscription: charged every month by the gateway. The clock of `turnpike dev` makes three months short.

TURNPIKE_URL=http://127.0.0.1:50051 TURNPIKE_API_KEY=tpk_… python schedule.py
"""

from datetime import timedelta

import turnpike
from turnpike import v1


def save_card(client: turnpike.Turnpike, ids: turnpike.RequestIds) -> str:
    """The id of a token. The customer agrees on the provider's page, which the development helper plays."""
    opened = client.sessions.CreateSession(
        v1.CreateSessionRequest(
            request_id=ids.for_("customer-2/save"),
            account="dintero-dev",
            money=v1.Money(amount_minor=9_900, currency_code="NOK"),
            merchant_reference="subscription-7",
            purpose=v1.SESSION_PURPOSE_PAY_AND_SAVE,
            future_uses=[v1.TOKEN_USE_RECURRING],
            save_card_display=v1.SAVE_CARD_DISPLAY_ALWAYS,
            customer=v1.Customer(customer_id="customer-2", email="ada@example.com"),
            return_urls=v1.ReturnUrls(success_url="https://shop.example/done"),
        )
    )
    returned = client.development.pay(opened.session, save_card=True)
    confirmed = client.sessions.ConfirmSession(
        v1.ConfirmSessionRequest(
            request_id=ids.for_("customer-2/confirm"),
            session_id=opened.session.id,
            returned=v1.BrowserReturn(url=returned),
        )
    )
    return confirmed.session.token_ids[0]


def main() -> None:
    ids = turnpike.RequestIds(turnpike.MemoryStore())
    with turnpike.Turnpike.from_environment() as client:
        tomorrow = client.development.now() + timedelta(days=1)
        scheduled = client.recurring.ScheduleRecurring(
            v1.ScheduleRecurringRequest(
                request_id=ids.for_("subscription-7"),
                terms=v1.ScheduleTerms(
                    token_id=save_card(client, ids),
                    money=v1.Money(amount_minor=9_900, currency_code="NOK"),
                    merchant_reference="subscription-7",
                    cadence=v1.Cadence(months=1),
                    first_date=tomorrow.date().isoformat(),
                    time_zone="Europe/Oslo",
                ),
            )
        )
        schedule = scheduled.schedule
        for planned in scheduled.upcoming[:3]:
            print(f"planned: {planned.number} on {planned.date}")

        client.development.advance(timedelta(days=70))
        request = v1.ListOccurrencesRequest(schedule_id=schedule.id)
        for occurrence in client.pages(client.recurring.ListOccurrences, request):
            print(f"occurrence {occurrence.number}: {v1.OccurrenceStatus.Name(occurrence.status)}")

        cancelled = client.recurring.CancelSchedule(
            v1.CancelScheduleRequest(request_id=ids.for_("subscription-7/cancel"), schedule_id=schedule.id)
        )
        print(v1.ScheduleStatus.Name(cancelled.schedule.status))


if __name__ == "__main__":
    main()
