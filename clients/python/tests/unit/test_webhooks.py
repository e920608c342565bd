"""Deliveries that are genuine, forged, late, early, and signed during a rotation."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from turnpike import WebhookRefused, v1, webhooks

OLD, NEW, STRANGER = (
    "whsec_" + base64.b64encode(f"the {kind} secret of thirty bytes".encode()).decode()
    for kind in ("old", "new", "strange")
)
NOW = 1_800_000_000
EVENT = {
    "id": "evt_1",
    "type": "payment.captured",
    "payment": {"payment": {"id": "pay_1", "state": "PAYMENT_STATE_CAPTURED"}},
}
BODY = json.dumps({"type": "payment.captured", "timestamp": "2027-01-15T08:00:00Z", "data": EVENT}, indent=1).encode()


def sign(secret: str, body: bytes = BODY, timestamp: str = str(NOW), event_id: str = "evt_1") -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = b".".join([event_id.encode(), timestamp.encode(), body])
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def headers(signature: str, timestamp: str = str(NOW), event_id: str = "evt_1") -> dict[str, str]:
    return {"webhook-id": event_id, "webhook-timestamp": timestamp, "webhook-signature": signature}


def refusal(body: bytes = BODY, given: dict[str, str] | None = None, secrets: Any = OLD, now: float = NOW) -> str:
    with pytest.raises(WebhookRefused) as caught:
        webhooks.verify(body, headers(sign(OLD)) if given is None else given, secrets, now=now)
    return caught.value.reason


def test_genuine() -> None:
    event = webhooks.verify(BODY, headers(sign(OLD)), OLD, now=NOW)
    assert (event.id, event.type, event.payment.payment.id) == ("evt_1", "payment.captured", "pay_1")
    assert event.payment.payment.state == v1.PAYMENT_STATE_CAPTURED
    capitals = {name.title(): value for name, value in headers(sign(OLD)).items()}
    assert webhooks.verify(bytearray(BODY), capitals, [OLD], now=NOW) == event


def test_the_public_library_agrees() -> None:
    webhook = Webhook(OLD)
    from datetime import datetime, timezone

    at = datetime.fromtimestamp(NOW, timezone.utc)
    assert webhook.sign("evt_1", at, BODY.decode()) == sign(OLD)
    assert webhooks.verify(BODY, headers(webhook.sign("evt_1", at, BODY.decode())), OLD, now=NOW).id == "evt_1"


def test_forged() -> None:
    assert refusal(secrets=NEW) == "no_matching_signature"
    assert refusal(body=BODY + b" ") == "no_matching_signature"
    assert refusal(given=headers(sign(OLD), event_id="evt_2")) == "no_matching_signature"
    assert refusal(given=headers(sign(OLD), timestamp=str(NOW + 1))) == "no_matching_signature"
    for signature in (
        "v1,",
        "v1",
        ",",
        "é",
        sign(OLD)[3:],
        sign(OLD).replace("v1,", "v2,"),
        sign(OLD).lower(),
        sign(OLD)[:-1],
    ):
        assert refusal(given=headers(signature)) == "no_matching_signature", signature


def test_rotation() -> None:
    both = headers(f"{sign(OLD)} {sign(NEW)}")
    for secrets in ([OLD], [NEW], [STRANGER, NEW], [OLD, NEW]):
        assert webhooks.verify(BODY, both, secrets, now=NOW).id == "evt_1"
    assert refusal(given=both, secrets=[STRANGER]) == "no_matching_signature"
    assert webhooks.verify(BODY, headers(f"v2,abc {sign(NEW)}"), [OLD, NEW], now=NOW).id == "evt_1"


def test_late_and_early() -> None:
    assert refusal(now=NOW + 301) == "too_old"
    assert refusal(now=NOW - 301) == "too_new"
    for now in (NOW + 300, NOW - 300):
        assert webhooks.verify(BODY, headers(sign(OLD)), OLD, now=now).id == "evt_1"
    day = timedelta(days=1)
    assert webhooks.verify(BODY, headers(sign(OLD)), OLD, now=NOW + 3600, tolerance=day).id == "evt_1"
    # By the real clock, this is long ahead.
    with pytest.raises(WebhookRefused) as caught:
        webhooks.verify(BODY, headers(sign(OLD, timestamp="9999999999"), timestamp="9999999999"), OLD)
    assert caught.value.reason == "too_new"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_missing_headers(name: str) -> None:
    complete = headers(sign(OLD))
    assert refusal(given={key: value for key, value in complete.items() if key != name}) == "missing_header"
    assert refusal(given={**complete, name: ""}) == "missing_header"


@pytest.mark.parametrize("timestamp", ["now", "-1", "+1", "1.5", "1e9", " 1", "1_0", "\u0661", "9" * 19, "0x1"])
def test_bad_timestamps(timestamp: str) -> None:
    assert refusal(given=headers(sign(OLD, timestamp=timestamp), timestamp=timestamp)) == "bad_timestamp"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_é", "whsec_a", OLD[6:], "whsek_" + OLD[6:]])
def test_a_secret_that_is_none_is_not_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="a secret of webhooks is") as caught:
        webhooks.verify(BODY, headers(sign(OLD)), [OLD, secret], now=NOW)
    assert secret == "" or secret[6:] == "" or secret not in str(caught.value)


def test_what_is_no_way_to_call_it() -> None:
    with pytest.raises(ValueError, match="no secret"):
        webhooks.verify(BODY, headers(sign(OLD)), [], now=NOW)
    with pytest.raises(TypeError, match="bytes"):
        webhooks.verify(BODY.decode(), headers(sign(OLD)), OLD, now=NOW)  # type: ignore[arg-type]


def test_what_later_gateways_tell() -> None:
    body = json.dumps({"data": {**EVENT, "moon": {"phase": 1}, "type": "moon.full"}}).encode()
    assert webhooks.verify(body, headers(sign(OLD, body)), OLD, now=NOW).type == "moon.full"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"data": 1}', b'{"data": {"id": 5}}', b"\xff"])
def test_signed_but_no_event(body: bytes) -> None:
    with pytest.raises(ValueError, match="no event"):
        webhooks.verify(body, headers(sign(OLD, body)), OLD, now=NOW)
