"""Calls at random from many threads, while the bus is shut down under them: rule and machinery.

A seed gives each thread the same calls in the same order; how the threads interleave is the
machine's, which the shortest switch interval makes as wild as can be.
"""

from __future__ import annotations

import random
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count

import pytest

from canbus.plugin import BusABC, CanClosedError, CanTimeoutError, CanUnsupportedError, CanWarning
from canbus.testing.base import ConformanceBase
from canbus.testing.support import PATIENCE, Worker, numbered

THREADS = 16
CALLS = 200
"""Of all threads together, before the bus is shut down; fewer where they take long."""

SECONDS = 0.3
"""After which it is shut down in any case: so many switches are slow on some machines."""

Call = Callable[[BusABC, random.Random], object]

_FILTERS = (None, [{"can_id": 1, "can_mask": 0x7FF}], [{"can_id": 2, "can_mask": 0x7FF}])
_SOON = (0, 0.001)


def _send_many(bus: BusABC, rng: random.Random) -> None:
    bus.send_many([numbered(n, n) for n in range(rng.randrange(4))], rng.choice(_SOON))


def _subscribe(bus: BusABC, rng: random.Random) -> None:
    with bus.subscribe(rng.choice(_FILTERS), maxlen=100_000) as subscription:
        subscription.recv(rng.choice(_SOON))
        subscription.set_filters(rng.choice(_FILTERS))
        subscription.recv_many(3, 0)


def _send_periodic(bus: BusABC, rng: random.Random) -> None:
    task = bus.send_periodic(numbered(3, 3), 0.001, rng.choice((None, 0.003)))
    task.modify_data(numbered(4, 3))
    if rng.random() < 0.7:
        task.stop()  # else that is for shutdown
    if rng.random() < 0.2:
        bus.stop_all_periodic_tasks()


def _request(bus: BusABC, rng: random.Random) -> None:
    bus.request(numbered(1, 1), _FILTERS[2], 0.002)


CALLS_AT_RANDOM: tuple[Call, ...] = (
    lambda bus, rng: bus.send(numbered(1, rng.randrange(4)), rng.choice(_SOON)),
    lambda bus, rng: bus.send(numbered(1, 1), 0.01, confirm=True),
    lambda bus, rng: bus.recv(rng.choice(_SOON)),
    lambda bus, rng: bus.recv_many(5, rng.choice(_SOON)),
    lambda bus, rng: bus.set_filters(rng.choice(_FILTERS)),
    lambda bus, rng: bus.statistics,
    lambda bus, rng: (bus.can_state, bus.filters, repr(bus)),
    lambda bus, rng: bus.fileno(),
    _send_many,
    _subscribe,
    _send_periodic,
    _request,
)

DOCUMENTED = (CanTimeoutError, CanUnsupportedError, CanWarning)
"""What calls may raise on an open bus that is busy, or cannot do that, if warnings are errors."""


@contextmanager
def shortest_switch_interval() -> Iterator[None]:
    """Let the interpreter change threads as often as it can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def torture(bus: BusABC, peer: BusABC, seed: int, seconds: float = SECONDS) -> None:
    """Call anything from many threads, shut both buses down meanwhile, and see all threads end.

    Args:
        bus: most calls are made on this one, which is shut down first.
        peer: a bus that it hears.
        seed: of the calls.
        seconds: that it takes at most until the first shutdown.

    Raises:
        AssertionError: a thread hangs.
        Exception: whatever a call raised that it may not.
    """
    begun = _Begun(CALLS)
    works = [partial(_receive_for_ever, bus), partial(_iterate, bus)]
    for number in range(THREADS - len(works)):
        rng = random.Random(1000 * seed + number)  # noqa: S311 - to be repeated, not to be secret
        works.append(partial(_call, bus if rng.random() < 0.8 else peer, rng, begun))
    with warnings.catch_warnings():
        # With warnings as errors this one would end up in a thread of the bus, as nobody's.
        warnings.filterwarnings("ignore", ".*frames were lost", CanWarning)
        workers = [Worker(work) for work in works]
        with shortest_switch_interval():
            begun.start.set()
            begun.enough.wait(seconds)
            for open_bus in (bus, peer):
                with suppress(CanWarning):  # of frames that were on their way
                    open_bus.shutdown()
            for worker in workers:
                worker.result()


class _Begun:
    """Counts calls until there are enough; who waits for that is woken once, at the end."""

    def __init__(self, wanted: int) -> None:
        self.start, self.enough = threading.Event(), threading.Event()
        self._numbers = count(1)
        self._wanted = wanted

    def one_more(self) -> None:
        if next(self._numbers) == self._wanted:
            self.enough.set()


def _call(bus: BusABC, rng: random.Random, begun: _Begun) -> None:
    begun.start.wait(PATIENCE)
    while True:
        begun.one_more()
        try:
            rng.choice(CALLS_AT_RANDOM)(bus, rng)
        except CanClosedError:
            return
        except DOCUMENTED:
            continue


def _receive_for_ever(bus: BusABC) -> None:
    with suppress(CanClosedError):
        while True:
            bus.recv()


def _iterate(bus: BusABC) -> None:
    with suppress(CanClosedError):  # it began too late
        for _ in bus:  # ends by itself
            pass


class TortureRules(ConformanceBase):
    """The rule for everything at once."""

    @pytest.mark.parametrize("seed", [1])
    def test_calls_at_random_while_the_bus_is_shut_down_end_as_documented(
        self, bus_pair: tuple[BusABC, BusABC], seed: int
    ) -> None:
        """None hangs; what they raise is CanClosedError, CanTimeoutError or CanUnsupportedError."""
        torture(*bus_pair, seed)
