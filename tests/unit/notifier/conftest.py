"""A wire with two buses for each test, and a look for threads that were left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import canbus as can
from canbus.testing.support import PATIENCE

OpenBus = Callable[..., can.BusABC]
OURS = ("Notifier", "canbus dispatcher")


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    left = [each for each in threading.enumerate() if each.name.startswith(OURS)]
    for thread in left:  # one whose bus was shut down may be ending
        thread.join(PATIENCE)
        assert not thread.is_alive(), f"{thread} was left"


@pytest.fixture
def open_bus(request: pytest.FixtureRequest) -> Iterator[OpenBus]:
    """Opens buses on a wire of this test's, and shuts them down afterwards."""
    buses: list[can.BusABC] = []

    def open_one(channel: str = "", **options: Any) -> can.BusABC:
        name = f"{request.node.name} {channel}"
        bus: can.BusABC = can.Bus(name, interface="virtual", **options)
        buses.append(bus)
        return bus

    yield open_one
    for bus in buses:
        bus.shutdown()


@pytest.fixture
def bus(open_bus: OpenBus) -> can.BusABC:
    return open_bus()


@pytest.fixture
def other(open_bus: OpenBus) -> can.BusABC:
    """The other end of the wire, that sends."""
    return open_bus()
