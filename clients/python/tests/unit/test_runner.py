"""The runner of the contract: what matches, what it refuses to understand, and vectors that are wrong."""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import matching
import pytest
import report
import schema
import stories
import vectors
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from matching import ABSENT, Mismatch, Refused, filled, match
from server import Server, fails_with, packed, retry_info
from test_webhooks import BODY, NEW, NOW, OLD, headers, sign

from turnpike import v1

MATCHES: list[tuple[Any, Any]] = [
    ({"a": 1}, {"a": "1", "b": 2}),
    ({"a": "49900"}, {"a": 49900}),
    ({"a": {"b": [1, "2"]}}, {"a": {"b": ["1", 2], "c": 3}}),
    ({}, {"a": 1}),
    *(({"a": empty}, {}) for empty in (False, 0, "0", "", [], {}, None)),
    ([], []),
    (True, True),
    ({"$any": True}, "x"),
    ({"$absent": True}, ABSENT),
    *(({"$absent": True}, empty) for empty in (False, 0, "0", "", [], {}, None)),
    ({"a": {"$absent": True}}, {}),
    ({"$one_of": [1, 2]}, "2"),
    ({"$one_of": ["", "x"]}, ABSENT),
    ({"$matches": "^pay_"}, "pay_1"),
    ({"$matches": "captured$"}, "payment.captured"),
    ({"$has": ["b", {"$matches": "^a"}]}, ["abc", "b", "c"]),
    ({"$has": [{"id": 1}]}, [{"id": "2"}, {"id": "1", "x": 1}]),
]
MISMATCHES: list[tuple[Any, Any]] = [
    ({"a": 1}, {"a": 2}),
    ({"a": 1}, {}),
    ({"a": 1}, "a"),
    ({"a": {"b": 1}}, {}),
    ([1], [1, 2]),
    ([], [1]),
    ([1], {"0": 1}),
    ("1", [1]),
    ("{}", {}),
    (True, "true"),
    (True, 1),
    (1, True),
    (False, "false"),
    ("", "x"),
    (0, 1),
    (0, ""),
    (None, "x"),
    ("01", 1),
    ({"$any": True}, ""),
    ({"$any": True}, ABSENT),
    ({"$any": True}, 0),
    ({"$absent": True}, "x"),
    ({"$save": "x"}, ABSENT),
    ({"$save": "x"}, []),
    ({"$save_date": "x"}, ABSENT),
    ({"$save_date": "x"}, "2026-11-22"),
    ({"$save_date": "x"}, 20261122),
    ({"$one_of": [1, 2]}, 3),
    ({"$matches": "^pay_"}, "xpay_"),
    ({"$matches": "1"}, 1),
    ({"$matches": ""}, ABSENT),
    ({"$has": ["a"]}, ["b"]),
    ({"$has": ["a"]}, "a"),
    ({"$has": ["a"]}, ABSENT),
]
REFUSED: list[Any] = [
    {"$any": False},
    {"$absent": 1},
    {"$save": ""},
    {"$save": 5},
    {"$save_date": ""},
    {"$one_of": []},
    {"$one_of": "a"},
    {"$has": []},
    {"$has": "a"},
    {"$matches": 5},
    {"$contains": "a"},
    {"$any": True, "a": 1},
    {"$any": True, "$absent": True},
]


@pytest.mark.parametrize(("expected", "seen"), MATCHES)
def test_matches(expected: Any, seen: Any) -> None:
    assert match(expected, seen) == {}


@pytest.mark.parametrize(("expected", "seen"), MISMATCHES)
def test_mismatches(expected: Any, seen: Any) -> None:
    with pytest.raises(Mismatch):
        match(expected, seen)


@pytest.mark.parametrize("expected", REFUSED)
def test_matchers_that_nobody_knows(expected: Any) -> None:
    for seen in ("a", ABSENT, [], {}):
        with pytest.raises(Refused):
            match({"a": expected}, {} if seen is ABSENT else {"a": seen})


def test_what_is_saved() -> None:
    assert match({"a": {"$save": "x"}, "b": [{"$save": "y"}]}, {"a": {"c": 1}, "b": [5]}) == {"x": {"c": 1}, "y": 5}
    assert match({"now": {"$save_date": "today"}}, {"now": "2026-11-22T08:00:00.5Z"}) == {"today": "2026-11-22"}
    # Nothing of an alternative that did not match.
    expected = {"$one_of": [{"a": {"$save": "x"}, "b": 1}, {"a": {"$save": "y"}}]}
    assert match(expected, {"a": "5", "b": 2}) == {"y": "5"}
    has = {"$has": [{"id": {"$save": "id"}, "ok": True}]}
    assert match(has, [{"id": 1}, {"id": 2, "ok": True}]) == {"id": 2}


def test_values() -> None:
    values = {"run": "ab12", "list": [1, 2], "amount": 5, "yes": True}
    assert filled({"a": ["${run}-x ${amount}", "${list}"], "b": "$run"}, values) == {
        "a": ["ab12-x 5", [1, 2]],
        "b": "$run",
    }
    assert filled("${yes}", values) is True
    assert filled("${yes}!", values) == "true!"
    for wrong in ("${nobody}", "x ${nobody}", "x ${list}"):
        with pytest.raises(Refused):
            filled(wrong, values)


@pytest.fixture
def tell(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., report.Result]:
    """Tells a story of one step to a server of our own."""
    monkeypatch.setenv("TURNPIKE_URL", server.url)
    monkeypatch.setenv("TURNPIKE_API_KEY", "tpk_1")
    (tmp_path / "stories").mkdir()
    (tmp_path / "accounts.json").write_text(json.dumps({"a-dev": {"currency": "NOK"}}))

    def tell(step: dict[str, Any], **story: Any) -> report.Result:
        whole = {"about": "One.", "steps": [step], **story}
        (tmp_path / "stories" / "one.json").write_text(json.dumps(whole))
        *_, result = stories.run(tmp_path)
        return result

    return tell


STEP = {"step": "list", "call": "AccountService/ListAccounts", "request": {}}


def test_a_step(tell: Callable[..., report.Result], server: Server) -> None:
    server.act = lambda request, context: v1.ListAccountsResponse(next_page_token="x")
    assert tell({**STEP, "answer": {"nextPageToken": "x"}}).passed
    assert "expected 'y', saw 'x'" in tell({**STEP, "answer": {"nextPageToken": "y"}}).failure
    assert "expected the error" in tell({**STEP, "error": {"code": "NOT_FOUND"}}).failure
    told = tell({**STEP, "request": {"pageToken": "${currency}"}, "answer": {}}, accounts=["a-dev"])
    assert (told.passed, told.account, told.steps) == (True, "a-dev", 1)
    assert server.calls[-1].page_token == "NOK"


def test_a_step_within_seconds(tell: Callable[..., report.Result], server: Server) -> None:
    def act(request: Any, context: grpc.ServicerContext) -> Any:
        return v1.ListAccountsResponse(next_page_token=str(len(server.calls)))

    server.act = act
    assert tell({**STEP, "answer": {"nextPageToken": "4"}, "within_seconds": 20}).passed
    assert len(server.calls) == 4
    assert "saw" in tell({**STEP, "answer": {"nextPageToken": "never"}, "within_seconds": 0.3}).failure
    server.act = fails_with(grpc.StatusCode.INTERNAL, "INTERNAL")
    before = len(server.calls)
    assert "INTERNAL" in tell({**STEP, "answer": {}, "within_seconds": 20}).failure
    assert len(server.calls) == before + 1, "errors are not repeated"


def test_a_step_with_an_error(tell: Callable[..., report.Result], server: Server) -> None:
    wrong = BadRequest(field_violations=[BadRequest.FieldViolation(field="a", description="is wrong")])
    server.act = fails_with(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", wrong, metadata={"fields": "1"})
    error = {"code": "INVALID_ARGUMENT", "reason": "INVALID_FIELD", "metadata": {"fields": 1}, "fields": ["a"]}
    assert tell({**STEP, "error": error}).passed
    for other in ({"code": "NOT_FOUND"}, {"reason": "X"}, {"metadata": {"fields": 2}}, {"fields": ["b"]}):
        assert "expected" in tell({**STEP, "error": {**error, **other}}).failure
    assert "the call failed" in tell({**STEP, "answer": {}}).failure


def test_a_step_with_a_stream(
    tell: Callable[..., report.Result], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stories, "STREAM_SECONDS_MAX", 1.0)
    step = {"step": "watch", "call": "EventService/StreamEvents", "request": {}}

    def stream(request: Any, context: grpc.ServicerContext) -> Any:
        for number in range(1, 5):
            yield v1.StreamEventsResponse(event=v1.Event(id=f"evt_{number}"), cursor=str(number))
        while request.after == "wait" and context.is_active():
            pass

    server.stream = stream

    def events(*ids: str) -> list[Any]:
        return [{"event": {"id": each}} for each in ids]

    assert tell({**step, "stream": events("evt_2", "evt_4")}).passed
    assert "and then the end" in tell({**step, "stream": events("evt_4", "evt_2")}).failure
    waiting = tell({**step, "request": {"after": "wait"}, "stream": events("evt_5")})
    assert "4 others, and then DEADLINE_EXCEEDED" in waiting.failure
    assert waiting.seconds < 5
    assert "expected the error" in tell({**step, "error": {"code": "NOT_FOUND"}}).failure
    server.stream = fails_with(grpc.StatusCode.NOT_FOUND, "MOON")
    assert tell({**step, "error": {"code": "NOT_FOUND", "reason": "MOON"}}).passed


def test_the_credentials_of_a_step(tell: Callable[..., report.Result], server: Server) -> None:
    for credentials, key in (({}, "tpk_1"), ({"credentials": "unknown"}, "tpk_unknown")):
        assert tell({**STEP, **credentials, "answer": {}}).passed
        assert server.metadata[-1]["authorization"] == f"Bearer {key}"
    assert tell({**STEP, "credentials": "none", "answer": {}}).passed
    assert "authorization" not in server.metadata[-1]


@pytest.mark.parametrize(
    "step",
    [
        STEP,
        {**STEP, "answer": {}, "error": {"code": "NOT_FOUND"}},
        {**STEP, "error": {"code": "NOT_FOUND"}, "within_seconds": 1},
        {**STEP, "error": {"reason": "X"}},
        {**STEP, "error": {"code": "NOT_FOUND", "message": "no"}},
        {**STEP, "answer": {}, "anwser": {}},
        {**STEP, "answer": {}, "call": "AccountService/Nothing"},
        {**STEP, "answer": {}, "credentials": "mine"},
        {**STEP, "answer": {}, "credentials": ""},
        {**STEP, "answer": {"a": {"$typo": True}}},
        {**STEP, "answer": {"a": "${nobody}"}},
        {**STEP, "answer": {}, "request": {"nothing": 1}},
        {**STEP, "stream": [{}]},
        {**STEP, "answer": {}, "call": "EventService/StreamEvents"},
        {**STEP, "stream": [], "call": "EventService/StreamEvents"},
        {"answer": {}, "request": {}, "call": STEP["call"]},
    ],
)
def test_steps_that_cannot_be_told(step: dict[str, Any], tell: Callable[..., report.Result]) -> None:
    assert tell(step).failure


@pytest.mark.parametrize("story", [{"steps": []}, {"accounts": []}, {"accounts": ["nobody"]}, {"abuot": ""}])
def test_stories_that_cannot_be_told(story: dict[str, Any], tell: Callable[..., report.Result]) -> None:
    assert tell({**STEP, "answer": {}}, **story).failure


def test_no_stories_are_no_success(tell: Callable[..., report.Result], tmp_path: Path) -> None:
    (tmp_path / "none" / "stories").mkdir(parents=True)
    (tmp_path / "none" / "accounts.json").write_text("{}")
    assert not report.write(tmp_path / "report.json", stories.run(tmp_path / "none"))
    assert not report.write(tmp_path / "report.json", [])
    (tmp_path / "stories" / "two.json").write_text('{"about": "a", "about": "b", "steps": []}')
    assert not report.write(tmp_path / "report.json", stories.run(tmp_path))


def test_the_report(tmp_path: Path) -> None:
    results = [report.Result("one", account="a-dev", steps=2, seconds=0.5), report.Result("two", "no")]
    assert not report.write(tmp_path / "report.json", results)
    assert report.write(tmp_path / "good.json", results[:1])
    row = {"account": "", "steps": 0, "seconds": 0.0}
    assert json.loads((tmp_path / "report.json").read_text()) == {
        "language": "python",
        "results": [
            {"name": "one", "passed": True, "failure": "", "account": "a-dev", "steps": 2, "seconds": 0.5},
            {"name": "two", "passed": False, "failure": "no", **row},
        ],
    }


# ---- vectors, made by hand ----


def fill(message: Any, chance: random.Random, depth: int = 0) -> Any:
    """Sets whatever can be set, a few levels deep."""
    for field in message.DESCRIPTOR.fields:
        if field.containing_oneof is not None and message.WhichOneof(field.containing_oneof.name):
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            getattr(message, field.name)["key"] = "value"
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            if depth < 3:
                inner = getattr(message, field.name)
                fill(inner.add() if field.is_repeated else inner, chance, depth + 1)
                if not field.is_repeated:
                    inner.SetInParent()
        else:
            value = {
                FieldDescriptor.TYPE_STRING: "tea & cake €",
                FieldDescriptor.TYPE_BOOL: True,
                FieldDescriptor.TYPE_ENUM: 1,
            }.get(field.type, chance.randrange(1, 999))
            if field.is_repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)
    return message


def write_vector(folder: Path, name: str, message: Any, shown: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(shown))
    (folder / f"{name}.binpb").write_bytes(message.SerializeToString())


def read_of(status: Status, info: ErrorInfo, **more: Any) -> dict[str, Any]:
    code = next(each for each in grpc.StatusCode if each.value[0] == status.code)
    read = {"code": code.name, "reason": info.reason, "metadata": dict(info.metadata), "fields": {}}
    return {**read, "retry_after_ms": None, "nothing_was_sent": code is grpc.StatusCode.UNAVAILABLE, **more}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A contract in which every vector is right."""
    contract = tmp_path_factory.mktemp("contract")
    folder, chance = contract / "vectors", random.Random(1)
    for method in schema.methods():
        for side in (method.input_type, method.output_type):
            message = fill(GetMessageClass(side)(), chance)
            write_vector(folder / "messages", side.full_name, message, MessageToDict(message))
    write_vector(folder / "messages", "turnpike.v1.GetClockRequest+empty", v1.GetClockRequest(), {})

    for name, code, details, more in [
        ("PROVIDER_THROTTLED", 14, [retry_info(2)], {"retry_after_ms": 2000}),
        ("REQUEST_ID_REUSED", 6, [], {}),
        (vectors.UNKNOWN, 9, [], {}),
        (
            "INVALID_FIELD",
            3,
            [BadRequest(field_violations=[BadRequest.FieldViolation(field="a.b[0]", description="no")])],
            {"fields": {"a.b[0]": "no"}},
        ),
    ]:
        info = ErrorInfo(reason=name, domain="turnpike", metadata={"one": "1", "two": "2"})
        status = Status(code=code, message="no", details=[packed(each) for each in [info, *details]])
        vector = {"status": MessageToDict(status), "read": read_of(status, info, **more)}
        write_vector(folder / "errors", name, status, vector)

    genuine = {"now": NOW, "secrets": [OLD], "headers": headers(sign(OLD)), "body": BODY.decode()}
    event = {"id": "evt_1", "type": "payment.captured"}
    deliveries = [
        {"about": "genuine", **genuine, "event": event},
        {"about": "late", **genuine, "now": NOW + 301, "refused": "too_old"},
        {"about": "another secret", **genuine, "secrets": [NEW], "refused": "no_matching_signature"},
    ]
    (folder / "webhooks.json").write_text(json.dumps(deliveries))
    return contract


def failures(contract: Path) -> list[str]:
    return [f"{each.name}: {each.failure}" for each in vectors.run(contract) if not each.passed]


def test_right_vectors(good: Path) -> None:
    results = list(vectors.run(good))
    assert len(results) > 80
    assert failures(good) == []


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps(change(content) or content))


MONEY = "messages/turnpike.v1.ChargeTokenRequest"
WRONG: dict[str, Callable[[Path], object]] = {
    "an amount": lambda folder: edit(folder / f"{MONEY}.json", lambda it: it["money"].update(amountMinor="1")),
    "a further field": lambda folder: edit(folder / f"{MONEY}.json", lambda it: it.update(moon=1)),
    "a default that is written": lambda folder: edit(
        folder / "messages/turnpike.v1.GetClockRequest.json", lambda it: {"x": 0}
    ),
    "a number for a text": lambda folder: edit(
        folder / f"{MONEY}.json", lambda it: it["money"].update(amountMinor=int(it["money"]["amountMinor"]))
    ),
    "bytes": lambda folder: (folder / f"{MONEY}.binpb").write_bytes(b"\x0a\x01x"),
    "broken bytes": lambda folder: (folder / f"{MONEY}.binpb").write_bytes(b"\xff"),
    "half a vector": lambda folder: (folder / f"{MONEY}.binpb").unlink(),
    "no vector of a message": lambda folder: [(folder / f"{MONEY}.{ending}").unlink() for ending in ("json", "binpb")],
    "no such message": lambda folder: [
        shutil.copy(folder / f"{MONEY}.{ending}", folder / f"messages/turnpike.v1.Moon.{ending}")
        for ending in ("json", "binpb")
    ],
    "the code": lambda folder: edit(
        folder / "errors/REQUEST_ID_REUSED.json", lambda it: it["read"].update(code="INTERNAL")
    ),
    "the metadata": lambda folder: edit(
        folder / "errors/REQUEST_ID_REUSED.json", lambda it: it["read"]["metadata"].update(three="3")
    ),
    "the time": lambda folder: edit(
        folder / "errors/PROVIDER_THROTTLED.json", lambda it: it["read"].update(retry_after_ms=2001)
    ),
    "whether something was sent": lambda folder: edit(
        folder / "errors/PROVIDER_THROTTLED.json", lambda it: it["read"].update(nothing_was_sent=False)
    ),
    "the fields": lambda folder: edit(
        folder / "errors/INVALID_FIELD.json", lambda it: it["read"].update(fields={"a.b[1]": "no"})
    ),
    "the status": lambda folder: edit(
        folder / "errors/INVALID_FIELD.json", lambda it: it["status"].update(message="yes")
    ),
    "no unknown reason": lambda folder: [each.unlink() for each in folder.glob("errors/UNKNOWN*")],
    "a forgery that is said to be genuine": lambda folder: edit(
        folder / "webhooks.json", lambda it: it[0].update(body=it[0]["body"] + " ")
    ),
    "another refusal": lambda folder: edit(folder / "webhooks.json", lambda it: it[1].update(refused="too_new")),
    "a delivery that is said to be refused": lambda folder: edit(
        folder / "webhooks.json", lambda it: (it[0].pop("event"), it[0].update(refused="too_old"))[1]
    ),
    "another event": lambda folder: edit(folder / "webhooks.json", lambda it: it[0]["event"].update(id="evt_2")),
    "both": lambda folder: edit(folder / "webhooks.json", lambda it: it[0].update(refused="too_old")),
    "no deliveries": lambda folder: (folder / "webhooks.json").write_text("[]"),
    "no webhooks": lambda folder: (folder / "webhooks.json").unlink(),
    "no messages": lambda folder: shutil.rmtree(folder / "messages"),
    "no errors": lambda folder: shutil.rmtree(folder / "errors"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_vectors(what: str, good: Path, tmp_path: Path) -> None:
    shutil.copytree(good, tmp_path / "contract")
    WRONG[what](tmp_path / "contract" / "vectors")
    assert len(failures(tmp_path / "contract")) == 1


def test_no_vectors_are_no_success(tmp_path: Path) -> None:
    assert len(failures(tmp_path)) == 3


def test_the_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: Path) -> None:
    import subprocess

    runner = [sys.executable, str(Path(matching.__file__).parent)]
    environment = {"PYTHONPATH": str(Path(v1.__path__[0]).parents[1])}

    def run(*arguments: str) -> int:
        return subprocess.run([*runner, *arguments], env=environment, capture_output=True, timeout=60).returncode

    assert run("vectors", str(good), str(tmp_path / "report.json")) == 0
    assert json.loads((tmp_path / "report.json").read_text())["language"] == "python"
    assert run("vectors", str(tmp_path), str(tmp_path / "report.json")) == 1
    assert run("stories", str(good), str(tmp_path / "report.json")) == 2, "there is no TURNPIKE_URL"
    assert run() == run("moon") == run("vectors") == 2
