"""The program, as a child of the tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import turnpike
from turnpike import v1

START_SECONDS_MAX = 60


class Gateway:
    """`turnpike dev` over a store in a folder. Started again, it has the same port and knows what it knew."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._binary = os.environ["TURNPIKE_BINARY"]
        self._folder = folder
        self._arguments = arguments
        self.address = "127.0.0.1:0"
        self.api_key = "tpk_tests_of_python"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def environment(self) -> dict[str, str]:
        return {"TURNPIKE_URL": self.url, "TURNPIKE_API_KEY": self.api_key}

    def start(self) -> None:
        ready = self._folder / "ready.json"
        ready.unlink(missing_ok=True)
        command = [
            self._binary,
            "dev",
            "--grpc",
            self.address,
            "--simulators",
            "127.0.0.1:0",
            "--webhooks",
            "127.0.0.1:0",
        ]
        command += ["--data-dir", str(self._folder / "data"), "--ready-file", str(ready), "--api-key", self.api_key]
        with (self._folder / "gateway.log").open("ab") as log:
            self._process = subprocess.Popen([*command, *self._arguments], stdout=log, stderr=log)
        since = time.monotonic()
        while not (ready.exists() and ready.read_text()):
            assert self._process.poll() is None, (self._folder / "gateway.log").read_text()
            assert time.monotonic() - since < START_SECONDS_MAX, "the gateway does not start"
            time.sleep(0.02)
        self.address = json.loads(ready.read_text())["grpc"]

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            assert self._process.wait(START_SECONDS_MAX) == 0
        self._process = None

    def __enter__(self) -> Gateway:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def session_request(request_id: str, amount_minor: int = 29_900) -> v1.CreateSessionRequest:
    return v1.CreateSessionRequest(
        request_id=request_id,
        account="dintero-dev",
        merchant_reference=request_id,
        money=v1.Money(amount_minor=amount_minor, currency_code="NOK"),
        purpose=v1.SESSION_PURPOSE_PAY,
        return_urls=v1.ReturnUrls(success_url="https://shop.example/done"),
    )


def open_sessions(client: turnpike.Turnpike, name: str, count: int) -> list[str]:
    """Each is an event."""
    return [client.sessions.CreateSession(session_request(f"{name}-{each}")).session.id for each in range(count)]
