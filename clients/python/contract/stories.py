"""Tells the stories of the contract to a gateway, through the client."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.message_factory import GetMessageClass
from matching import Mismatch, Refused, filled, match
from report import Result, read_json
from schema import methods

import turnpike

REPEAT_SECONDS = 0.1
"""The pause between two calls of a step with `within_seconds`."""

STREAM_SECONDS_MAX = 30.0

SERVICES = {
    "SessionService": "sessions",
    "PaymentService": "payments",
    "TokenService": "tokens",
    "RecurringService": "recurring",
    "EventService": "events",
    "AccountService": "accounts",
    "SandboxService": "sandbox",
}
"""The members of a client."""

_STORY = {"about", "accounts", "steps"}
_STEP = {"step", "call", "request", "answer", "within_seconds", "error", "stream", "credentials"}
_ERROR = {"code", "reason", "metadata", "fields"}


@dataclass(frozen=True)
class Telling:
    """A story, at one account or at none."""

    name: str
    account: str
    steps: list[dict[str, Any]]
    values: dict[str, Any]


def run(contract: Path) -> Iterator[Result]:
    """The results, one by one."""
    accounts = read_json(contract / "accounts.json")
    files = sorted((contract / "stories").glob("*.json"))
    if not files:
        yield Result(name="stories", failure="there is no story")
    with ExitStack() as stack:
        teller = Teller(stack)
        for file in files:
            try:
                tellings = list(_tellings(file, accounts))
            except (Refused, OSError, ValueError) as error:
                yield Result(name=file.stem, failure=str(error))
                continue
            for telling in tellings:
                yield teller.tell(telling)


def _tellings(file: Path, accounts: dict[str, dict[str, Any]]) -> Iterator[Telling]:
    story = read_json(file)
    _only(story, _STORY, "a story")
    steps = story.get("steps")
    if not isinstance(steps, list) or not steps:
        raise Refused("the story has no steps")
    names = story.get("accounts", [""])
    if not names:
        raise Refused("the story has a list of accounts without any")
    for name in names:
        values: dict[str, Any] = {"run": secrets.token_hex(6)}
        if name:
            if name not in accounts:
                raise Refused(f"accounts.json has no {name}")
            values |= {**accounts[name], "account": name}
        yield Telling(file.stem, name, steps, values)


def _only(given: Any, known: set[str], what: str) -> None:
    if not isinstance(given, dict) or not set(given) <= known:
        raise Refused(f"{what} is an object of {', '.join(sorted(known))}")


class Teller:
    """Keeps a client for each kind of credentials."""

    def __init__(self, stack: ExitStack) -> None:
        given: dict[str, Any] = turnpike.settings.environment(os.environ)
        keys = {"": given["api_key"], "none": None, "unknown": "tpk_unknown"}
        self._clients = {
            name: stack.enter_context(turnpike.Turnpike(**{**given, "api_key": key})) for name, key in keys.items()
        }
        self._methods = {f"{method.containing_service.name}/{method.name}": method for method in methods()}

    def tell(self, telling: Telling) -> Result:
        """Steps in their order, until the first that is not as it should be."""
        began, told, name = time.monotonic(), 0, ""
        values, failure = dict(telling.values), ""
        try:
            for number, step in enumerate(telling.steps, 1):
                name = f"step {number}"
                _only(step, _STEP, "a step")
                name = step["step"]
                values.update(self._tell_step(step, values))
                told += 1
        except (Mismatch, Refused) as error:
            failure = f"{name}: {error}"
        except turnpike.Error as error:
            failure = f"{name}: the call failed: {error}"
        except (KeyError, TypeError, ParseError) as error:
            failure = f"{name}: the story cannot be told: {error!r}"
        seconds = round(time.monotonic() - began, 3)
        return Result(telling.name, failure, account=telling.account, steps=told, seconds=seconds)

    def _tell_step(self, step: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        expected = [kind for kind in ("answer", "error", "stream") if kind in step]
        if len(expected) != 1 or ("within_seconds" in step and "answer" not in step):
            raise Refused("a step has an answer, perhaps within seconds, or an error, or a stream")
        (kind,) = expected
        method = self._methods.get(step["call"])
        credentials = step.get("credentials", "")
        if method is None or credentials not in self._clients or (credentials == "" and "credentials" in step):
            raise Refused(f"nobody knows {step['call']} with the credentials {credentials!r}")
        streams = method.server_streaming
        if (kind == "answer" and streams) or (kind == "stream" and not streams):
            raise Refused(f"{step['call']} does not come back with this: {kind}")

        request = ParseDict(filled(step["request"], values), GetMessageClass(method.input_type)())
        wanted = filled(step[kind], values)
        call = getattr(getattr(self._clients[credentials], SERVICES[method.containing_service.name]), method.name)
        if kind == "answer":
            return _answered(call, request, wanted, step.get("within_seconds", 0))
        if kind == "error":
            return _failed(call, method, request, wanted)
        return _streamed(call, request, wanted)


def _answered(call: Any, request: Any, wanted: Any, within_seconds: float) -> dict[str, Any]:
    until = time.monotonic() + within_seconds
    while True:
        answer = MessageToDict(call(request))
        try:
            return match(wanted, answer)
        except Mismatch:
            if time.monotonic() >= until:
                raise
        time.sleep(REPEAT_SECONDS)


def _failed(call: Any, method: MethodDescriptor, request: Any, wanted: Any) -> dict[str, Any]:
    _only(wanted, _ERROR, "an error")
    if "code" not in wanted:
        raise Refused("an error has a code")
    try:
        if method.server_streaming:
            with _Cancelled(call(request, timeout=STREAM_SECONDS_MAX)) as stream:
                came = [MessageToDict(message) for message in _first(stream)]
        else:
            came = [MessageToDict(call(request))]
    except turnpike.Error as error:
        seen = {"code": error.code.name, "reason": error.reason_text}
        seen_more = {"metadata": dict(error.metadata), "fields": list(error.fields)}
        return match(wanted, {**seen, **seen_more})
    raise Mismatch(f"expected the error {json.dumps(wanted)}, saw {json.dumps(came)}")


def _streamed(call: Any, request: Any, wanted: Any) -> dict[str, Any]:
    if not isinstance(wanted, list) or not wanted:
        raise Refused("a stream is a list of what comes")
    saved: dict[str, Any] = {}
    left, passed_over = list(wanted), 0
    with _Cancelled(call(request, timeout=STREAM_SECONDS_MAX)) as stream:
        try:
            for message in stream:
                try:
                    saved |= match(left[0], MessageToDict(message))
                except Mismatch:
                    passed_over += 1
                    continue
                del left[0]
                if not left:
                    return saved
        except turnpike.Error as error:
            raise Mismatch(f"{json.dumps(left[0])} did not come, but {passed_over} others, and then {error}") from None
    raise Mismatch(f"{json.dumps(left[0])} did not come, but {passed_over} others, and then the end")


def _first(stream: Any) -> Iterator[Any]:
    for message in stream:
        yield message
        return


class _Cancelled:
    """A stream that is not read any more when the block ends."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __enter__(self) -> Any:
        return self._stream

    def __exit__(self, *_: object) -> None:
        self._stream.cancel()
