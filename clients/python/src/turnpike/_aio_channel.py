"""The layer between the generated stubs and a channel of gRPC, for asyncio. See `turnpike._channel`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from typing import Any

import grpc
from grpc import aio

from turnpike._channel import credentials
from turnpike._outgoing import Outgoing
from turnpike._policy import channel_options
from turnpike.errors import Error
from turnpike.settings import Settings


def connect(settings: Settings, config: dict[str, Any]) -> aio.Channel:
    """A channel. It connects when it is first used."""
    options = channel_options(settings, config)
    if not settings.tls:
        return aio.insecure_channel(settings.target, options=options)
    return aio.secure_channel(settings.target, credentials(settings), options=options)


class StubChannel:
    """What a generated stub is made on."""

    def __init__(self, channel: aio.Channel, outgoing: Outgoing) -> None:
        self._channel = channel
        self._outgoing = outgoing

    def unary_unary(self, method: str, *how: Any, **named: Any) -> Method:
        self._outgoing.check_open()
        return Method(method, self._channel.unary_unary(method, *how, **named), self._outgoing, Response)

    def unary_stream(self, method: str, *how: Any, **named: Any) -> Method:
        self._outgoing.check_open()
        return Method(method, self._channel.unary_stream(method, *how, **named), self._outgoing, Stream)


class Method:
    """The parameters are those of grpc.aio.UnaryUnaryMultiCallable and UnaryStreamMultiCallable."""

    def __init__(self, method: str, inner: Any, outgoing: Outgoing, made: type[Response] | type[Stream]) -> None:
        self._method = method
        self._inner = inner
        self._outgoing = outgoing
        self._made = made

    def __call__(
        self, request: Any, *, timeout: float | None = None, metadata: Any = None, **named: Any
    ) -> Response | Stream:
        timeout = self._outgoing.timeout(self._method, timeout)
        call = self._inner(request, timeout=timeout, metadata=self._outgoing.metadata(metadata), **named)
        return self._made(call)


class Response:
    """A response to wait for, and otherwise the call that gRPC made."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def __await__(self) -> Generator[Any, None, Any]:
        try:
            return (yield from self._call.__await__())
        except grpc.RpcError as error:
            raise Error.from_call(error) from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)


class Stream(AsyncIterator[Any]):
    """A stream of responses, and otherwise the call that gRPC made."""

    def __init__(self, call: Any) -> None:
        self._call = call

    async def read(self) -> Any:
        """The next response, or `grpc.aio.EOF`."""
        try:
            return await self._call.read()
        except grpc.RpcError as error:
            raise Error.from_call(error) from error

    async def __anext__(self) -> Any:
        message = await self.read()
        if message is aio.EOF:
            raise StopAsyncIteration
        return message

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)
