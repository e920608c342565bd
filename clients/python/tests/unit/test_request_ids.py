"""A request id is made once, saved before it is known, and kept."""

from __future__ import annotations

import asyncio
import threading
import uuid

import pytest

from turnpike import (
    AsyncMemoryStore,
    AsyncRequestIds,
    MemoryStore,
    RequestIdError,
    RequestIdExists,
    RequestIdMissing,
    RequestIds,
)


class Recording(MemoryStore):
    """Notes what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.saved: list[str] = []

    def save(self, key: str, request_id: str) -> bool:
        self.saved.append(key)
        return super().save(key, request_id)


def test_first_then_again() -> None:
    store = Recording()
    ids = RequestIds(store)
    made = ids.first("order-17/charge")
    assert str(uuid.UUID(made)) == made
    assert store.saved == ["order-17/charge"]
    assert ids.again("order-17/charge") == made == store.load("order-17/charge")
    assert ids.for_("order-17/charge") == made
    assert ids.for_("order-18/charge") != made
    with pytest.raises(RequestIdExists, match="'order-17/charge'"):
        ids.first("order-17/charge")
    assert ids.again("order-17/charge") == made


def test_again_makes_none() -> None:
    store = Recording()
    with pytest.raises(RequestIdMissing, match="'order-17/charge'"):
        RequestIds(store).again("order-17/charge")
    assert store.saved == []


def test_nothing_is_returned_that_was_not_saved() -> None:
    class Broken(MemoryStore):
        def save(self, key: str, request_id: str) -> bool:
            raise OSError("the disk is full")

    class Forgetful(MemoryStore):
        """Forgot to say whether it saved, and did not."""

        def save(self, key: str, request_id: str) -> bool:
            return None  # type: ignore[return-value]

    for way in ("first", "for_"):
        with pytest.raises(OSError, match="the disk is full"):
            getattr(RequestIds(Broken()), way)("order-17")
        with pytest.raises(RequestIdError):
            getattr(RequestIds(Forgetful()), way)("order-17")


@pytest.mark.parametrize("kept", ["", "a b", "x" * 65, "é"])
def test_what_is_kept_has_to_be_an_id(kept: str) -> None:
    store = MemoryStore()
    store.save("order-17", kept)
    for way in ("again", "for_"):
        with pytest.raises(RequestIdError, match="no request id"):
            getattr(RequestIds(store), way)("order-17")


@pytest.mark.parametrize("way", ["first", "again", "for_"])
def test_a_key_is_not_empty(way: str) -> None:
    with pytest.raises(ValueError, match="the key is empty"):
        getattr(RequestIds(MemoryStore()), way)("")


def test_all_who_ask_at_once_get_the_same() -> None:
    barrier = threading.Barrier(8)

    class Slow(MemoryStore):
        """All look before anyone saves."""

        def load(self, key: str) -> str | None:
            found = super().load(key)
            if found is None:
                barrier.wait(5)
            return found

    ids, got = RequestIds(Slow()), []
    threads = [threading.Thread(target=lambda: got.append(ids.for_("order-17"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(got) == 8
    assert len(set(got)) == 1


def test_async() -> None:
    async def main() -> None:
        ids = AsyncRequestIds(AsyncMemoryStore())
        with pytest.raises(RequestIdMissing):
            await ids.again("order-17")
        made = await ids.first("order-17")
        assert made == await ids.again("order-17") == await ids.for_("order-17")
        with pytest.raises(RequestIdExists):
            await ids.first("order-17")
        assert len(set(await asyncio.gather(*(ids.for_("order-18") for _ in range(8))))) == 1

    asyncio.run(main())
