"""The trace of the caller goes along, when OpenTelemetry is there."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry import baggage, context, trace
from server import Server

import turnpike
from turnpike import v1

TRACE, SPAN = 0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
REQUEST = v1.ListAccountsRequest()


@pytest.fixture
def span() -> Iterator[None]:
    flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
    span = trace.NonRecordingSpan(trace.SpanContext(TRACE, SPAN, is_remote=False, trace_flags=flags))
    token = context.attach(baggage.set_baggage("customer", "ada", trace.set_span_in_context(span)))
    yield
    context.detach(token)


def test_within_a_trace(server: Server, span: None) -> None:
    with turnpike.Turnpike(server.url, "tpk_1") as client:
        client.accounts.ListAccounts(REQUEST)
        list(client.events.StreamEvents(v1.StreamEventsRequest()))

    async def main() -> None:
        async with turnpike.AsyncTurnpike(server.url, "tpk_1") as client:
            await client.accounts.ListAccounts(REQUEST)

    asyncio.run(main())
    assert [each.get("traceparent") for each in server.metadata] == [PARENT] * 3
    # What else the program carries about is no business of the gateway.
    assert not any("baggage" in each for each in server.metadata)


def test_without_a_trace(server: Server) -> None:
    with turnpike.Turnpike(server.url, "tpk_1") as client:
        client.accounts.ListAccounts(REQUEST)
    assert "traceparent" not in server.metadata[0]


def test_without_opentelemetry(server: Server) -> None:
    program = f"""
import sys
sys.modules["opentelemetry"] = None
import turnpike
with turnpike.Turnpike({server.url!r}, "tpk_1") as client:
    client.accounts.ListAccounts(turnpike.v1.ListAccountsRequest())
"""
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": ":".join(sys.path)}, timeout=60)
    assert len(server.calls) == 1
    assert "traceparent" not in server.metadata[0]
