"""How a connection is kept, how long a call may take and what is tried again: for gRPC, as it wants to read it."""

from __future__ import annotations

import json
import pkgutil
from typing import Any

from turnpike.settings import Settings
from turnpike.version import VERSION

RECONNECT_FIRST_MS = 250
"""A lost connection is made anew at once; when that fails, again after this pause, and then after longer ones."""

RECONNECT_MAX_MS = 5_000
"""The longest pause between two tries to connect."""

CONNECT_TIMEOUT_MS = 5_000
"""A try to connect that takes longer is given up, and made again."""

RESPONSE_BYTES_MAX = 16 * 1024 * 1024
"""The largest message that is taken in. gRPC's own 4 MiB are less than a page of 200 large payments."""


class Deadlines:
    """The time for a call that says nothing else, by method, as the service config has it."""

    def __init__(self, service_config: dict[str, Any]) -> None:
        self._seconds: dict[tuple[str, str], float | None] = {}
        for entry in service_config["methodConfig"]:
            timeout = entry.get("timeout")
            seconds = None if timeout is None else float(timeout.removesuffix("s"))
            for name in entry["name"]:
                self._seconds[name.get("service", ""), name.get("method", "")] = seconds

    def of(self, method: str) -> float | None:
        """In seconds, of a method such as `/turnpike.v1.PaymentService/GetPayment`. None means no end."""
        _, service, name = method.split("/")
        for key in ((service, name), (service, ""), ("", "")):
            if key in self._seconds:
                return self._seconds[key]
        return None


def service_config() -> dict[str, Any]:
    """The contract's service_config.json, of which a copy lies in this package."""
    text = pkgutil.get_data("turnpike", "service_config.json")
    if text is None:
        raise RuntimeError("service_config.json is missing from this installation")
    config: dict[str, Any] = json.loads(text)
    return config


def _retries_only(config: dict[str, Any]) -> dict[str, Any]:
    """The config without its times: gRPC takes them for the most that a call may ask for, and a call that asks
    for longer would be cut. Here they are what a call gets that asks for nothing; see Deadlines."""
    entries = [{key: value for key, value in entry.items() if key != "timeout"} for entry in config["methodConfig"]]
    return {**config, "methodConfig": entries}


def channel_options(settings: Settings, config: dict[str, Any]) -> list[tuple[str, Any]]:
    """The options of a channel, sync or async."""
    return [
        ("grpc.service_config", json.dumps(_retries_only(config))),
        ("grpc.enable_retries", 1),
        ("grpc.keepalive_time_ms", round(settings.keepalive_seconds * 1000)),
        ("grpc.keepalive_timeout_ms", round(settings.keepalive_timeout_seconds * 1000)),
        # What ends the connection when a ping is not answered: a minute by itself, whatever is said above.
        ("grpc.http2.ping_timeout_ms", round(settings.keepalive_timeout_seconds * 1000)),
        ("grpc.keepalive_permit_without_calls", 1),
        # Zero is no limit: otherwise a connection without calls is pinged twice and then no more.
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.initial_reconnect_backoff_ms", RECONNECT_FIRST_MS),
        ("grpc.max_reconnect_backoff_ms", RECONNECT_MAX_MS),
        # Despite its name, the time for one try.
        ("grpc.min_reconnect_backoff_ms", CONNECT_TIMEOUT_MS),
        ("grpc.max_receive_message_length", RESPONSE_BYTES_MAX),
        # A connection is a client's own: no client waits for the pauses of another.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.primary_user_agent", f"turnpike-python/{VERSION}"),
    ]
