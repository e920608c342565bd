"""What goes along with every call: the key, the caller's trace and a deadline."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from turnpike._policy import Deadlines

Metadata = tuple[tuple[str, str | bytes], ...]


class Outgoing:
    """Made once for a client. Printing it shows no key."""

    def __init__(self, api_key: str | None, deadlines: Deadlines) -> None:
        self._key: Metadata = () if api_key is None else (("authorization", f"Bearer {api_key}"),)
        self._deadlines = deadlines
        self._inject = _opentelemetry()
        self._closed = False

    def close(self) -> None:
        """Nothing goes any more."""
        self._closed = True

    def check_open(self) -> None:
        """Raises ValueError for a client that is closed. gRPC itself crashes where a stub is made then."""
        if self._closed:
            raise ValueError("the client is closed")

    def metadata(self, given: Iterable[tuple[str, str | bytes]] | None) -> Metadata:
        """What the caller gives for the call, and ours."""
        self.check_open()
        trace: dict[str, str] = {}
        if self._inject is not None:
            self._inject(trace)
        return (*(given or ()), *trace.items(), *self._key)

    def timeout(self, method: str, given: float | None) -> float | None:
        """In seconds: what the caller gives, or the service config. None means no end."""
        return self._deadlines.of(method) if given is None else given


def _opentelemetry() -> Callable[[dict[str, str]], Any] | None:
    """Writes the current trace as W3C's `traceparent`. Not the program's own propagator: that may send baggage,
    which is no business of a payments gateway, or other headers than `traceparent`."""
    try:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
    except ImportError:
        return None
    return TraceContextTextMapPropagator().inject
