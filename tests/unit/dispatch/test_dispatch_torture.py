"""dispatcher: anything at any time, from many threads, while the bus is shut down under them."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from canbus.backends.virtual.bus import VirtualBus
from canbus.dispatcher import dispatcher_of
from canbus.errors import CanClosedError, CanTimeoutError
from canbus.testing.support import PATIENCE, Worker, numbered
from tests.scale import SOAK
from tests.unit.dispatch.consumers import Raising, dispatchers, exactly

THREADS = 16


@pytest.fixture
def _switching() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def _one_call(bus: VirtualBus, rng: random.Random) -> None:
    calls: list[Callable[[], object]] = [
        lambda: bus.send(numbered(rng.randrange(99), rng.randrange(4))),
        lambda: bus.recv(rng.choice((0, 0.001))),
        lambda: bus.recv_many(5, rng.choice((0, 0.001))),
        lambda: bus.set_filters(rng.choice((None, exactly(1), exactly(1, 2)))),
        lambda: bus.request(numbered(1, 1), exactly(2), 0.002),
        lambda: bus.statistics,
        lambda: _subscribe(bus, rng),
        lambda: _add(bus, rng),
        bus.fileno,
    ]
    rng.choice(calls)()


def _subscribe(bus: VirtualBus, rng: random.Random) -> None:
    with bus.subscribe(rng.choice((None, exactly(1))), maxlen=100_000) as subscription:
        subscription.recv(0.001)
        subscription.set_filters(rng.choice((None, exactly(2))))
        subscription.recv_many(3, 0)


def _add(bus: VirtualBus, rng: random.Random) -> None:
    raising = Raising()
    dispatcher_of(bus).add(raising, in_place_of_bus=rng.random() < 0.5)
    dispatcher_of(bus).remove(raising)


@pytest.mark.usefixtures("_switching")
@pytest.mark.parametrize("seed", range(3 * SOAK))
def test_calls_at_random_end_with_the_documented_errors(
    seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL", "canbus")  # of consumers that raise
    bus, other = VirtualBus("torture"), VirtualBus("torture", receive_own_messages=True)
    total = threading.Semaphore(0)

    def work(number: int) -> None:
        rng = random.Random(1000 * seed + number)
        while True:
            total.release()
            try:
                _one_call(bus if rng.random() < 0.8 else other, rng)
            except CanTimeoutError:
                continue
            except CanClosedError:
                return

    workers = [Worker(lambda number=number: work(number)) for number in range(THREADS)]  # type: ignore[misc]
    for _ in range(1500 * SOAK):
        assert total.acquire(timeout=PATIENCE)
    bus.shutdown()
    other.shutdown()
    for worker in workers:
        worker.result()
    for thread in dispatchers():
        thread.join(PATIENCE)
    assert dispatchers() == []


@pytest.mark.usefixtures("_switching")
def test_nothing_is_lost_while_consumers_come_and_go() -> None:
    """Who is there all the time gets every frame once and in order, and so does the bus."""
    with VirtualBus("come and go") as bus, VirtualBus("come and go") as other:
        count = 2000 * SOAK
        bus.recv(0)

        def come_and_go() -> None:
            while not is_done.is_set():
                with bus.subscribe(exactly(5)):
                    pass

        is_done = threading.Event()
        guests = [Worker(come_and_go) for _ in range(3)]
        with bus.subscribe(maxlen=count) as subscription:
            for number in range(count):
                other.send(numbered(number))
            got = [subscription.recv(PATIENCE) for _ in range(count)]
        own = [bus.recv(PATIENCE) for _ in range(count)]
        is_done.set()
        for guest in guests:
            guest.result()
        for frames in (got, own):
            assert [int.from_bytes(msg.data, "big") for msg in frames if msg] == list(range(count))
