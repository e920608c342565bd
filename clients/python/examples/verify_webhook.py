"""A receiver of webhooks with the standard library alone. It takes one delivery and ends.

    turnpike dev --webhook-to http://127.0.0.1:8080/hooks --webhook-secret whsec_…
    WEBHOOK_SECRETS=whsec_… python verify_webhook.py 8080

During a rotation `WEBHOOK_SECRETS` holds both secrets, with a space in between. With TURNPIKE_URL and
TURNPIKE_API_KEY set, the program first makes an event for itself, so that there is something to deliver.
"""

import os
import sys
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer

import turnpike
from turnpike import v1, webhooks

BODY_BYTES_MAX = 1024 * 1024
WAIT_SECONDS_MAX = 60

SECRETS = os.environ.get("WEBHOOK_SECRETS", "").split()


class Receiver(BaseHTTPRequestHandler):
    """Answers with 204 what it has taken in, and with 400 what is not genuine."""

    taken: list[str] = []  # noqa: RUF012  One receiver, one list.

    def do_POST(self) -> None:
        """A delivery."""
        length = int(self.headers.get("content-length") or 0)
        if length > BODY_BYTES_MAX:
            self.send_error(413)
            return
        # The bytes as they came: JSON that is read and written again has another signature.
        body = self.rfile.read(length)
        try:
            event = webhooks.verify(body, self.headers, SECRETS)
        except webhooks.WebhookRefused as refused:
            print(f"refused: {refused.reason}", flush=True)
            self.send_error(400)
            return
        # An event may come more than once. In earnest the ids are in a table.
        if event.id not in self.taken:
            self.taken.append(event.id)
            print(f"{event.type} {event.id}", flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


def make_event() -> None:
    """Opens a session, which is an event."""
    with turnpike.Turnpike.from_environment() as client:
        client.sessions.CreateSession(
            v1.CreateSessionRequest(
                request_id=str(uuid.uuid4()),
                account="dintero-dev",
                money=v1.Money(amount_minor=49_900, currency_code="NOK"),
                merchant_reference="order-17",
                purpose=v1.SESSION_PURPOSE_PAY,
                return_urls=v1.ReturnUrls(success_url="https://shop.example/done"),
            )
        )


def main() -> int:
    if not SECRETS:
        print("set WEBHOOK_SECRETS", file=sys.stderr)
        return 2
    with HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver) as server:
        server.timeout = WAIT_SECONDS_MAX
        if "TURNPIKE_URL" in os.environ:
            make_event()
        server.handle_request()
    return 0 if Receiver.taken else 1


if __name__ == "__main__":
    sys.exit(main())
