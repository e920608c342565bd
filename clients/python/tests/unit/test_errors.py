"""What the one type of error tells, and what it does not."""

from __future__ import annotations

import asyncio
import pickle
import traceback
from datetime import timedelta

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from server import Server, fails_with, free_port, retry_info

import turnpike
from turnpike import v1

REQUEST = v1.ListAccountsRequest()
KEY = "tpk_secret_1234"


def failed(server: Server) -> turnpike.Error:
    with turnpike.Turnpike(server.url, KEY) as client, pytest.raises(turnpike.Error) as caught:
        client.accounts.ListAccounts(REQUEST)
    return caught.value


def test_everything_that_the_gateway_tells(server: Server) -> None:
    wrong = BadRequest(
        field_violations=[
            BadRequest.FieldViolation(field="money.amount_minor", description="is negative"),
            BadRequest.FieldViolation(field="account", description="is unknown"),
            BadRequest.FieldViolation(field="account", description="is too long"),
        ]
    )
    server.act = fails_with(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", wrong, metadata={"fields": "2"})
    error = failed(server)
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert error.reason == v1.ERROR_REASON_INVALID_FIELD
    assert error.reason_text == "INVALID_FIELD"
    assert error.message == "no"
    assert error.metadata == {"fields": "2"}
    assert error.fields == {"money.amount_minor": "is negative", "account": "is unknown; is too long"}
    assert error.retry_after is None
    assert not error.nothing_was_sent
    assert isinstance(error.__cause__, grpc.RpcError)
    assert str(error) == "INVALID_ARGUMENT INVALID_FIELD: no"
    copy = pickle.loads(pickle.dumps(error))
    assert repr(copy) == repr(error)
    assert copy.fields == error.fields


def test_when_to_come_back(server: Server) -> None:
    server.act = fails_with(grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED", retry_info(3))
    error = failed(server)
    assert error.retry_after == timedelta(seconds=3)
    assert not error.nothing_was_sent


def test_a_reason_that_this_version_does_not_know(server: Server) -> None:
    server.act = fails_with(grpc.StatusCode.NOT_FOUND, "MOON_NOT_FOUND", metadata={"moon": "1"})
    error = failed(server)
    assert error.reason == v1.ERROR_REASON_UNSPECIFIED
    assert error.reason_text == "MOON_NOT_FOUND"
    assert error.metadata == {"moon": "1"}


def test_errors_of_others(server: Server) -> None:
    server.act = fails_with(grpc.StatusCode.UNAVAILABLE, "", ErrorInfo(reason="DRAINING", domain="proxy.example"))
    error = failed(server)
    assert error.code is grpc.StatusCode.UNAVAILABLE
    assert (error.reason_text, error.metadata, error.nothing_was_sent) == ("", {}, False)

    def garbled(request: object, context: grpc.ServicerContext) -> None:
        context.set_trailing_metadata((("grpc-status-details-bin", b"\xff\xff\xff"),))
        context.abort(grpc.StatusCode.ABORTED, "no")

    server.act = garbled
    assert failed(server).code is grpc.StatusCode.ABORTED


def test_nothing_was_sent_is_for_the_gateway_to_say(server: Server) -> None:
    server.act = fails_with(grpc.StatusCode.UNAVAILABLE, "PROVIDER_UNREACHABLE", retry_info(1))
    error = failed(server)
    assert error.nothing_was_sent
    assert error.retry_after == timedelta(seconds=1)
    with turnpike.Turnpike(f"http://127.0.0.1:{free_port()}", KEY) as client, pytest.raises(turnpike.Error) as caught:
        client.accounts.ListAccounts(REQUEST)
    assert caught.value.code is grpc.StatusCode.UNAVAILABLE
    assert not caught.value.nothing_was_sent


def test_every_way_to_call(server: Server) -> None:
    server.act = fails_with(grpc.StatusCode.NOT_FOUND, "ACCOUNT_NOT_FOUND")
    server.stream = fails_with(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    with turnpike.Turnpike(server.url, KEY) as client:
        method = client.accounts.ListAccounts
        future = method.future(REQUEST)
        done: list[object] = []
        for call in (lambda: method(REQUEST), lambda: method.with_call(REQUEST), future.result):
            with pytest.raises(turnpike.Error) as caught:
                call()
            assert caught.value.reason == v1.ERROR_REASON_ACCOUNT_NOT_FOUND
        assert isinstance(future.exception(), turnpike.Error)
        future.add_done_callback(done.append)
        assert done == [future]
        with pytest.raises(turnpike.Error) as caught:
            next(client.events.StreamEvents(v1.StreamEventsRequest()))
        assert caught.value.reason == v1.ERROR_REASON_INVALID_FIELD
        server.act = lambda request, context: v1.ListAccountsResponse(next_page_token="x")
        assert method.future(REQUEST).result(5).next_page_token == "x"
        answer, call = method.with_call(REQUEST)
        assert (answer.next_page_token, call.code()) == ("x", grpc.StatusCode.OK)


def test_every_way_to_call_async(server: Server) -> None:
    server.act = fails_with(grpc.StatusCode.NOT_FOUND, "ACCOUNT_NOT_FOUND")
    server.stream = fails_with(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")

    async def main() -> None:
        async with turnpike.AsyncTurnpike(server.url, KEY) as client:
            with pytest.raises(turnpike.Error) as caught:
                await client.accounts.ListAccounts(REQUEST)
            assert caught.value.reason == v1.ERROR_REASON_ACCOUNT_NOT_FOUND
            assert isinstance(caught.value.__cause__, grpc.RpcError)
            with pytest.raises(turnpike.Error) as caught:
                async for _ in client.events.StreamEvents(v1.StreamEventsRequest()):
                    pass
            assert caught.value.reason == v1.ERROR_REASON_INVALID_FIELD
            server.act = lambda request, context: v1.ListAccountsResponse(next_page_token="x")
            call = client.accounts.ListAccounts(REQUEST)
            assert (await call).next_page_token == "x"
            assert await call.code() is grpc.StatusCode.OK
            answers = await asyncio.gather(*(client.accounts.ListAccounts(REQUEST) for _ in range(5)))
            assert len(answers) == 5

    asyncio.run(main())


def test_no_key_in_any_traceback(server: Server) -> None:
    server.act = fails_with(grpc.StatusCode.UNAUTHENTICATED, "INVALID_CREDENTIALS")
    error = failed(server)
    assert server.metadata[0]["authorization"] == f"Bearer {KEY}"
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(error.__cause__)
    assert "INVALID_CREDENTIALS" in shown
    assert KEY not in shown
    # Metadata that gRPC refuses are printed by it, but not with ours.
    with turnpike.Turnpike(server.url, KEY) as client, pytest.raises(turnpike.Error) as caught:
        client.accounts.ListAccounts(REQUEST, metadata=(("Not-Allowed", "x"),))
    assert KEY not in "".join(traceback.format_exception(caught.value))
