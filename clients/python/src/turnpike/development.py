"""What a test needs of `turnpike dev`, in one line each: time, customers and faults.

Elsewhere the gateway has no SandboxService, and everything here fails with UNIMPLEMENTED.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from turnpike import v1

if TYPE_CHECKING:
    from turnpike.v1.sandbox_service_pb2_grpc import SandboxServiceAsyncStub, SandboxServiceStub

ADVANCE_SECONDS_MAX = 660.0
"""How long moving the clock may take. The gateway itself gives up after ten minutes."""


def _advance(duration: timedelta) -> v1.AdvanceClockRequest:
    request = v1.AdvanceClockRequest()
    request.by.FromTimedelta(duration)
    return request


def _pay(session: v1.Session | str, card: str, save_card: bool) -> v1.ArrangeScenarioRequest:
    pays = v1.CustomerPays(card_number=card, save_card=save_card)
    return v1.ArrangeScenarioRequest(customer=v1.CustomerScenario(session_id=_id(session), pay=pays))


def _cancel(session: v1.Session | str) -> v1.ArrangeScenarioRequest:
    cancels = v1.CustomerCancels()
    return v1.ArrangeScenarioRequest(customer=v1.CustomerScenario(session_id=_id(session), cancel=cancels))


def _fault(kind: v1.FaultKind.ValueType, delay: timedelta | None, **more: Any) -> v1.ArrangeScenarioRequest:
    fault = v1.FaultScenario(kind=kind, **more)
    if delay is not None:
        fault.delay.FromTimedelta(delay)
    return v1.ArrangeScenarioRequest(fault=fault)


def _clear(account: str) -> v1.ArrangeScenarioRequest:
    return v1.ArrangeScenarioRequest(clear=v1.ClearScenario(account=account))


def _id(session: v1.Session | str) -> str:
    return session if isinstance(session, str) else session.id


def _time(answer: Any) -> datetime:
    moment: datetime = answer.now.ToDatetime(tzinfo=timezone.utc)
    return moment


class Development:
    """`Turnpike.development`."""

    def __init__(self, sandbox: SandboxServiceStub) -> None:
        self._sandbox = sandbox

    def advance(self, duration: timedelta) -> datetime:
        """Moves the merchant's clock forward, up to ten years, and lets happen what falls due. The time then."""
        return _time(self._sandbox.AdvanceClock(_advance(duration), timeout=ADVANCE_SECONDS_MAX))

    def now(self) -> datetime:
        """The merchant's time."""
        return _time(self._sandbox.GetClock(v1.GetClockRequest()))

    def pay(self, session: v1.Session | str, card: str = "", *, save_card: bool = False) -> str:
        """Enters a card on the page of a session, by default one that the provider approves. Where the browser is
        sent then: an address with secrets, for ConfirmSession."""
        return self._sandbox.ArrangeScenario(_pay(session, card, save_card)).return_url

    def cancel(self, session: v1.Session | str) -> str:
        """Presses "cancel" on the page of a session. Where the browser is sent then."""
        return self._sandbox.ArrangeScenario(_cancel(session)).return_url

    def fault(
        self,
        kind: v1.FaultKind.ValueType,
        *,
        account: str = "",
        provider: str = "",
        operation: str = "",
        skip: int = 0,
        times: int = 1,
        delay: timedelta | None = None,
        http_status: int = 0,
    ) -> int:
        """Makes a provider misbehave. Of the calls named `operation` of an account or a provider (by default any of
        all), `skip` go well and then `times` are hit, each up to 10,000. `delay` is up to ten minutes; `http_status` is
        from 500 to 599, for HTTP_STATUS. How many faults are in force then."""
        request = _fault(
            kind,
            delay,
            account=account,
            provider=provider,
            operation=operation,
            skip=skip,
            times=times,
            http_status=http_status,
        )
        return self._sandbox.ArrangeScenario(request).active_faults

    def clear(self, account: str = "") -> int:
        """Ends the faults of an account, or all. How many are in force then."""
        return self._sandbox.ArrangeScenario(_clear(account)).active_faults


class AsyncDevelopment:
    """`AsyncTurnpike.development`: the same as `Development`, for asyncio."""

    def __init__(self, sandbox: SandboxServiceAsyncStub) -> None:
        self._sandbox = sandbox

    async def advance(self, duration: timedelta) -> datetime:
        """Moves the merchant's clock forward, up to ten years, and lets happen what falls due. The time then."""
        return _time(await self._sandbox.AdvanceClock(_advance(duration), timeout=ADVANCE_SECONDS_MAX))

    async def now(self) -> datetime:
        """The merchant's time."""
        return _time(await self._sandbox.GetClock(v1.GetClockRequest()))

    async def pay(self, session: v1.Session | str, card: str = "", *, save_card: bool = False) -> str:
        """Enters a card on the page of a session, by default one that the provider approves. Where the browser is
        sent then: an address with secrets, for ConfirmSession."""
        return (await self._sandbox.ArrangeScenario(_pay(session, card, save_card))).return_url

    async def cancel(self, session: v1.Session | str) -> str:
        """Presses "cancel" on the page of a session. Where the browser is sent then."""
        return (await self._sandbox.ArrangeScenario(_cancel(session))).return_url

    async def fault(
        self,
        kind: v1.FaultKind.ValueType,
        *,
        account: str = "",
        provider: str = "",
        operation: str = "",
        skip: int = 0,
        times: int = 1,
        delay: timedelta | None = None,
        http_status: int = 0,
    ) -> int:
        """Makes a provider misbehave. Of the calls named `operation` of an account or a provider (by default any of
        all), `skip` go well and then `times` are hit, each up to 10,000. `delay` is up to ten minutes; `http_status` is
        from 500 to 599, for HTTP_STATUS. How many faults are in force then."""
        request = _fault(
            kind,
            delay,
            account=account,
            provider=provider,
            operation=operation,
            skip=skip,
            times=times,
            http_status=http_status,
        )
        return (await self._sandbox.ArrangeScenario(request)).active_faults

    async def clear(self, account: str = "") -> int:
        """Ends the faults of an account, or all. How many are in force then."""
        return (await self._sandbox.ArrangeScenario(_clear(account))).active_faults
