"""Checks the vectors of the contract: messages, errors and webhooks. No server is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2  # noqa: F401  The details of a Status are of its types.
from google.rpc.status_pb2 import Status
from report import Result, read_json
from schema import methods

from turnpike import Error, WebhookRefused, v1, webhooks

UNKNOWN = "UNKNOWN_TO_THIS_CLIENT"


def run(contract: Path) -> Iterator[Result]:
    """The results, one by one."""
    folder = contract / "vectors"
    yield from _messages(folder)
    yield from _errors(folder)
    yield from _webhooks(folder)


def _checked(name: str, check: Callable[[], None]) -> Result:
    try:
        check()
    except Exception as error:  # Whatever a library makes of a vector, it is the vector's result.
        return Result(name, f"{type(error).__name__}: {error}")
    return Result(name)


def _expect(what: str, seen: object, wanted: object) -> None:
    if seen != wanted:
        raise AssertionError(f"{what}: expected {wanted!r}, saw {seen!r}")


def _pairs(folder: Path) -> list[str]:
    """The names of the vectors in it. Half a vector counts, and fails when it is read."""
    return sorted({file.stem for ending in ("json", "binpb") for file in folder.glob(f"*.{ending}")})


def _messages(folder: Path) -> Iterator[Result]:
    # First of all: this loads what the vectors are read with.
    types = {side.full_name for method in methods() for side in (method.input_type, method.output_type)}
    names = _pairs(folder / "messages")
    for name in names:
        yield _checked(f"messages/{name}", lambda name=name: _message(folder / "messages", name))  # type: ignore[misc]
    here = {name.partition("+")[0] for name in names}
    missing = sorted(types - here)
    if missing:
        yield Result("messages", f"there is no vector of {', '.join(missing)}")


def _message(folder: Path, name: str) -> None:
    descriptor = descriptor_pool.Default().FindMessageTypeByName(name.partition("+")[0])
    kind: Any = GetMessageClass(descriptor)
    text = read_json(folder / f"{name}.json")
    of_text = ParseDict(text, kind())
    of_bytes = kind.FromString((folder / f"{name}.binpb").read_bytes())
    _expect("the JSON and the bytes", of_text, of_bytes)
    _expect("the bytes that are written", kind.FromString(of_text.SerializeToString()), of_bytes)
    _expect("the JSON that is written", MessageToDict(of_bytes), text)


def _errors(folder: Path) -> Iterator[Result]:
    names = _pairs(folder / "errors")
    for name in names:
        yield _checked(f"errors/{name}", lambda name=name: _error(folder / "errors", name))  # type: ignore[misc]
    if UNKNOWN not in names:
        yield Result("errors", f"there is no vector of {UNKNOWN}")


class _Failed(grpc.RpcError):
    """An error as gRPC raises it, with the details in its trailer."""

    def __init__(self, status: bytes) -> None:
        self._bytes = status
        self._status = Status.FromString(status)

    def code(self) -> grpc.StatusCode:
        return next(code for code in grpc.StatusCode if code.value[0] == self._status.code)

    def details(self) -> str:
        return str(self._status.message)

    def trailing_metadata(self) -> Any:
        return (("grpc-status-details-bin", self._bytes),)


def _error(folder: Path, name: str) -> None:
    vector = read_json(folder / f"{name}.json")
    status = (folder / f"{name}.binpb").read_bytes()
    _expect("the status", MessageToDict(Status.FromString(status)), vector["status"])

    error = Error.from_call(_Failed(status))
    retry_after = None if error.retry_after is None else error.retry_after // timedelta(milliseconds=1)
    seen = {
        "code": error.code.name,
        "reason": error.reason_text,
        "metadata": error.metadata,
        "fields": error.fields,
        "retry_after_ms": retry_after,
        "nothing_was_sent": error.nothing_was_sent,
    }
    _expect("what the error tells", seen, vector["read"])
    constant = "UNSPECIFIED" if name == UNKNOWN else error.reason_text
    _expect("the constant", v1.ErrorReason.Name(error.reason), f"ERROR_REASON_{constant}")


def _webhooks(folder: Path) -> Iterator[Result]:
    try:
        deliveries = read_json(folder / "webhooks.json")
    except (OSError, ValueError) as error:
        yield Result("webhooks.json", str(error))
        return
    if not deliveries:
        yield Result("webhooks.json", "there is no delivery")
    for delivery in deliveries:
        yield _checked(f"webhooks.json: {delivery['about']}", lambda delivery=delivery: _webhook(delivery))  # type: ignore[misc]


def _webhook(delivery: dict[str, Any]) -> None:
    _expect("event or refused", ("event" in delivery) != ("refused" in delivery), True)
    try:
        event = webhooks.verify(
            delivery["body"].encode(), delivery["headers"], delivery["secrets"], now=delivery["now"]
        )
    except WebhookRefused as refused:
        _expect("the refusal", refused.reason, delivery.get("refused"))
    else:
        _expect("the event", {"id": event.id, "type": event.type}, delivery.get("event"))
