"""A receiver written with the public `standardwebhooks` package verifies what a real gateway sends.

`turnpike dev --webhook-to` is started three times over one store: with the old secret, with both as during a
rotation, and with the new one. Each time a session is opened, which is an event, and the receiver knows
the old secret, then the new one. The first thing that is not as it should be ends it with an error.

    python standard_webhooks.py target/debug/turnpike
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import pathlib
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import grpc
from google.protobuf import json_format
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from turnpike.v1 import (
    event_pb2,
    event_service_pb2,
    event_service_pb2_grpc,
    money_pb2,
    next_action_pb2,
    session_pb2,
    session_service_pb2,
    session_service_pb2_grpc,
)

# How long a start, a delivery or an end may take, in seconds.
PATIENCE = 60
OLD = "whsec_" + base64.b64encode(b"the old secret of thirty bytes").decode()
NEW = "whsec_" + base64.b64encode(b"the new secret of thirty bytes").decode()
STRANGER = "whsec_" + base64.b64encode(b"a secret that nobody else knows").decode()
API_KEY = "tpk_standard_webhooks"


@dataclass
class Call:
    headers: dict[str, str]
    body: bytes


class Receiver:
    """A web server as a merchant has one."""

    def __init__(self) -> None:
        self.calls: queue.Queue[Call] = queue.Queue()
        calls = self.calls

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                calls.put(Call(dict(self.headers.items()), body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self) -> Call:
        return self.calls.get(timeout=PATIENCE)


@contextlib.contextmanager
def gateway(binary: str, folder: pathlib.Path, url: str, secrets: list[str]) -> Iterator[grpc.Channel]:
    """A development gateway that signs with these secrets, until the block ends."""
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    command = [binary, "dev", "--grpc", "127.0.0.1:0", "--simulators", "127.0.0.1:0", "--webhooks", "127.0.0.1:0"]
    command += ["--data-dir", str(folder / "data"), "--ready-file", str(ready), "--api-key", API_KEY]
    command += ["--webhook-to", url]
    for secret in secrets:
        command += ["--webhook-secret", secret]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        since = time.monotonic()
        while not (ready.exists() and ready.read_text()):
            assert process.poll() is None, "the gateway ended"
            assert time.monotonic() - since < PATIENCE, "the gateway does not start"
            time.sleep(0.05)
        address = json.loads(ready.read_text())["grpc"]
        with grpc.insecure_channel(address) as channel:
            yield channel
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=PATIENCE)
    assert code == 0, f"the gateway ended with {code}"


def make_events(channel: grpc.Channel, number: int) -> list[str]:
    """Opens a session; returns the ids of the events of it, in their order."""
    metadata = [("authorization", f"Bearer {API_KEY}")]
    events = event_service_pb2_grpc.EventServiceStub(channel)
    before = events.ListEvents(event_service_pb2.ListEventsRequest(), metadata=metadata, timeout=PATIENCE)
    request = session_service_pb2.CreateSessionRequest(
        request_id=f"session-{number}",
        merchant_reference=f"order-{number}",
        money=money_pb2.Money(amount_minor=29900, currency_code="NOK"),
        purpose=session_pb2.SESSION_PURPOSE_PAY,
        return_urls=next_action_pb2.ReturnUrls(success_url="https://shop.example/thanks"),
        metadata={"one": "1", "two": "2", "three": "3"},
    )
    sessions = session_service_pb2_grpc.SessionServiceStub(channel)
    sessions.CreateSession(request, metadata=metadata, timeout=PATIENCE)
    after = event_service_pb2.ListEventsRequest(after=before.next_cursor)
    listed = events.ListEvents(after, metadata=metadata, timeout=PATIENCE).events
    types = [event.type for event in listed]
    assert "session.opened" in types, types
    return [event.id for event in listed]


def refused(webhook: Webhook, call: Call) -> bool:
    try:
        webhook.verify(call.body, call.headers)
    except WebhookVerificationError:
        return True
    return False


def check(call: Call, event_id: str, secrets: list[str]) -> None:
    """Whoever knows one of the secrets verifies the call; nobody else does, nor anything that was changed."""
    for secret in [OLD, NEW, STRANGER]:
        if secret not in secrets:
            assert refused(Webhook(secret), call), "verified with a secret that does not sign"
            continue
        body = Webhook(secret).verify(call.body, call.headers)
        event = json_format.ParseDict(body["data"], event_pb2.Event())
        assert event.id == event_id == call.headers["webhook-id"], (event.id, event_id)
        assert event.type == body["type"] and not event.cursor, body["type"]
        payment = event.payment.payment
        amounts = [event.session.session.money.amount_minor, payment.money.amount_minor]
        assert 29900 in amounts, event
        assert refused(Webhook(secret), Call(call.headers, call.body + b" ")), "a changed body verifies"
        other = {**call.headers, "webhook-id": "evt_0"}
        assert refused(Webhook(secret), Call(other, call.body)), "another id verifies"
        old = {**call.headers, "webhook-timestamp": str(int(time.time()) - 3600)}
        assert refused(Webhook(secret), Call(old, call.body)), "another time verifies"


def main() -> None:
    binary = sys.argv[1]
    receiver = Receiver()
    with tempfile.TemporaryDirectory() as folder:
        for number, secrets in enumerate([[OLD], [OLD, NEW], [NEW]]):
            with gateway(binary, pathlib.Path(folder), receiver.url, secrets) as channel:
                for event_id in make_events(channel, number):
                    check(receiver.next(), event_id, secrets)
            print(f"{len(secrets)} of 2 secrets sign: verified by whoever knows one of them")
    assert receiver.calls.empty(), "something was sent twice"


main()
