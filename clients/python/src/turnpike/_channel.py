"""The layer between the generated stubs and a channel of gRPC, for calls that wait.

A stub makes its methods with `unary_unary` and `unary_stream`; the schema has no others. They are gRPC's own here,
except that each call carries what `Outgoing` adds, and that each error is a `turnpike.Error`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grpc

from turnpike._outgoing import Outgoing
from turnpike._policy import channel_options
from turnpike.errors import Error
from turnpike.settings import Settings


def connect(settings: Settings, config: dict[str, Any]) -> grpc.Channel:
    """A channel. It connects when it is first used."""
    options = channel_options(settings, config)
    if not settings.tls:
        return grpc.insecure_channel(settings.target, options=options)
    return grpc.secure_channel(settings.target, credentials(settings), options=options)


def credentials(settings: Settings) -> grpc.ChannelCredentials:
    """What TLS needs, of either kind of channel."""
    return grpc.ssl_channel_credentials(settings.authorities, settings.private_key, settings.certificate)


class StubChannel:
    """What a generated stub is made on."""

    def __init__(self, channel: grpc.Channel, outgoing: Outgoing) -> None:
        self._channel = channel
        self._outgoing = outgoing

    def unary_unary(self, method: str, *how: Any, **named: Any) -> UnaryMethod:
        self._outgoing.check_open()
        return UnaryMethod(method, self._channel.unary_unary(method, *how, **named), self._outgoing)

    def unary_stream(self, method: str, *how: Any, **named: Any) -> StreamMethod:
        self._outgoing.check_open()
        return StreamMethod(method, self._channel.unary_stream(method, *how, **named), self._outgoing)


class UnaryMethod:
    """One request, one response. The parameters are those of grpc.UnaryUnaryMultiCallable."""

    def __init__(self, method: str, inner: Any, outgoing: Outgoing) -> None:
        self._method = method
        self._inner = inner
        self._outgoing = outgoing

    def __call__(self, request: Any, timeout: float | None = None, metadata: Any = None, **named: Any) -> Any:
        return self._run(self._inner, request, timeout, metadata, named)

    def with_call(self, request: Any, timeout: float | None = None, metadata: Any = None, **named: Any) -> Any:
        return self._run(self._inner.with_call, request, timeout, metadata, named)

    def future(self, request: Any, timeout: float | None = None, metadata: Any = None, **named: Any) -> Future:
        return Future(self._run(self._inner.future, request, timeout, metadata, named))

    def _run(
        self, call: Callable[..., Any], request: Any, timeout: float | None, metadata: Any, named: dict[str, Any]
    ) -> Any:
        timeout = self._outgoing.timeout(self._method, timeout)
        try:
            return call(request, timeout=timeout, metadata=self._outgoing.metadata(metadata), **named)
        except grpc.RpcError as error:
            raise Error.from_call(error) from error


class StreamMethod:
    """One request, many responses. The parameters are those of grpc.UnaryStreamMultiCallable."""

    def __init__(self, method: str, inner: Any, outgoing: Outgoing) -> None:
        self._method = method
        self._inner = inner
        self._outgoing = outgoing

    def __call__(self, request: Any, timeout: float | None = None, metadata: Any = None, **named: Any) -> Stream:
        timeout = self._outgoing.timeout(self._method, timeout)
        try:
            return Stream(self._inner(request, timeout=timeout, metadata=self._outgoing.metadata(metadata), **named))
        except grpc.RpcError as error:
            raise Error.from_call(error) from error


class Stream(Iterator[Any]):
    """A stream of responses, and otherwise the call that gRPC made."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def __next__(self) -> Any:
        try:
            return next(self._call)
        except grpc.RpcError as error:
            raise Error.from_call(error) from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)


class Future:
    """A response to come, and otherwise the call that gRPC made."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def result(self, timeout: float | None = None) -> Any:
        try:
            return self._call.result(timeout)
        except grpc.RpcError as error:
            raise Error.from_call(error) from error

    def exception(self, timeout: float | None = None) -> BaseException | None:
        error: BaseException | None = self._call.exception(timeout)
        if not isinstance(error, grpc.RpcError):
            return error
        made = Error.from_call(error)
        made.__cause__ = error
        return made

    def add_done_callback(self, callback: Callable[[Future], Any]) -> None:
        self._call.add_done_callback(lambda _: callback(self))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)
