"""The client against the real gateway: pages, events over a restart, time, faults and certificates of errors."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
import uuid
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest
from conftest import FOLDER
from gateway import Gateway, open_sessions, session_request
from server import free_port

import turnpike
from turnpike import v1

SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGlydHkgYnl0ZXMgb3Igc28="


def client_of(gateway: Gateway) -> turnpike.Turnpike:
    return turnpike.Turnpike(gateway.url, gateway.api_key)


def test_pages(shared_gateway: Gateway) -> None:
    with client_of(shared_gateway) as client:
        opened = open_sessions(client, f"pages-{uuid.uuid4()}", 7)
        for page_size in (2, 7, 200):
            request = v1.ListEventsRequest(types=["session.opened"], page_size=page_size)
            listed = [each.session.session.id for each in client.pages(client.events.ListEvents, request)]
            assert [each for each in listed if each in opened] == opened
        calls = []

        def counted(request: v1.ListAccountsRequest) -> v1.ListAccountsResponse:
            calls.append(request.page_token)
            return client.accounts.ListAccounts(request)

        one_page = [each.name for each in client.accounts.ListAccounts(v1.ListAccountsRequest()).accounts]
        assert [each.name for each in client.pages(counted, v1.ListAccountsRequest(page_size=2))] == one_page
        assert len(calls) == len(set(calls)) == (len(one_page) + 1) // 2 > 1


def test_following_over_restarts(gateway: Gateway) -> None:
    seen: list[str] = []
    opened: list[str] = []
    with client_of(gateway) as client:
        follower = client.follow(types=["session.opened"])
        expected, enough = 30, threading.Event()

        def read() -> None:
            for event, _ in follower:
                seen.append(event.session.session.id)
                if len(seen) == expected:
                    enough.set()
            enough.set()

        reader = threading.Thread(target=read)
        reader.start()
        for turn in range(3):
            opened += open_sessions(client, f"follow-{turn}", 10)
            gateway.stop()
            if turn == 1:
                time.sleep(1.5)
            gateway.start()
        assert enough.wait(60)
        time.sleep(0.5)
        follower.close()
        reader.join(10)
        assert seen == opened

        # Whoever kept a cursor goes on behind it.
        places = list(islice(client.follow(types=["session.opened"]), 30))
        behind = client.follow(places[19].cursor, types=["session.opened"])
        assert [each.event.session.session.id for each in islice(behind, 10)] == opened[20:]


def test_following_over_a_restart_async(gateway: Gateway) -> None:
    async def main() -> None:
        async with turnpike.AsyncTurnpike(gateway.url, gateway.api_key) as client:
            follower = client.follow(types=["session.opened"])

            async def read(count: int) -> list[str]:
                return [(await anext(follower)).event.session.session.id for _ in range(count)]

            async def open_session(name: str) -> str:
                return (await client.sessions.CreateSession(session_request(name))).session.id

            opened = [await open_session(f"before-{number}") for number in range(5)]
            assert await read(5) == opened
            reader = asyncio.create_task(read(5))
            await asyncio.sleep(0.2)
            await asyncio.to_thread(gateway.stop)
            await asyncio.to_thread(gateway.start)
            opened = [await open_session(f"after-{number}") for number in range(5)]
            assert await asyncio.wait_for(reader, 60) == opened

    asyncio.run(main())


def test_a_wrong_cursor_and_a_wrong_key(shared_gateway: Gateway) -> None:
    with client_of(shared_gateway) as client, pytest.raises(turnpike.Error) as caught:
        next(client.follow("nonsense"))
    assert (caught.value.reason, list(caught.value.fields)) == (v1.ERROR_REASON_INVALID_FIELD, ["after"])
    with turnpike.Turnpike(shared_gateway.url, "tpk_1") as client, pytest.raises(turnpike.Error) as caught:
        next(client.follow())
    assert caught.value.reason == v1.ERROR_REASON_INVALID_CREDENTIALS


def test_development(gateway: Gateway) -> None:
    with client_of(gateway) as client:
        help_ = client.development
        before = help_.now()
        after = help_.advance(timedelta(days=30))
        assert timedelta(days=30) <= after - before < timedelta(days=30, minutes=5)
        assert help_.now() >= after

        session = client.sessions.CreateSession(session_request("declined")).session
        assert help_.cancel(session).startswith("https://shop.example/done")
        assert help_.fault(v1.FAULT_KIND_THROTTLED, account="dintero-dev", times=1000) == 1
        with pytest.raises(turnpike.Error) as caught:
            client.sessions.CreateSession(session_request("throttled"), timeout=20)
        assert caught.value.reason == v1.ERROR_REASON_PROVIDER_THROTTLED
        assert caught.value.nothing_was_sent
        assert caught.value.retry_after is not None
        assert help_.clear() == 0
        assert help_.fault(v1.FAULT_KIND_HTTP_STATUS, provider="dintero", http_status=503, times=1000) == 1
        with pytest.raises(turnpike.Error) as caught:
            client.sessions.CreateSession(session_request("refused"))
        # Five attempts are as many failures as the gateway takes before it asks the provider no more.
        reasons = (v1.ERROR_REASON_PROVIDER_UNREACHABLE, v1.ERROR_REASON_PROVIDER_BREAKER_OPEN)
        assert caught.value.reason in reasons


def test_development_async(gateway: Gateway) -> None:
    async def main() -> None:
        async with turnpike.AsyncTurnpike(gateway.url, gateway.api_key) as client:
            help_ = client.development
            assert await help_.advance(timedelta(hours=1)) <= await help_.now()
            paid, left = [
                (await client.sessions.CreateSession(session_request(name))).session for name in ("paid", "left")
            ]
            assert (await help_.pay(paid.id)).startswith("https://shop.example/done")
            assert (await help_.cancel(left)).startswith("https://shop.example/done")
            fault = help_.fault(v1.FAULT_KIND_LATE, account="dintero-dev", delay=timedelta(seconds=1), skip=3)
            assert await fault == 1
            assert await help_.clear("dintero-dev") == 0
            assert [each.name async for each in client.pages(client.accounts.ListAccounts, v1.ListAccountsRequest())]

    asyncio.run(main())


# ---- examples ----


def run_example(gateway: Gateway, folder: Path, name: str, *arguments: str, **more: str) -> list[str]:
    environment = {**os.environ, **gateway.environment, "PYTHONPATH": str(FOLDER / "src"), **more}
    command = [sys.executable, str(FOLDER / "examples" / f"{name}.py"), *arguments]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def test_checkout(shared_gateway: Gateway, tmp_path: Path) -> None:
    opened, paid = run_example(shared_gateway, tmp_path, "checkout")
    assert opened.startswith("ses_")
    assert paid.startswith("pay_")
    assert paid.endswith(" took 49900 NOK (minor units)")


def test_charge_token(shared_gateway: Gateway, tmp_path: Path) -> None:
    charged, again, refused = run_example(shared_gateway, tmp_path, "charge_token")
    assert charged.endswith(" took 25000")
    assert (again, refused) == ("again: replayed=True, 25000", "refused: REQUEST_ID_REUSED")


def test_schedule(gateway: Gateway, tmp_path: Path) -> None:
    lines = run_example(gateway, tmp_path, "schedule")
    assert [line.split()[0] for line in lines[:3]] == ["planned:"] * 3
    assert lines[3:] == [
        "occurrence 3: OCCURRENCE_STATUS_PAID",
        "occurrence 2: OCCURRENCE_STATUS_PAID",
        "occurrence 1: OCCURRENCE_STATUS_PAID",
        "SCHEDULE_STATUS_CANCELLED",
    ]


def test_stream_events(gateway: Gateway, tmp_path: Path) -> None:
    first = run_example(gateway, tmp_path, "stream_events")
    second = run_example(gateway, tmp_path, "stream_events")
    assert len(first) == len(second) == 5
    assert len({*first, *second}) == 10


def test_verify_webhook(tmp_path: Path) -> None:
    port = str(free_port())
    to = f"http://127.0.0.1:{port}/hooks"
    with Gateway(tmp_path, "--webhook-to", to, "--webhook-secret", SECRET) as gateway:
        (line,) = run_example(gateway, tmp_path, "verify_webhook", port, WEBHOOK_SECRETS=f"whsec_b2xk {SECRET}")
    kind, event_id = line.split()
    # Whichever of the two that a new session makes comes first.
    assert kind in ("session.opened", "payment.requires_action")
    assert event_id.startswith("evt_")
