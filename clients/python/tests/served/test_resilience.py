"""What `steady` says while the gateway and the network break. The runner is the program that everyone else's is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conftest import FOLDER
from gateway import Gateway, open_sessions
from proxy import Proxy

import turnpike
from turnpike import _policy, v1

BACK_SECONDS_MAX = _policy.RECONNECT_MAX_MS / 1000 * 1.5

RUNNER = [sys.executable, str(FOLDER / "contract")]


def environment(gateway: Gateway, **more: str) -> dict[str, str]:
    return {**os.environ, **gateway.environment, "PYTHONPATH": str(FOLDER / "src"), **more}


class Steady:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin, process.stdout

    def tell(self, command: str) -> None:
        self._in.write(f"{command}\n")
        self._in.flush()

    def ask(self, command: str) -> str:
        self.tell(command)
        return self._out.readline().strip()


@contextmanager
def steady(gateway: Gateway, **more: str) -> Iterator[Steady]:
    process = subprocess.Popen(
        [*RUNNER, "steady"],
        env=environment(gateway, **more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    runner = Steady(process)
    try:
        yield runner
        runner.tell("quit")
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def test_the_stories(shared_gateway: Gateway, tmp_path: Path) -> None:
    contract = FOLDER.parents[1] / "contract"
    command = [*RUNNER, "stories", str(contract), str(tmp_path / "report.json")]
    ended = subprocess.run(command, env=environment(shared_gateway), capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout


def test_a_restart(gateway: Gateway) -> None:
    with steady(gateway) as runner:
        assert runner.ask("call") == "ok"
        for _ in range(3):
            gateway.stop()
            gateway.start()
            assert runner.ask("call") == "ok"


def test_a_call_while_nobody_is_there(gateway: Gateway) -> None:
    """It fails soon, and says so. When somebody is there again, the client is back within its longest pause."""
    with steady(gateway) as runner:
        assert runner.ask("call") == "ok"
        gateway.stop()
        began = time.monotonic()
        assert runner.ask("call").startswith("failed UNAVAILABLE ")
        assert time.monotonic() - began < 10
        gateway.start()
        until = time.monotonic() + BACK_SECONDS_MAX
        while runner.ask("call") != "ok":
            assert time.monotonic() < until
            time.sleep(0.1)


def test_idle_connections_are_forgotten(gateway: Gateway) -> None:
    with Proxy(gateway.address, forget_after_idle=3) as proxy:
        with steady(gateway, TURNPIKE_URL=proxy.url, TURNPIKE_KEEPALIVE_MS="1000") as runner:
            assert runner.ask("call") == "ok"
            time.sleep(6)
            assert runner.ask("call") == "ok"
            assert (proxy.connections, proxy.forgotten) == (1, 0), "pings keep the connection in mind"
        # The proxy forgets indeed what keeps still.
        with steady(gateway, TURNPIKE_URL=proxy.url) as runner:
            assert runner.ask("call") == "ok"
            time.sleep(4)
            assert proxy.forgotten == proxy.connections == 2


def test_a_half_open_connection(gateway: Gateway) -> None:
    short = {"TURNPIKE_KEEPALIVE_MS": "1000", "TURNPIKE_KEEPALIVE_TIMEOUT_MS": "1000"}
    with Proxy(gateway.address) as proxy, steady(gateway, TURNPIKE_URL=proxy.url, **short) as runner:
        assert runner.ask("call") == "ok"
        proxy.forget()
        began = time.monotonic()
        assert runner.ask("call") == "ok"
        assert time.monotonic() - began < 10
        assert proxy.connections == 2
        # A stream is taken up again, too.
        runner.tell("stream")
        assert runner.ask("call") == "ok"
        proxy.forget()
        with turnpike.Turnpike(gateway.url, gateway.api_key) as client:
            open_sessions(client, "half-open", 1)
        assert runner.ask("event").startswith("event evt_")


def test_a_stream_goes_on(gateway: Gateway) -> None:
    with turnpike.Turnpike(gateway.url, gateway.api_key) as client, steady(gateway) as runner:

        def listed() -> list[str]:
            return [each.id for each in client.pages(client.events.ListEvents, v1.ListEventsRequest())]

        assert runner.ask("event").startswith("failed FAILED_PRECONDITION")
        open_sessions(client, "before", 3)
        told = len(listed())
        runner.tell("stream")
        assert runner.ask("call") == "ok"
        for turn in range(3):
            open_sessions(client, f"turn-{turn}", 2)
            for event in listed()[told:]:
                assert runner.ask("event") == f"event {event}"
                told += 1
            gateway.stop()
            gateway.start()
        assert told >= 9
