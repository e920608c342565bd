"""A log is followed whatever breaks: no event is lost, and none comes twice."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from server import Server, fails_with

import turnpike
from turnpike import events, v1

LOG = [v1.Event(id=f"evt_{number}") for number in range(1, 31)]


def log(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
    """Three events, and then something breaks; at the end of the log it waits."""
    place = int(request.after or 0)
    for number, event in enumerate(LOG[place : place + 3], place + 1):
        yield v1.StreamEventsResponse(event=event, cursor=str(number))
        # A sign of life is no event.
        yield v1.StreamEventsResponse(cursor=str(number))
    if place + 3 >= len(LOG):
        time.sleep(1)
    if place % 2:
        context.abort(grpc.StatusCode.UNAVAILABLE, "no")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "PAUSE_SECONDS_MIN", 0.01)
    monkeypatch.setattr(events, "PAUSE_SECONDS_MAX", 0.05)


def take(follower: Any, count: int) -> list[turnpike.Followed]:
    return [next(follower) for _ in range(count)]


def test_every_event_once(server: Server) -> None:
    server.stream = log
    with turnpike.Turnpike(server.url, "tpk_1") as client:
        follower = client.follow(types=["payment.*"])
        seen = take(follower, len(LOG))
        assert [each.event for each in seen] == LOG
        assert [each.cursor for each in seen] == [str(number) for number in range(1, 31)]
        assert follower.cursor == "30"
        assert {tuple(each.types) for each in server.calls} == {("payment.*",)}
        assert [each.event.id for each in take(client.follow(after="28"), 2)] == ["evt_29", "evt_30"]


def test_every_event_once_async(server: Server) -> None:
    server.stream = log

    async def main() -> None:
        async with turnpike.AsyncTurnpike(server.url, "tpk_1") as client:
            seen = []
            async for event, cursor in client.follow():
                seen.append(event)
                assert cursor == str(len(seen))
                if len(seen) == len(LOG):
                    break
            assert seen == LOG

    asyncio.run(main())


USELESS = ["INVALID_ARGUMENT", "UNAUTHENTICATED", "PERMISSION_DENIED"]


@pytest.mark.parametrize("code", USELESS)
def test_where_going_on_is_useless(code: str, server: Server) -> None:
    server.stream = fails_with(grpc.StatusCode[code], "INVALID_FIELD")
    with turnpike.Turnpike(server.url, "tpk_1") as client:
        follower = client.follow(after="wrong")
        with pytest.raises(turnpike.Error) as caught:
            next(follower)
        assert caught.value.code.name == code
        assert list(follower) == []
    assert len(server.calls) == 1

    async def main() -> None:
        async with turnpike.AsyncTurnpike(server.url, "tpk_1") as client:
            with pytest.raises(turnpike.Error) as caught:
                await anext(client.follow(after="wrong"))
            assert caught.value.code.name == code

    asyncio.run(main())


OTHERS = [code.name for code in grpc.StatusCode if code.name not in {*USELESS, "OK"}]


@pytest.mark.parametrize("code", OTHERS)
def test_everything_else_passes(code: str, server: Server) -> None:
    fail = fails_with(grpc.StatusCode[code], "INTERNAL", times=1)

    def stream(request: Any, context: grpc.ServicerContext) -> Any:
        fail(request, context)
        return log(request, context)

    server.stream = stream
    with turnpike.Turnpike(server.url, "tpk_1") as client:
        assert next(client.follow()).event == LOG[0]
    assert len(server.calls) == 2


def silent_once(server: Server) -> None:
    """The first stream says nothing after its first event."""

    def stream(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        if len(server.calls) > 1:
            yield from log(request, context)
            return
        yield v1.StreamEventsResponse(event=LOG[0], cursor="1")
        while context.is_active():
            time.sleep(0.05)

    server.stream = stream


def test_silence(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "SILENCE_SECONDS_MAX", 0.5)
    silent_once(server)
    with turnpike.Turnpike(server.url, "tpk_1") as client:
        follower = client.follow()
        assert next(follower).event == LOG[0]
        began = time.monotonic()
        assert next(follower).event == LOG[1]
        assert 0.4 < time.monotonic() - began < 5
        assert [each.after for each in server.calls] == ["", "1"]


def test_silence_async(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "SILENCE_SECONDS_MAX", 0.5)
    silent_once(server)

    async def main() -> None:
        async with turnpike.AsyncTurnpike(server.url, "tpk_1") as client:
            follower = client.follow()
            assert [(await anext(follower)).event for _ in range(3)] == LOG[:3]
        assert [each.after for each in server.calls] == ["", "1"]

    asyncio.run(main())


def test_a_slow_reader_is_not_silence(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "SILENCE_SECONDS_MAX", 0.3)

    def stream(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        for number, event in enumerate(LOG, 1):
            yield v1.StreamEventsResponse(event=event, cursor=str(number))

    server.stream = stream
    with turnpike.Turnpike(server.url, "tpk_1") as client:
        follower = client.follow()
        for event in LOG[:3]:
            assert next(follower).event == event
            time.sleep(0.8)
        assert next(follower).event == LOG[3]
    assert len(server.calls) == 1


def waiting(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
    while context.is_active():
        time.sleep(0.05)
    yield from ()


@pytest.mark.parametrize("whole_client", [False, True])
def test_closing_while_it_waits(whole_client: bool, server: Server) -> None:
    server.stream = waiting
    client = turnpike.Turnpike(server.url, "tpk_1")
    follower = client.follow()
    seen: list[Any] = []
    reader = threading.Thread(target=lambda: seen.extend(follower))
    reader.start()
    time.sleep(0.3)
    client.close() if whole_client else follower.close()
    reader.join(5)
    assert not reader.is_alive()
    assert seen == []
    client.close()


@pytest.mark.parametrize("whole_client", [False, True])
def test_closing_while_it_waits_async(whole_client: bool, server: Server) -> None:
    server.stream = waiting

    async def main() -> None:
        async with turnpike.AsyncTurnpike(server.url, "tpk_1") as client:
            follower = client.follow()

            async def read() -> list[Any]:
                return [each async for each in follower]

            reader = asyncio.create_task(read())
            await asyncio.sleep(0.3)
            await (client.close() if whole_client else follower.close())
            assert await asyncio.wait_for(reader, 5) == []

    asyncio.run(main())


def test_a_reader_that_gives_up_loses_nothing(server: Server) -> None:
    """Its task is cancelled in the middle of a wait; the next one goes on."""

    def stream(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        place = int(request.after or 0)
        if place == 2 and len(server.calls) == 1:
            yield from waiting(request, context)
        for number, event in enumerate(LOG[place:], place + 1):
            if number == 3 and len(server.calls) == 1:
                yield from waiting(request, context)
            yield v1.StreamEventsResponse(event=event, cursor=str(number))

    server.stream = stream

    async def main() -> None:
        async with turnpike.AsyncTurnpike(server.url, "tpk_1") as client:
            follower = client.follow()
            assert [(await anext(follower)).event for _ in range(2)] == LOG[:2]
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(anext(follower), 0.3)
            assert [(await anext(follower)).event for _ in range(3)] == LOG[2:5]

    asyncio.run(main())


def test_the_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "PAUSE_SECONDS_MIN", 0.25)
    monkeypatch.setattr(events, "PAUSE_SECONDS_MAX", 5.0)
    place = events._Log("", [])
    pauses = [place.pause() for _ in range(50)]
    assert pauses[0] == 0.25
    assert all(0.25 <= each <= 5 for each in pauses)
    assert max(pauses) > 2.5
    place.take(v1.StreamEventsResponse(cursor="1"))
    assert place.pause() == 0.25


def test_types_are_a_list(server: Server) -> None:
    with turnpike.Turnpike(server.url, "tpk_1") as client, pytest.raises(TypeError, match="types are a list"):
        client.follow(types="payment.*")
