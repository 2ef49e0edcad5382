"""Many threads call anything on a supervised bus, whose channel comes and goes, until it ends."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from time import monotonic
from typing import Any

import pytest

import canbus as can
from canbus.testing.support import Worker, numbered
from tests.scale import SOAK
from tests.unit.slcan.serial_lines import no_leak
from tests.unit.supervision.fakes import ReopeningBus, ThirdPartyBus, Wire

THREADS = 8
SECONDS = 0.5 * SOAK
POLICY = can.ReconnectPolicy(first_delay=0.0005, max_delay=0.002)
DOCUMENTED = (can.CanLinkDownError, can.CanChannelNotFoundError)


@pytest.fixture(autouse=True)
def _busy_interpreter() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("kind", [ReopeningBus, ThirdPartyBus])
def test_no_hang_and_no_error_but_the_documented(kind: Any) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    wire = Wire()
    with no_leak():
        bus = can.supervise(kind(wire), policy=POLICY, reopen=lambda: kind(wire))
        calls: list[Callable[[], object]] = [
            lambda: bus.recv(0),
            lambda: bus.recv(0.001),
            lambda: bus.recv_many(5, 0.001),
            lambda: bus.send(numbered(1), 0.001),
            lambda: bus.send(numbered(1)),
            lambda: bus.send_many([numbered(1)] * 5, 0.01),
            lambda: bus.set_filters([can.CanFilter(1, 0x7FF)]),
            lambda: bus.set_filters(None),
            lambda: bus.send_periodic(numbered(2), 0.001, count=3),
            lambda: bus.statistics,
            lambda: bus.gaps.get(0.001),
            lambda: bus.reopen(),
            lambda: wire.arrive(numbered(3)),
        ]

        def work(chance: random.Random) -> None:
            while True:
                try:
                    chance.choice(calls)()
                except DOCUMENTED:
                    pass
                except can.CanClosedError:
                    if bus._is_shutdown:
                        return

        workers = [Worker(partial(work, random.Random(seed + n))) for n in range(THREADS)]
        wait = threading.Event()
        end = monotonic() + SECONDS
        while monotonic() < end:
            wire.cut()
            wait.wait(0.002)
            wire.mend()
            wait.wait(0.003)
        bus.shutdown()
        for worker in workers:
            worker.result()
    assert wire.opened > 1
