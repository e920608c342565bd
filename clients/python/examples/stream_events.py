"""Everything that became true, each once, also when this program or the gateway starts anew in between.

    TURNPIKE_URL=http://127.0.0.1:50051 TURNPIKE_API_KEY=tpk_… python stream_events.py [CURSOR_FILE]

The cursor of the last event that was taken in is kept in a file. Here that ends after five events; leave the break
out, and it goes on for ever.
"""

import sys
import uuid
from itertools import islice
from pathlib import Path

import turnpike
from turnpike import v1

EVENTS = 5


def main() -> None:
    place = Path(sys.argv[1] if len(sys.argv) > 1 else "events.cursor")
    with turnpike.Turnpike.from_environment() as client:
        # So that there is something to tell. Each session is an event.
        for number in range(EVENTS):
            client.sessions.CreateSession(
                v1.CreateSessionRequest(
                    request_id=str(uuid.uuid4()),
                    account="dintero-dev",
                    money=v1.Money(amount_minor=49_900, currency_code="NOK"),
                    merchant_reference=f"order-{number}",
                    purpose=v1.SESSION_PURPOSE_PAY,
                    return_urls=v1.ReturnUrls(success_url="https://shop.example/done"),
                )
            )

        after = place.read_text() if place.exists() else ""
        for event, cursor in islice(client.follow(after, types=["session.*", "payment.*"]), EVENTS):
            match event.WhichOneof("payload"):
                case "session":
                    print(f"{event.type} {event.session.session.id}")
                case "payment":
                    print(f"{event.type} {event.payment.payment.id}")
            # Where the event led to a row in a database, the cursor belongs into the same transaction.
            place.write_text(cursor)


if __name__ == "__main__":
    main()
