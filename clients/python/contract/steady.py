"""One connection, kept over whatever happens in between: commands come as lines, and answers go as lines."""

from __future__ import annotations

import os
import queue
import sys
import threading

import grpc

import turnpike
from turnpike import settings, v1

EVENT_SECONDS_MAX = 120.0
"""How long `event` waits for the next one."""

WAITING_EVENTS_MAX = 1_000
"""Events that were read and not asked for yet. From then on reading waits."""

PAGE_SIZE = 200


class Steady:
    """The client, and the stream of events if there is one."""

    def __init__(self, client: turnpike.Turnpike) -> None:
        self._client = client
        self._come: queue.Queue[str] | None = None

    def obey(self, command: str) -> str:
        """What is to be printed. Empty means nothing."""
        try:
            if command == "call":
                self._client.accounts.ListAccounts(v1.ListAccountsRequest())
                return "ok"
            if command == "stream":
                self._stream()
                return ""
            if command == "event":
                return self._event()
        except turnpike.Error as error:
            return _failed(error)
        return f"failed INVALID_ARGUMENT nobody knows {command!r}"

    def _stream(self) -> None:
        come: queue.Queue[str] = queue.Queue(WAITING_EVENTS_MAX)
        follower = self._client.follow(after=self._newest())

        def read() -> None:
            try:
                for event, _ in follower:
                    come.put(f"event {event.id}")
            except turnpike.Error as error:
                come.put(_failed(error))

        self._come = come
        threading.Thread(target=read, daemon=True).start()

    def _newest(self) -> str:
        """The place behind the newest event. Not `only_new`: a stream that breaks at once would not know it."""
        request, more = v1.ListEventsRequest(page_size=PAGE_SIZE), True
        while more:
            page = self._client.events.ListEvents(request)
            request.after, more = page.next_cursor, page.has_more
        return request.after

    def _event(self) -> str:
        if self._come is None:
            return "failed FAILED_PRECONDITION there is no stream"
        try:
            return self._come.get(timeout=EVENT_SECONDS_MAX)
        except queue.Empty:
            return f"failed {grpc.StatusCode.DEADLINE_EXCEEDED.name} no event came"


def run() -> None:
    """Until `quit`, or the end of the lines."""
    milliseconds = {
        "keepalive_seconds": os.environ.get("TURNPIKE_KEEPALIVE_MS") or settings.KEEPALIVE_SECONDS * 1000,
        "keepalive_timeout_seconds": os.environ.get("TURNPIKE_KEEPALIVE_TIMEOUT_MS")
        or settings.KEEPALIVE_TIMEOUT_SECONDS * 1000,
    }
    seconds = {name: float(value) / 1000 for name, value in milliseconds.items()}
    with turnpike.Turnpike.from_environment(**seconds) as client:
        steady = Steady(client)
        for line in sys.stdin:
            if line.strip() == "quit":
                return
            said = steady.obey(line.strip())
            if said:
                print(said, flush=True)


def _failed(error: turnpike.Error) -> str:
    return f"failed {error.code.name} {' '.join(error.message.split())}"
