"""A list is read page by page, as far as it is asked for."""

from __future__ import annotations

import asyncio
import re
from itertools import islice
from pathlib import Path
from typing import Any

import grpc
import pytest
from schema import methods
from server import Server, fails_with

import turnpike
from turnpike import v1


def accounts(request: Any, context: grpc.ServicerContext) -> Any:
    """Seven, from the one that the token names."""
    begin = int(request.page_token or 0)
    end = min(begin + request.page_size, 7)
    found = [v1.Account(name=f"account-{number}") for number in range(begin, end)]
    return v1.ListAccountsResponse(accounts=found, next_page_token=str(end) if end < 7 else "")


def test_page_by_page(server: Server) -> None:
    server.act = accounts
    with turnpike.Turnpike(server.url, "tpk_1") as client:
        request = v1.ListAccountsRequest(page_size=3)
        found = client.pages(client.accounts.ListAccounts, request)
        assert [each.name for each in islice(found, 3)] == ["account-0", "account-1", "account-2"]
        assert len(server.calls) == 1, "the next page was not needed yet"
        assert [each.name for each in found] == ["account-3", "account-4", "account-5", "account-6"]
        assert [each.page_token for each in server.calls] == ["", "3", "6"]
        assert request == v1.ListAccountsRequest(page_size=3), "the caller's request is the caller's"


def test_page_by_page_async(server: Server) -> None:
    server.act = accounts

    async def main() -> list[str]:
        async with turnpike.AsyncTurnpike(server.url, "tpk_1") as client:
            found = client.pages(client.accounts.ListAccounts, v1.ListAccountsRequest(page_size=2))
            return [each.name async for each in found]

    assert asyncio.run(main()) == [f"account-{number}" for number in range(7)]
    assert len(server.calls) == 4


def test_an_empty_page_is_not_the_end(server: Server) -> None:
    pages = {"": ("a", []), "a": ("b", [v1.Payment(id="pay_1")]), "b": ("c", []), "c": ("", [v1.Payment(id="pay_2")])}

    def act(request: Any, context: grpc.ServicerContext) -> Any:
        token, payments = pages[request.page_token]
        return v1.ListPaymentsResponse(payments=payments, next_page_token=token)

    server.act = act
    with turnpike.Turnpike(server.url, "tpk_1") as client:
        found = client.pages(client.payments.ListPayments, v1.ListPaymentsRequest())
        assert [each.id for each in found] == ["pay_1", "pay_2"]


def test_events_are_read_by_cursor(server: Server) -> None:
    def act(request: Any, context: grpc.ServicerContext) -> Any:
        number = int(request.after or 0) + 1
        events = [v1.Event(id=f"evt_{number}")] if number != 2 else []
        return v1.ListEventsResponse(events=events, next_cursor=str(number), has_more=number < 3)

    server.act = act
    with turnpike.Turnpike(server.url, "tpk_1") as client:
        found = client.pages(client.events.ListEvents, v1.ListEventsRequest())
        assert [each.id for each in found] == ["evt_1", "evt_3"]


def test_a_page_that_leads_to_itself_is_not_followed(server: Server) -> None:
    server.act = lambda request, context: v1.ListAccountsResponse(next_page_token="same")
    with turnpike.Turnpike(server.url, "tpk_1") as client, pytest.raises(RuntimeError, match="the one before"):
        list(client.pages(client.accounts.ListAccounts, v1.ListAccountsRequest()))
    assert len(server.calls) == 2


def test_errors_come_through(server: Server) -> None:
    server.act = fails_with(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    with turnpike.Turnpike(server.url, "tpk_1") as client, pytest.raises(turnpike.Error) as caught:
        next(client.pages(client.accounts.ListAccounts, v1.ListAccountsRequest()))
    assert caught.value.reason == v1.ERROR_REASON_INVALID_FIELD


def test_what_has_no_pages() -> None:
    with pytest.raises(TypeError, match=r"turnpike\.v1\.GetPaymentRequest asks for no pages"):
        next(turnpike.Turnpike.pages(lambda request: None, v1.GetPaymentRequest()))  # type: ignore[call-overload]


def test_every_list_of_the_schema_is_typed() -> None:
    """The overloads are written by hand: none may be forgotten."""
    paged = {
        method.input_type.name
        for method in methods()
        if {"page_token", "after"} & set(method.input_type.fields_by_name) and not method.server_streaming
    }
    text = Path(turnpike.pages.__file__).read_text(encoding="utf-8")
    assert paged
    for name in paged:
        assert len(re.findall(rf"request: v1\.{name}\b", text)) == 2, name
