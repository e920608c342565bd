"""Receiving what the gateway sends to a merchant's own server, in the format of Standard Webhooks."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from turnpike import v1

TOLERANCE = timedelta(minutes=5)
"""How old a delivery may be, or how far ahead of our clock, unless `verify` is told otherwise."""

Refusal = Literal["missing_header", "bad_timestamp", "too_old", "too_new", "no_matching_signature"]

_ID, _TIMESTAMP, _SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
_PREFIX = "whsec_"


class Headers(Protocol):
    """The headers of a request: a dict, or what a web framework has in its stead."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Names and values."""


class WebhookRefused(Exception):
    """A delivery that is not taken: answer with 400, and do nothing else."""

    reason: Refusal
    """Why."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason = reason


def verify(
    body: bytes | bytearray | memoryview,
    headers: Headers,
    secrets: str | Iterable[str],
    *,
    tolerance: timedelta = TOLERANCE,
    now: float | None = None,
) -> v1.Event:
    """The event of a delivery that somebody who knows one of the secrets has signed.

    `body` is the body as it came, byte by byte; `headers` are looked up whatever their case. `secrets` are
    `whsec_…`: during a rotation the old one and the new one. `now` is in seconds since 1970, by default the time.

    Raises `WebhookRefused` for a delivery that is not genuine, or not of now, and `ValueError` for a secret that is
    none, or a signed body that is no event. The same event may come more than once: remember `event.id`.
    """
    if not isinstance(body, (bytes, bytearray, memoryview)):
        raise TypeError("the body has to be the bytes that came: JSON that is read and written again is another text")
    keys = [_key(secret) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    if not keys:
        raise ValueError("there is no secret to verify with")
    body = bytes(body)

    given = {name.lower(): value for name, value in headers.items()}
    names = (_ID, _TIMESTAMP, _SIGNATURE)
    event_id, timestamp, signatures = (given.get(name, "") for name in names)
    if not (event_id and timestamp and signatures):
        raise WebhookRefused("missing_header")
    if not re.fullmatch(r"[0-9]{1,18}", timestamp):
        raise WebhookRefused("bad_timestamp")
    age = (time.time() if now is None else now) - int(timestamp)
    if age > tolerance.total_seconds():
        raise WebhookRefused("too_old")
    if -age > tolerance.total_seconds():
        raise WebhookRefused("too_new")
    if not _signed(keys, f"{event_id}.{timestamp}.".encode() + body, signatures):
        raise WebhookRefused("no_matching_signature")
    return _event(body)


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not key:
        # Without the secret itself.
        raise ValueError("a secret of webhooks is `whsec_` and base64")
    return key


def _signed(keys: list[bytes], content: bytes, signatures: str) -> bool:
    """Compares every signature with every key, however the first ones fare."""
    expected = [b"v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)) for key in keys]
    found = False
    for signature in signatures.split(" "):
        for each in expected:
            found |= hmac.compare_digest(signature.encode("utf-8", "replace"), each)
    return found


def _event(body: bytes) -> v1.Event:
    from google.protobuf.json_format import ParseDict, ParseError

    from turnpike.v1 import event_pb2

    try:
        # Later gateways may tell more than this version knows.
        return ParseDict(json.loads(body)["data"], event_pb2.Event(), ignore_unknown_fields=True)
    except (ValueError, KeyError, TypeError, ParseError):
        # Not the cause: it may show what is in the body.
        raise ValueError("the delivery is signed, but its body is no event") from None
