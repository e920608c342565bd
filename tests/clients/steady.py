"""What a connection goes through, and how each client takes it: a restart, an idle time in which the way
forgets it, a connection that is dead without anybody saying so, and a stream of events through all that.

    python3 tests/clients/steady.py GATEWAY RUNNERS

GATEWAY is the `turnpike` binary. RUNNERS is a JSON file: for each language the command of its contract
runner, whose `steady` contract/README.md describes. Every language has a gateway of its own; between it
and the client stands a way that can go wrong. Ends with 1 when a first call failed anywhere.
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

KEEPALIVE_MS = 1000
"""How soon a client asks a silent connection for a sign of life, instead of its default."""
FORGOTTEN_AFTER_SECONDS = 3.0
"""How long a connection may be silent before the way forgets it."""
IDLE_SECONDS = 7.0
ANSWER_SECONDS_MAX = 40.0
START_SECONDS_MAX = 60.0
API_KEY = "tpk_dev_steady_0000000000000000000000"


class Failed(Exception):
    """A client did not take what happened."""


class Way:
    """Stands between a client and its gateway, as a load balancer or a firewall does."""

    def __init__(self, to_port: int) -> None:
        self.to_port = to_port
        self.forgets = False
        self.accepted = 0
        self._alive: list[Connection] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_connections(self) -> None:
        """From now on nothing gets through on what is open, and nobody is told."""
        for connection in self._alive:
            connection.lost = True

    def close(self) -> None:
        self._listener.close()
        for connection in self._alive:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.to_port), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            self.accepted += 1
            connection = Connection(self, near, far)
            self._alive.append(connection)
            connection.start()


class Connection:
    """One connection through the way."""

    def __init__(self, way: Way, near: socket.socket, far: socket.socket) -> None:
        self.way, self.near, self.far = way, near, far
        self.lost = False
        self.last = time.monotonic()

    def start(self) -> None:
        for source, target in ((self.near, self.far), (self.far, self.near)):
            threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def close(self) -> None:
        for end in (self.near, self.far):
            try:
                end.close()
            except OSError:
                pass

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        while True:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            now = time.monotonic()
            if self.way.forgets and now - self.last > FORGOTTEN_AFTER_SECONDS:
                self.lost = True
            if self.lost:
                # Swallowed, and the other end is told nothing, not even that this one has gone.
                if not data:
                    return
                continue
            if not data:
                for end, how in ((target, socket.SHUT_WR),):
                    try:
                        end.shutdown(how)
                    except OSError:
                        pass
                return
            self.last = now
            try:
                target.sendall(data)
            except OSError:
                return


class Gateway:
    """`turnpike dev` on one port, over one store."""

    def __init__(self, binary: str, folder: Path) -> None:
        self.binary, self.folder = binary, folder
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        with open(self.folder / "gateway.log", "ab") as log:
            self._process = subprocess.Popen(
                [self.binary, "dev", "--grpc", f"127.0.0.1:{self.port}", "--webhooks", "127.0.0.1:0"]
                + ["--simulators", "127.0.0.1:0", "--data-dir", str(self.folder / "data")]
                + ["--ready-file", str(ready)],
                env={**os.environ, "TURNPIKE_API_KEY": API_KEY},
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + START_SECONDS_MAX
        while not (ready.exists() and ready.stat().st_size > 0):
            if self._process.poll() is not None or time.monotonic() > until:
                raise Failed("the gateway did not start: " + (self.folder / "gateway.log").read_text()[-2000:])
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                raise Failed("the gateway did not stop while a client was connected") from None
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def call(self, rpc: str, request: dict[str, object]) -> dict[str, object]:
        """Calls the gateway itself, in JSON."""
        call = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/turnpike.v1.{rpc}",
            json.dumps(request).encode(),
            {"content-type": "application/json", "authorization": f"Bearer {API_KEY}"},
        )
        with urllib.request.urlopen(call, timeout=20) as answer:
            return json.load(answer)

    def make_something_happen(self, name: str) -> None:
        self.call(
            "SessionService/CreateSession",
            {
                "requestId": name,
                "account": "dintero-dev",
                "money": {"amountMinor": "29900", "currencyCode": "NOK"},
                "merchantReference": name,
                "purpose": "SESSION_PURPOSE_PAY",
                "returnUrls": {"successUrl": "https://shop.example/thanks"},
            },
        )

    def event_ids(self) -> list[str]:
        answer = self.call("EventService/ListEvents", {"pageSize": 200})
        return [event["id"] for event in answer.get("events", [])]


class Client:
    """A contract runner that keeps one connection."""

    def __init__(self, command: list[str], port: int) -> None:
        self._process = subprocess.Popen(
            [*command, "steady"],
            env={
                **os.environ,
                "TURNPIKE_URL": f"http://127.0.0.1:{port}",
                "TURNPIKE_API_KEY": API_KEY,
                "TURNPIKE_KEEPALIVE_MS": str(KEEPALIVE_MS),
                "TURNPIKE_KEEPALIVE_TIMEOUT_MS": str(KEEPALIVE_MS),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.strip())
        self._lines.put("(the runner ended)")

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def heard_within(self, seconds: float) -> str | None:
        try:
            return self._lines.get(timeout=seconds)
        except queue.Empty:
            return None

    def hear(self, why: str) -> str:
        try:
            return self._lines.get(timeout=ANSWER_SECONDS_MAX)
        except queue.Empty:
            raise Failed(f"{why}: no answer in {ANSWER_SECONDS_MAX:.0f} s") from None

    def call(self, why: str) -> float:
        began = time.monotonic()
        self.say("call")
        answer = self.hear(why)
        if answer != "ok":
            raise Failed(f"{why}: {answer}")
        return time.monotonic() - began

    def event(self, why: str) -> str:
        self.say("event")
        answer = self.hear(why)
        if not answer.startswith("event evt_"):
            raise Failed(f"{why}: {answer}")
        return answer.removeprefix("event ")

    def end(self) -> None:
        if self._process.poll() is None:
            try:
                self.say("quit")
                self._process.wait(15)
            except (OSError, subprocess.TimeoutExpired):
                self._process.kill()


def first_event(gateway: Gateway, client: Client) -> str:
    """Makes things happen until the stream has begun, and tells of one."""
    client.say("event")
    for number in range(int(ANSWER_SECONDS_MAX)):
        gateway.make_something_happen(f"begin-{number}")
        answer = client.heard_within(1.0)
        if answer is not None:
            if not answer.startswith("event evt_"):
                raise Failed(f"the first event: {answer}")
            return answer.removeprefix("event ")
    raise Failed(f"no event came in {ANSWER_SECONDS_MAX:.0f} s")


def live_through(gateway: Gateway, way: Way, client: Client) -> dict[str, float]:
    """All that happens to one client: what, and how long the call after it took."""
    took = {"first": client.call("the first call")}

    gateway.restart()
    took["restart"] = client.call("after a restart")

    way.forgets = True
    time.sleep(IDLE_SECONDS)
    took["idle"] = client.call("after an idle time")
    way.forgets = False

    way.lose_connections()
    took["half-open"] = client.call("on a connection that is dead")

    client.say("stream")
    heard = [first_event(gateway, client)]
    began = time.monotonic()
    gateway.restart()
    gateway.make_something_happen("steady-2")
    way.lose_connections()
    gateway.make_something_happen("steady-3")
    everything = gateway.event_ids()
    expected = everything[everything.index(heard[0]) :]
    if len(expected) < 4:
        raise Failed(f"too little happened: {expected}")
    while len(heard) < len(expected):
        heard.append(client.event("an event after a restart"))
    if heard != expected:
        raise Failed(f"events were lost or repeated: {heard} instead of {expected}")
    took["events"] = time.monotonic() - began
    return took


def try_language(language: str, command: list[str], binary: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix=f"steady-{language}-") as folder:
        gateway = Gateway(binary, Path(folder))
        gateway.start()
        way = Way(gateway.port)
        client = Client(command, way.port)
        try:
            return live_through(gateway, way, client)
        finally:
            client.end()
            way.close()
            gateway.stop()


def main() -> int:
    binary, runners = sys.argv[1], json.loads(Path(sys.argv[2]).read_text())
    columns = ["first", "restart", "idle", "half-open", "events"]
    print(f"{'seconds':<12}" + "".join(f"{column:>11}" for column in columns), flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(len(runners)) as pool:
        trials = {language: pool.submit(try_language, language, command, binary) for language, command in runners.items()}
        for language, trial in trials.items():
            try:
                took = trial.result()
                print(f"{language:<12}" + "".join(f"{took[column]:>11.2f}" for column in columns), flush=True)
            except Failed as why:
                failed += 1
                print(f"{language:<12}FAILED {why}", flush=True)
    print(f"{len(runners) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
