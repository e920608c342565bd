"""What the tests share. `unit` needs nothing; `served` needs the program: TURNPIKE_BINARY."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(FOLDER / "contract"), str(FOLDER / "tests")]

from gateway import Gateway  # noqa: E402
from server import Server  # noqa: E402


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the caller's shell has set is no part of a test."""
    for name in list(os.environ):
        if name.startswith("TURNPIKE_") and name != "TURNPIKE_BINARY":
            monkeypatch.delenv(name)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of our own, which does as it is told."""
    with Server() as server:
        yield server


@pytest.fixture(scope="session")
def shared_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that nobody stops."""
    with Gateway(tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway of the test's own, to be stopped and started."""
    with Gateway(tmp_path) as gateway:
        yield gateway
