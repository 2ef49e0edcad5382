"""dispatcher: a signal handler that shuts the bus down, at every step of those who use it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from canbus.backends.virtual.bus import VirtualBus
from canbus.dispatcher import dispatcher_of
from canbus.errors import CanClosedError
from canbus.testing.support import PATIENCE, numbered
from tests.interruptions import at_every_step, interrupted
from tests.unit.dispatch.consumers import Recorder, dispatchers, exactly


def _subscribe(bus: VirtualBus, other: VirtualBus) -> None:
    with bus.subscribe(exactly(1)) as subscription:
        other.send(numbered(1, 1))
        subscription.recv(PATIENCE)
        subscription.set_filters(exactly(2))
        subscription.recv(0.001)


def _read_beside(bus: VirtualBus, other: VirtualBus) -> None:
    other.send(numbered(1))
    bus.recv(0)
    with bus.subscribe():
        other.send(numbered(2))
        bus.recv(PATIENCE)
        bus.set_filters(exactly(3))
    bus.recv(0)


def _request(bus: VirtualBus, other: VirtualBus) -> None:
    other.send(numbered(1))
    with suppress(TimeoutError):
        bus.request(numbered(1), exactly(2), 0.001)


def _come_and_go(bus: VirtualBus, other: VirtualBus) -> None:
    first, second = Recorder(), Recorder()
    dispatcher_of(bus).add(first)
    dispatcher_of(bus).add(second, in_place_of_bus=True)
    dispatcher_of(bus).remove(first)
    dispatcher_of(bus).remove(second)


@pytest.mark.parametrize("use", [_subscribe, _read_beside, _request, _come_and_go])
def test_shutdown_in_a_signal_handler_at_every_step(
    use: Callable[[VirtualBus, VirtualBus], None],
) -> None:
    """It is shut down, no thread stays, and nothing but CanClosedError comes out."""

    def try_one(step: int) -> bool:
        bus, other = VirtualBus("interrupted"), VirtualBus("interrupted")

        def work() -> None:
            with suppress(CanClosedError):
                use(bus, other)

        reached = interrupted(work, step, bus.shutdown, within="canbus/")
        if reached:
            with pytest.raises(CanClosedError):
                bus.recv(0)
        bus.shutdown()
        other.shutdown()
        for thread in dispatchers():
            thread.join(PATIENCE)
        assert dispatchers() == []
        return reached

    try_one(1)
    before = threading.active_count()
    at_every_step(try_one)
    assert threading.active_count() == before
