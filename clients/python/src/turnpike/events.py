"""Following the log of events, for as long as the reader wants, whatever breaks in between."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any, NamedTuple

import grpc
from grpc import aio

from turnpike.errors import Error
from turnpike.v1 import event_pb2, event_service_pb2

PAUSE_SECONDS_MIN = 0.25
"""The pause before a broken stream is taken up again, the first time."""

PAUSE_SECONDS_MAX = 5.0
"""The longest such pause. Each is twice the one before, until something comes."""

SILENCE_SECONDS_MAX = 40.0
"""A stream on which nothing has come for so long is taken up again. A sign of life comes every 15 seconds."""

_USELESS = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.PERMISSION_DENIED,
    }
)


class Followed(NamedTuple):
    """An event, and the place after it."""

    event: event_pb2.Event

    cursor: str
    """Keep it together with what the event led to: `follow(after=cursor)` goes on behind the event."""


class _Log:
    """What both kinds of iterators know: the place, and how long to wait."""

    def __init__(self, after: str, types: Iterable[str]) -> None:
        if isinstance(types, str):
            raise TypeError("types are a list, also where there is one")
        self.request = event_service_pb2.StreamEventsRequest(after=after, types=types)
        self._next_pause = PAUSE_SECONDS_MIN

    def take(self, message: event_service_pb2.StreamEventsResponse) -> Followed | None:
        """Moves on behind the message. None for a sign of life."""
        self._next_pause = PAUSE_SECONDS_MIN
        if message.cursor:
            self.request.after = message.cursor
        return Followed(message.event, message.cursor) if message.HasField("event") else None

    def pause(self) -> float:
        """How long to wait now, in seconds: not all readers come back in the same moment."""
        seconds = max(PAUSE_SECONDS_MIN, self._next_pause * random.uniform(0.5, 1.0))  # noqa: S311
        self._next_pause = min(self._next_pause * 2, PAUSE_SECONDS_MAX)
        return seconds


class Follow(Iterator[Followed]):
    """Each event once, in its order. It ends when it is closed, or its client is.

    Raises `turnpike.Error` only where going on is useless: the cursor or a type is wrong, or the key is.
    One thread reads; any thread may close.
    """

    def __init__(self, method: Callable[..., Any], after: str, types: Iterable[str]) -> None:
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._stream: Any = None
        self._watch: _Watch | None = None
        self._method = method
        self._log = _Log(after, types)

    @property
    def cursor(self) -> str:
        """The place that was reached. It also moves on over events of other types."""
        return self._log.request.after

    def __next__(self) -> Followed:
        while not self._closed.is_set():
            try:
                followed = self._log.take(self._read())
            except Error as error:
                self._end_stream()
                if error.code in _USELESS and not self._closed.is_set():
                    self._closed.set()
                    raise
                self._closed.wait(self._log.pause())
            else:
                if followed is not None:
                    return followed
        raise StopIteration

    def _read(self) -> event_service_pb2.StreamEventsResponse:
        with self._lock:
            if self._closed.is_set():
                raise Error(grpc.StatusCode.CANCELLED, "closed")
            if self._stream is None or self._watch is None:
                self._stream = self._method(self._log.request)
                self._watch = _Watch(self._stream.cancel)
            stream, watch = self._stream, self._watch
        try:
            with watch:
                message: event_service_pb2.StreamEventsResponse = next(stream)
                return message
        except StopIteration:
            raise Error(grpc.StatusCode.UNAVAILABLE, "the stream has ended") from None

    def _end_stream(self) -> None:
        with self._lock:
            if self._watch is not None:
                self._watch.stop()
            if self._stream is not None:
                self._stream.cancel()
            self._stream = self._watch = None

    def close(self) -> None:
        """Ends it, also while it waits for the next event."""
        self._closed.set()
        self._end_stream()

    def __enter__(self) -> Follow:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


class _Watch:
    """Cancels a stream when one wait for it takes too long. What the reader does between two waits is its own time."""

    def __init__(self, cancel: Callable[[], Any]) -> None:
        self._cancel = cancel
        self._since: float | None = None
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="turnpike-follow", daemon=True).start()

    def __enter__(self) -> None:
        self._since = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._since = None

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        # A wait that begins after a look is not over before the next one.
        left = SILENCE_SECONDS_MAX
        while not self._stopped.wait(left):
            since = self._since
            left = SILENCE_SECONDS_MAX if since is None else since + SILENCE_SECONDS_MAX - time.monotonic()
            if left <= 0:
                self._cancel()
                return


class AsyncFollow(AsyncIterator[Followed]):
    """The same as `Follow`, for asyncio. One task reads; any task of the same loop may close."""

    def __init__(self, method: Callable[..., Any], after: str, types: Iterable[str]) -> None:
        self._method = method
        self._log = _Log(after, types)
        self._closed = asyncio.Event()
        self._stream: Any = None

    @property
    def cursor(self) -> str:
        """The place that was reached. It also moves on over events of other types."""
        return self._log.request.after

    async def __anext__(self) -> Followed:
        while not self._closed.is_set():
            try:
                followed = self._log.take(await self._read())
            except Error as error:
                self._end_stream()
                if error.code in _USELESS and not self._closed.is_set():
                    self._closed.set()
                    raise
                await self._wait(self._log.pause())
            else:
                if followed is not None:
                    return followed
        raise StopAsyncIteration

    async def _read(self) -> event_service_pb2.StreamEventsResponse:
        if self._stream is None:
            self._stream = self._method(self._log.request)
        try:
            message = await asyncio.wait_for(self._stream.read(), SILENCE_SECONDS_MAX)
        except asyncio.TimeoutError:
            raise Error(grpc.StatusCode.UNAVAILABLE, "the stream is silent") from None
        except asyncio.CancelledError:
            # The reader's task is cancelled, which gRPC answers by cancelling the call; or the call was, by close.
            closed = self._closed.is_set()
            self._end_stream()
            if not closed:
                raise
            raise Error(grpc.StatusCode.CANCELLED, "closed") from None
        if message is aio.EOF:
            raise Error(grpc.StatusCode.UNAVAILABLE, "the stream has ended")
        taken: event_service_pb2.StreamEventsResponse = message
        return taken

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._closed.wait(), seconds)
        except asyncio.TimeoutError:
            pass

    def _end_stream(self) -> None:
        if self._stream is not None:
            self._stream.cancel()
        self._stream = None

    async def close(self) -> None:
        """Ends it, also while another task waits for the next event."""
        self._closed.set()
        self._end_stream()

    async def __aenter__(self) -> AsyncFollow:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
