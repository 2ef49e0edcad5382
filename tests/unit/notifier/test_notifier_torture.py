"""notifier: anything at any time, by many threads, while its bus is shut down: nothing hangs."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import pytest

import canbus as can
from canbus.testing.support import Worker
from tests.scale import SOAK
from tests.unit.notifier.conftest import OpenBus
from tests.unit.notifier.listening import Recorder, send

THREADS = 8
CALLS = 40


@pytest.fixture(autouse=True)
def _threads_change_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def _one_call(notifier: can.Notifier, bus: can.BusABC, other: can.BusABC, dice: random.Random):
    recorder = Recorder()

    def come_and_go() -> None:
        notifier.add_listener(recorder)
        notifier.remove_listener(recorder)

    def stop_in_a_listener() -> None:
        notifier.add_listener(lambda msg: notifier.stop())

    calls: list[tuple[int, Callable[[], object]]] = [
        (20, lambda: send(other, range(3))),
        (20, come_and_go),
        (5, lambda: bus.recv(0)),
        (5, lambda: bus.set_filters(None)),
        (5, lambda: notifier.add_bus(bus)),
        (5, lambda: can.Notifier.find_instances(bus)),
        (1, stop_in_a_listener),
        (1, notifier.stop),
        (1, bus.shutdown),
    ]
    weights = [weight for weight, _ in calls]
    dice.choices([call for _, call in calls], weights)[0]()


@pytest.mark.parametrize("seed", range(10 * SOAK))
def test_anything_at_any_time(open_bus: OpenBus, seed: int) -> None:
    bus, other = open_bus(), open_bus()
    recorder = Recorder()
    notifier = can.Notifier(bus, [recorder])
    together = threading.Barrier(THREADS)

    def anything(number: int) -> None:
        dice = random.Random(f"{seed} {number}")
        together.wait()
        for _ in range(CALLS):
            with suppress(can.CanClosedError, can.CanConfigError):  # in a Notifier already
                _one_call(notifier, bus, other, dice)

    workers = [Worker(partial(anything, number)) for number in range(THREADS)]
    for worker in workers:
        worker.result()
    notifier.stop()
    assert notifier.stopped
    assert recorder.stops == 1
    assert can.Notifier.find_instances(bus) == ()
    assert all(isinstance(each, can.CanClosedError) for each in recorder.errors)
