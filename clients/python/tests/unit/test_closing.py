"""A client that is closed, and one for asyncio without a loop."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import grpc
import pytest
from server import Server

import turnpike
from turnpike import v1

REQUEST = v1.ListAccountsRequest()


def test_a_closed_client(server: Server) -> None:
    client = turnpike.Turnpike(server.url, "tpk_1")
    client.accounts.ListAccounts(REQUEST)
    method = client.accounts.ListAccounts
    client.close()
    client.close()
    # The second has a stub already; the first makes one, which gRPC alone would answer with a crash.
    for call in (lambda: client.tokens.ListTokens(v1.ListTokensRequest()), lambda: method(REQUEST)):
        with pytest.raises(ValueError, match="closed"):
            call()
    with pytest.raises(ValueError, match="closed"):
        next(client.follow())
    assert len(server.calls) == 1


def test_a_closed_client_async(server: Server) -> None:
    async def main() -> None:
        async with turnpike.AsyncTurnpike(server.url, "tpk_1") as client:
            await client.accounts.ListAccounts(REQUEST)
        await client.close()
        with pytest.raises(ValueError, match="closed"):
            await client.tokens.ListTokens(v1.ListTokensRequest())
        with pytest.raises(ValueError, match="closed"):
            await client.accounts.ListAccounts(REQUEST)

    asyncio.run(main())


def test_calls_that_are_under_way(server: Server) -> None:
    def slow(request: Any, context: grpc.ServicerContext) -> Any:
        while context.is_active():
            time.sleep(0.02)
        return v1.ListAccountsResponse()

    server.act = slow
    client = turnpike.Turnpike(server.url, "tpk_1")
    threading.Timer(0.5, client.close).start()
    with pytest.raises(turnpike.Error) as caught:
        client.accounts.ListAccounts(REQUEST)
    assert caught.value.code is grpc.StatusCode.CANCELLED


def test_without_a_loop() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        turnpike.AsyncTurnpike("http://127.0.0.1:1", "tpk_1")


def test_clients_are_independent(server: Server) -> None:
    """What one closes, another keeps."""
    first, second = (turnpike.Turnpike(server.url, f"tpk_{number}") for number in (1, 2))
    first.accounts.ListAccounts(REQUEST)
    first.close()
    second.accounts.ListAccounts(REQUEST)
    second.close()
    assert [each["authorization"] for each in server.metadata] == ["Bearer tpk_1", "Bearer tpk_2"]
