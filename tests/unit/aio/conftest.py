"""What the tests of the asyncio face are given: pairs of buses."""

from __future__ import annotations

from typing import Any

import pytest

import canbus as can
from tests.unit.aio.support import pair


@pytest.fixture
def buses():
    """Makes pairs, and closes them."""
    made: list[Any] = []

    def make(**options: Any) -> Any:
        bus, peer = pair(**options)
        made.extend((bus.bus, peer))
        return bus, peer

    yield make
    for bus in made:
        bus.shutdown()


@pytest.fixture
def without_descriptor(monkeypatch):
    """`virtual`, as if it had none."""
    from canbus.backends.virtual.bus import VirtualBus

    def fileno(self: VirtualBus) -> int:
        raise can.CanUnsupportedError("no descriptor")

    monkeypatch.setattr(VirtualBus, "fileno", fileno)
