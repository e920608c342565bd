"""A TCP proxy that breaks in the ways that networks do: it forgets connections without a word."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import suppress

LOOK_SECONDS = 0.05
CHUNK = 65_536


class _Pair:
    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self.heard = time.monotonic()
        self.forgotten = False


class Proxy:
    """Between a client and a gateway. What is forgotten stays open, and nothing goes through it any more."""

    def __init__(self, target: str, *, forget_after_idle: float | None = None) -> None:
        host, port = target.rsplit(":", 1)
        self._target = (host, int(port))
        self._idle = forget_after_idle
        self._pairs: list[_Pair] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def connections(self) -> int:
        """How many there were."""
        return len(self._pairs)

    @property
    def forgotten(self) -> int:
        return sum(pair.forgotten for pair in self._pairs)

    def forget(self) -> None:
        """Every connection that there is. New ones are served."""
        for pair in self._pairs:
            pair.forgotten = True

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            while not self._ended.is_set():
                for key, _ in selector.select(LOOK_SECONDS):
                    if key.fileobj is self._listener:
                        self._accept(selector)
                    else:
                        self._carry(selector, key)
                if self._idle is not None:
                    for pair in self._pairs:
                        pair.forgotten |= time.monotonic() - pair.heard > self._idle

    def _accept(self, selector: selectors.BaseSelector) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(self._target, 2)
        except OSError:
            client.close()
            return
        pair = _Pair(client, server)
        self._pairs.append(pair)
        selector.register(client, selectors.EVENT_READ, (pair, client, server))
        selector.register(server, selectors.EVENT_READ, (pair, server, client))

    def _carry(self, selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        pair, source, sink = key.data
        try:
            data = source.recv(CHUNK)
            if pair.forgotten and data:
                return
            pair.heard = time.monotonic()
            if data and not pair.forgotten:
                sink.sendall(data)
        except OSError:
            data = b""
        if not data:
            selector.unregister(source)
            if not pair.forgotten:
                with suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._listener.close()
        for pair in self._pairs:
            pair.client.close()
            pair.server.close()
