"""Whoever knows one client knows the other."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import stories
from schema import methods

import turnpike
from turnpike.development import AsyncDevelopment, Development

PAIRS: list[tuple[Any, Any]] = [
    (turnpike.Turnpike, turnpike.AsyncTurnpike),
    (turnpike.Follow, turnpike.AsyncFollow),
    (turnpike.RequestIds, turnpike.AsyncRequestIds),
    (turnpike.MemoryStore, turnpike.AsyncMemoryStore),
    (Development, AsyncDevelopment),
]


def public(kind: Any) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


@pytest.mark.parametrize(("sync", "other"), PAIRS)
def test_the_same_members(sync: Any, other: Any) -> None:
    assert public(sync) == public(other)
    for name in public(sync):
        one, two = getattr(sync, name), getattr(other, name)
        if callable(one):
            assert list(inspect.signature(one).parameters) == list(inspect.signature(two).parameters), name


def test_every_service_has_a_member() -> None:
    services = {method.containing_service.name for method in methods()}
    assert services == set(stories.SERVICES)
    assert set(stories.SERVICES.values()) <= public(turnpike.Turnpike)


def test_everything_exported_is_there_and_says_what_it_is() -> None:
    assert set(turnpike.__all__) <= set(dir(turnpike))
    for name in turnpike.__all__:
        if not name.startswith("_"):
            assert inspect.getdoc(getattr(turnpike, name)), name
