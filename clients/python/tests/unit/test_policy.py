"""Deadlines and retries: what the service config says, and nothing else."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from server import Server, fails_with, free_port, retry_info

import turnpike
from turnpike import _policy, v1

CONTRACT = Path(__file__).resolve().parents[4] / "contract"
REQUEST = v1.ListAccountsRequest()


@pytest.fixture
def client(server: Server) -> Iterator[turnpike.Turnpike]:
    with turnpike.Turnpike(server.url, "tpk_1") as client:
        yield client


def test_the_copy_is_the_contract() -> None:
    copy = Path(turnpike.__file__).parent / "service_config.json"
    assert copy.read_bytes() == (CONTRACT / "service_config.json").read_bytes()


def test_the_deadlines_of_every_method() -> None:
    from schema import methods

    deadlines = _policy.Deadlines(_policy.service_config())
    seen = {each.full_name: deadlines.of(f"/{each.containing_service.full_name}/{each.name}") for each in methods()}
    streams = {each.full_name for each in methods() if each.server_streaming}
    assert streams
    assert {name for name, seconds in seen.items() if seconds is None} == streams
    assert {seconds for name, seconds in seen.items() if name not in streams} == {30.0}


def test_a_call_that_says_nothing_has_30_seconds(server: Server, client: turnpike.Turnpike) -> None:
    client.accounts.ListAccounts(REQUEST)
    client.accounts.ListAccounts(REQUEST, timeout=5)
    client.accounts.ListAccounts.future(REQUEST, timeout=90).result()
    list(client.events.StreamEvents(v1.StreamEventsRequest()))
    list(client.events.StreamEvents(v1.StreamEventsRequest(), timeout=7))

    async def main() -> None:
        async with turnpike.AsyncTurnpike(server.url, "tpk_1") as other:
            await other.accounts.ListAccounts(REQUEST)
            await other.accounts.ListAccounts(REQUEST, timeout=90)
            assert [each async for each in other.events.StreamEvents(v1.StreamEventsRequest())] == []

    asyncio.run(main())
    expected = [30, 5, 90, None, 7, 30, 90, None]
    assert [None if each is None else round(each) for each in server.seconds] == expected


def test_what_the_gateway_did_not_send_is_tried_again(server: Server, client: turnpike.Turnpike) -> None:
    server.act = fails_with(grpc.StatusCode.UNAVAILABLE, "OVERLOADED", times=3)
    request = v1.ChargeTokenRequest(request_id="order-17")
    client.payments.ChargeToken(request)
    assert server.calls == [request] * 4


def test_five_times_and_no_more(server: Server, client: turnpike.Turnpike) -> None:
    server.act = fails_with(grpc.StatusCode.UNAVAILABLE, "PROVIDER_UNREACHABLE")
    with pytest.raises(turnpike.Error) as caught:
        client.payments.ChargeToken(v1.ChargeTokenRequest(request_id="order-17"))
    assert caught.value.nothing_was_sent
    assert {each.request_id for each in server.calls} == {"order-17"}
    assert len(server.calls) == 5


def test_the_gateway_says_when(server: Server, client: turnpike.Turnpike) -> None:
    """A RetryInfo is for the caller. It neither stops nor hastens what the config says."""
    server.act = fails_with(grpc.StatusCode.UNAVAILABLE, "PROVIDER_THROTTLED", retry_info(60), times=1)
    began = time.monotonic()
    client.accounts.ListAccounts(REQUEST)
    assert time.monotonic() - began < 5


OTHERS = [code for code in grpc.StatusCode if code not in (grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE)]


@pytest.mark.parametrize("code", OTHERS, ids=lambda code: code.name)
def test_nothing_else_is_tried_again(code: grpc.StatusCode, server: Server, client: turnpike.Turnpike) -> None:
    server.act = fails_with(code, "INTERNAL")
    with pytest.raises(turnpike.Error) as caught:
        client.payments.ChargeToken(v1.ChargeTokenRequest(request_id="order-17"))
    assert caught.value.code is code
    assert len(server.calls) == 1


def test_a_deadline_that_passes_is_not_tried_again(server: Server, client: turnpike.Turnpike) -> None:
    released = threading.Event()

    def slow(request: Any, context: grpc.ServicerContext) -> Any:
        released.wait(10)
        return v1.ListAccountsResponse()

    server.act = slow
    with pytest.raises(turnpike.Error) as caught:
        client.payments.ChargeToken(v1.ChargeTokenRequest(request_id="order-17"), timeout=0.5)
    assert caught.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert not caught.value.nothing_was_sent
    time.sleep(1.5)
    released.set()
    assert len(server.calls) == 1


def test_a_listener_that_refuses_and_then_accepts() -> None:
    port = free_port()
    servers: list[Server] = []

    def start() -> None:
        servers.append(Server(port))
        servers[0].__enter__()

    timer = threading.Timer(0.6, start)
    timer.start()
    try:
        with turnpike.Turnpike(f"http://127.0.0.1:{port}", "tpk_1") as client:
            client.accounts.ListAccounts(REQUEST)
        assert len(servers[0].calls) == 1
    finally:
        timer.join()
        servers[0].__exit__()


def test_a_large_page_is_taken_in(server: Server, client: turnpike.Turnpike) -> None:
    """Larger than gRPC's own limit, and smaller than ours; and one beyond ours is refused."""
    page = v1.ListAccountsResponse(accounts=[v1.Account(name="x" * 1024 * 1024)] * 8)
    server.act = lambda request, context: page
    assert client.accounts.ListAccounts(REQUEST) == page
    page.MergeFrom(page)
    page.MergeFrom(page)
    with pytest.raises(turnpike.Error) as caught:
        client.accounts.ListAccounts(REQUEST)
    assert caught.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_who_calls(server: Server, client: turnpike.Turnpike) -> None:
    client.accounts.ListAccounts(REQUEST, metadata=(("x-mine", "1"),))
    (seen,) = server.metadata
    assert seen["user-agent"].startswith(f"turnpike-python/{turnpike.__version__} ")
    assert (seen["authorization"], seen["x-mine"]) == ("Bearer tpk_1", "1")
    with turnpike.Turnpike(server.url, None) as nobody:
        nobody.accounts.ListAccounts(REQUEST)
    assert "authorization" not in server.metadata[1]
