"""The client that calls and waits."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

from turnpike import _channel as channel
from turnpike import settings
from turnpike._outgoing import Outgoing
from turnpike._policy import Deadlines, service_config
from turnpike.events import Follow
from turnpike.pages import Pages

if TYPE_CHECKING:
    import grpc

    from turnpike.development import Development
    from turnpike.v1.account_service_pb2_grpc import AccountServiceStub
    from turnpike.v1.event_service_pb2_grpc import EventServiceStub
    from turnpike.v1.payment_service_pb2_grpc import PaymentServiceStub
    from turnpike.v1.recurring_service_pb2_grpc import RecurringServiceStub
    from turnpike.v1.sandbox_service_pb2_grpc import SandboxServiceStub
    from turnpike.v1.session_service_pb2_grpc import SessionServiceStub
    from turnpike.v1.token_service_pb2_grpc import TokenServiceStub


class Turnpike(Pages):
    """A connection to a gateway, made when it is first used and kept alive.

    `url` is `http://host:port`, in plain text, or `https://host:port`. `api_key` is sent with every call; None sends
    none, for a gateway behind something that knows its callers otherwise. For TLS, `ca_file` holds the authorities
    instead of those of the system, and `cert_file` with `key_file` what the client shows of itself; all are PEM. After
    `keepalive_seconds` of silence a ping is sent, and one that is not answered within `keepalive_timeout_seconds` ends
    the connection, which is then made anew.

    Threads may share it. A process that was forked makes its own.

    Raises `turnpike.SettingsError` for what cannot be used, before anything is connected. A call has 30 seconds unless
    it says `timeout`, in seconds; streams have no end. Every call raises `turnpike.Error`.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None,
        *,
        ca_file: str | os.PathLike[str] | None = None,
        cert_file: str | os.PathLike[str] | None = None,
        key_file: str | os.PathLike[str] | None = None,
        keepalive_seconds: float = settings.KEEPALIVE_SECONDS,
        keepalive_timeout_seconds: float = settings.KEEPALIVE_TIMEOUT_SECONDS,
    ) -> None:
        read = settings.read(
            url,
            api_key,
            ca_file=ca_file,
            cert_file=cert_file,
            key_file=key_file,
            keepalive_seconds=keepalive_seconds,
            keepalive_timeout_seconds=keepalive_timeout_seconds,
            names={},
        )
        self._start(read)

    @classmethod
    def from_environment(
        cls,
        *,
        keepalive_seconds: float = settings.KEEPALIVE_SECONDS,
        keepalive_timeout_seconds: float = settings.KEEPALIVE_TIMEOUT_SECONDS,
    ) -> Turnpike:
        """Reads `TURNPIKE_URL` and `TURNPIKE_API_KEY`, and where they are set `TURNPIKE_CA_FILE`, `TURNPIKE_CERT_FILE`
        and `TURNPIKE_KEY_FILE`. Raises `turnpike.SettingsError`, which names the variable."""
        client = cls.__new__(cls)
        given: dict[str, Any] = settings.environment(os.environ)
        read = settings.read(
            **given,
            keepalive_seconds=keepalive_seconds,
            keepalive_timeout_seconds=keepalive_timeout_seconds,
            names=settings.FROM_ENVIRONMENT,
        )
        client._start(read)
        return client

    def _start(self, read: settings.Settings) -> None:
        config = service_config()
        self.url = read.url
        self._channel = channel.connect(read, config)
        self._outgoing = Outgoing(read.api_key, Deadlines(config))
        # It has of a channel what a stub uses.
        self._stubs = cast("grpc.Channel", channel.StubChannel(self._channel, self._outgoing))
        self._followers: WeakSet[Follow] = WeakSet()

    @cached_property
    def sessions(self) -> SessionServiceStub:
        """Opens windows in which customers pay or save cards."""
        from turnpike.v1.session_service_pb2_grpc import SessionServiceStub

        return SessionServiceStub(self._stubs)

    @cached_property
    def payments(self) -> PaymentServiceStub:
        """Charges saved cards, and does all that follows a payment."""
        from turnpike.v1.payment_service_pb2_grpc import PaymentServiceStub

        return PaymentServiceStub(self._stubs)

    @cached_property
    def tokens(self) -> TokenServiceStub:
        """Keeps saved cards."""
        from turnpike.v1.token_service_pb2_grpc import TokenServiceStub

        return TokenServiceStub(self._stubs)

    @cached_property
    def recurring(self) -> RecurringServiceStub:
        """Charges saved cards again and again."""
        from turnpike.v1.recurring_service_pb2_grpc import RecurringServiceStub

        return RecurringServiceStub(self._stubs)

    @cached_property
    def events(self) -> EventServiceStub:
        """Tells what became true."""
        from turnpike.v1.event_service_pb2_grpc import EventServiceStub

        return EventServiceStub(self._stubs)

    @cached_property
    def accounts(self) -> AccountServiceStub:
        """Tells what the caller's accounts are and can do."""
        from turnpike.v1.account_service_pb2_grpc import AccountServiceStub

        return AccountServiceStub(self._stubs)

    @cached_property
    def sandbox(self) -> SandboxServiceStub:
        """Plays with the simulated providers and with the time, in development only."""
        from turnpike.v1.sandbox_service_pb2_grpc import SandboxServiceStub

        return SandboxServiceStub(self._stubs)

    @cached_property
    def development(self) -> Development:
        """Time, customers and faults of `turnpike dev`, for tests."""
        from turnpike.development import Development

        return Development(self.sandbox)

    def follow(self, after: str = "", types: Iterable[str] = ()) -> Follow:
        """Every event after a cursor, and then what happens, as it happens, each with the cursor to keep. Empty means
        from the beginning. `types` are such as `payment.captured` or `payment.*`, at most 50; none means all.

        Reading begins when the first event is asked for, and goes on by itself when the stream breaks.
        """
        follower = Follow(self.events.StreamEvents, after, types)
        self._followers.add(follower)
        return follower

    def close(self) -> None:
        """Ends every call that is under way, and the connection. A later call raises `ValueError`."""
        for follower in list(self._followers):
            follower.close()
        self._outgoing.close()
        self._channel.close()

    def __enter__(self) -> Turnpike:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"turnpike.Turnpike({self.url!r})"
