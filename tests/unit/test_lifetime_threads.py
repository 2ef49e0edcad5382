"""Shutting down a virtual bus in a signal handler, at every step, and beside other threads."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from canbus.backends.virtual import bus as virtual
from canbus.backends.virtual.bus import VirtualBus
from canbus.errors import CanClosedError
from canbus.filters import CanFilter
from canbus.testing.support import (
    PATIENCE,
    Worker,
    numbered,
    receive,
    wait_until_blocked,
)
from tests.interruptions import at_every_step, interrupted

# -- shutdown in a signal handler ---------------------------------------------------------


def _send(bus: VirtualBus, other: VirtualBus) -> None:
    for number in range(3):
        bus.send(numbered(number))


def _send_to(bus: VirtualBus, other: VirtualBus) -> None:
    for number in range(3):
        other.send(numbered(number))


def _receive(bus: VirtualBus, other: VirtualBus) -> None:
    other.send(numbered(1))
    bus.recv(0)
    bus.recv(0)


def _wait_to_receive(bus: VirtualBus, other: VirtualBus) -> None:
    bus.recv(0.01)


def _send_and_receive_beside_a_descriptor(bus: VirtualBus, other: VirtualBus) -> None:
    bus.fileno()
    for number in range(2):
        other.send(numbered(number))
        bus.recv(0)


def _set_filters(bus: VirtualBus, other: VirtualBus) -> None:
    bus.set_filters([{"can_id": 1, "can_mask": 1}])
    assert bus.statistics.rx_dropped == 0
    bus.set_filters(None)


def _send_periodic(bus: VirtualBus, other: VirtualBus) -> None:
    bus.send_periodic(numbered(1), 0.001)


def _start_again(bus: VirtualBus, other: VirtualBus) -> None:
    task = bus.send_periodic(numbered(1), 0.001, duration=0.001, autostart=False)
    for _ in range(2):
        task.start()
        other.recv(0.02)  # just sent, or never to come because it was closed


def _shutdown(bus: VirtualBus, other: VirtualBus) -> None:
    bus.fileno()
    bus.send_periodic(numbered(1), 0.001)
    bus.shutdown()


EVERYTHING: list[Callable[[VirtualBus, VirtualBus], None]] = [
    _send,
    _send_to,
    _receive,
    _wait_to_receive,
    _send_and_receive_beside_a_descriptor,
    _set_filters,
    _send_periodic,
    _start_again,
    _shutdown,
]


@pytest.mark.parametrize("use", EVERYTHING)
@pytest.mark.parametrize("flooded", [False, True])
def test_shutdown_in_a_signal_handler_at_every_step(
    use: Callable[[VirtualBus, VirtualBus], None], flooded: bool
) -> None:
    """It is shut down, nothing hangs, and nothing but CanClosedError comes out.

    Once with nobody else there, once with another thread that is sending just then.
    """

    def try_one(step: int) -> bool:
        bus, other, third = (VirtualBus("handler") for _ in range(3))
        sending: list[Worker[None]] = []

        def handler() -> None:
            if flooded:
                sending.append(Worker(lambda: third.send(numbered(9))))
                wait_until_blocked(*sending)
            bus.shutdown()

        def work() -> None:
            with suppress(CanClosedError):
                use(bus, other)

        # Not in a `finally`: where this fails, locks are held for ever.
        reached = interrupted(work, step, handler)
        for worker in sending:
            worker.result()
        if reached:
            with pytest.raises(CanClosedError):
                bus.recv(0)
        for one in (bus, other, third):
            one.shutdown()
        assert "handler" not in virtual._wires
        return reached

    before = threading.active_count()
    at_every_step(try_one)
    assert threading.active_count() == before


# -- shutdown beside other threads --------------------------------------------------------


def _fileno(bus: VirtualBus) -> None:
    assert bus.fileno() >= 0


RACERS: list[Callable[[VirtualBus], object]] = [
    lambda bus: bus.set_filters([{"can_id": 1, "can_mask": 1}]),
    lambda bus: bus.statistics,
    _fileno,
    lambda bus: bus.recv(0),
    lambda bus: bus.recv(1),
    lambda bus: bus.send(numbered(1)),
    lambda bus: bus.send_periodic(numbered(2), 0.0001, duration=0.0001),
]


@pytest.fixture
def _many_switches() -> Any:
    """Threads take turns as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_many_switches")
def test_shutdown_beside_threads_that_use_the_bus_is_only_ever_closed_to_them() -> None:
    chance = random.Random(1)
    for _ in range(200):
        bus = VirtualBus("race")
        using = threading.Barrier(len(RACERS) + 1)

        def use(
            racer: Callable[[VirtualBus], object],
            bus: VirtualBus = bus,
            using: threading.Barrier = using,
        ) -> None:
            using.wait(PATIENCE)
            while True:
                racer(bus)

        workers = [Worker(lambda racer=racer, use=use: use(racer)) for racer in RACERS]  # type: ignore[misc]
        using.wait(PATIENCE)
        for _ in range(chance.randrange(200)):
            pass
        bus.shutdown()
        assert {type(worker.error()) for worker in workers} == {CanClosedError}
    assert "race" not in virtual._wires


@pytest.mark.usefixtures("_many_switches")
def test_filters_set_by_two_threads_at_once_are_those_in_force() -> None:
    with VirtualBus("filters") as sender, VirtualBus("filters") as bus:
        for _ in range(50):
            both = threading.Barrier(2)

            def set_often(arbitration_id: int, both: threading.Barrier = both) -> None:
                wanted = [CanFilter(arbitration_id, 0x7FF, extended=False)]
                both.wait(PATIENCE)
                for _ in range(20):
                    bus.set_filters(wanted)

            for worker in [Worker(lambda i=i, f=set_often: f(i)) for i in (1, 2)]:  # type: ignore[misc]
                worker.result()
            for arbitration_id in (1, 2):
                sender.send(numbered(7, arbitration_id))
            in_force = bus.filters or ()
            assert [receive(bus).arbitration_id] == [wanted.can_id for wanted in in_force]
            assert bus.recv(0) is None
