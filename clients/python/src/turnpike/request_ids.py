"""Request ids that are made once and kept.

One request id moves money at most once, whatever breaks, as long as every repetition carries the same one. So it is
written down before it is used: `RequestIds` does that in a store of the caller's, such as a table.
"""

from __future__ import annotations

import re
import threading
import uuid
from typing import Protocol

_VALID = re.compile(r"[!-~]{1,64}")


class RequestIdError(Exception):
    """A request id that cannot be given out. Nothing was sent with it."""


class RequestIdExists(RequestIdError):
    """`first` was asked for a key that has an id already: what it names was begun before."""


class RequestIdMissing(RequestIdError):
    """`again` was asked for a key that has no id: what it names was never begun."""


class RequestIdStore(Protocol):
    """Where the ids are kept. It has to outlive the program, and to be shared by all that do the same work."""

    def load(self, key: str) -> str | None:
        """The id of this key, or None."""

    def save(self, key: str, request_id: str) -> bool:
        """Saves the id of a key that must not be there yet, for good, before it returns.

        True when it did; False when the key was there, which stays as it is. In SQL it is `INSERT … ON CONFLICT DO
        NOTHING`, and whether a row was written.
        """


class AsyncRequestIdStore(Protocol):
    """The same as `RequestIdStore`, for asyncio."""

    async def load(self, key: str) -> str | None:
        """The id of this key, or None."""

    async def save(self, key: str, request_id: str) -> bool:
        """Saves the id of a key that must not be there yet. Whether it did."""


class RequestIds:
    """Ids by key. A key is the caller's own name for what is being done, such as `order-17/charge`.

    What the store raises is passed on.
    """

    def __init__(self, store: RequestIdStore) -> None:
        self._store = store

    def first(self, key: str) -> str:
        """Makes an id, and saves it before it returns it. Raises `RequestIdExists` when the key has one."""
        made = _make(key)
        if self._store.save(key, made) is not True:
            raise _exists(key)
        return made

    def again(self, key: str) -> str:
        """The id that was kept. Raises `RequestIdMissing` when there is none, and makes none."""
        return _kept(key, self._store.load(_checked(key)))

    def for_(self, key: str) -> str:
        """The id that was kept, or else a new one that is saved first. All who ask at once get the same."""
        found = self._store.load(_checked(key))
        if found is not None:
            return _kept(key, found)
        made = _make(key)
        return made if self._store.save(key, made) is True else self.again(key)


class AsyncRequestIds:
    """The same as `RequestIds`, for asyncio."""

    def __init__(self, store: AsyncRequestIdStore) -> None:
        self._store = store

    async def first(self, key: str) -> str:
        """Makes an id, and saves it before it returns it. Raises `RequestIdExists` when the key has one."""
        made = _make(key)
        if await self._store.save(key, made) is not True:
            raise _exists(key)
        return made

    async def again(self, key: str) -> str:
        """The id that was kept. Raises `RequestIdMissing` when there is none, and makes none."""
        return _kept(key, await self._store.load(_checked(key)))

    async def for_(self, key: str) -> str:
        """The id that was kept, or else a new one that is saved first. All who ask at once get the same."""
        found = await self._store.load(_checked(key))
        if found is not None:
            return _kept(key, found)
        made = _make(key)
        return made if await self._store.save(key, made) is True else await self.again(key)


class MemoryStore:
    """Keeps ids in memory, for tests and for programs that send no money after a restart. Threads may share it."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._lock = threading.Lock()

    def load(self, key: str) -> str | None:
        """The id of this key, or None."""
        with self._lock:
            return self._ids.get(key)

    def save(self, key: str, request_id: str) -> bool:
        """Saves the id of a key that must not be there yet. Whether it did."""
        with self._lock:
            return self._ids.setdefault(key, request_id) is request_id


class AsyncMemoryStore:
    """The same as `MemoryStore`, for asyncio."""

    def __init__(self) -> None:
        self._inner = MemoryStore()

    async def load(self, key: str) -> str | None:
        """The id of this key, or None."""
        return self._inner.load(key)

    async def save(self, key: str, request_id: str) -> bool:
        """Saves the id of a key that must not be there yet. Whether it did."""
        return self._inner.save(key, request_id)


def _checked(key: str) -> str:
    if not key:
        raise ValueError("the key is empty")
    return key


def _make(key: str) -> str:
    _checked(key)
    return str(uuid.uuid4())


def _exists(key: str) -> RequestIdExists:
    return RequestIdExists(f"{key!r} has a request id already")


def _kept(key: str, found: str | None) -> str:
    if found is None:
        raise RequestIdMissing(f"{key!r} has no request id")
    if not _VALID.fullmatch(found):
        raise RequestIdError(f"what the store has for {key!r} is no request id")
    return found
