"""Rules for several threads on one bus."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from canbus.plugin import BusABC, CanClosedError
from canbus.testing.base import ConformanceBase, OpenBus
from canbus.testing.support import (
    PATIENCE,
    Worker,
    number_of,
    numbered,
    receive,
    wait_until_blocked,
)

WINDOW = 40
"""Frames on their way at a time: fewer than any receive queue holds."""


def _send_all(bus: BusABC, count: int, window: threading.Semaphore) -> None:
    for number in range(count):
        assert window.acquire(timeout=PATIENCE)
        bus.send(numbered(number))


def _receive_all(bus: BusABC, count: int, window: threading.Semaphore) -> list[int]:
    numbers = []
    for _ in range(count):
        numbers.append(number_of(receive(bus)))
        window.release()
    return numbers


class ConcurrencyRules(ConformanceBase):
    """Rules for threads."""

    def test_one_thread_receives_while_another_sends(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Both directions at once over the same two buses: nothing lost, order kept."""
        left, right = bus_pair
        to_right, to_left = threading.Semaphore(WINDOW), threading.Semaphore(WINDOW)
        senders = [
            Worker(lambda: _send_all(left, 500, to_right)),
            Worker(lambda: _send_all(right, 500, to_left)),
        ]
        readers = [
            Worker(lambda: _receive_all(right, 500, to_right)),
            Worker(lambda: _receive_all(left, 500, to_left)),
        ]
        for reader in readers:
            assert reader.result() == list(range(500))
        for sender in senders:
            sender.result()

    def test_several_threads_send_on_one_bus(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Every frame leaves whole and once."""
        sender, receiver = bus_pair
        window = threading.Semaphore(WINDOW)

        def send_every_fourth(first: int) -> None:
            for number in range(first, 200, 4):
                assert window.acquire(timeout=PATIENCE)
                sender.send(numbered(number))

        workers = [Worker(partial(send_every_fourth, first)) for first in range(4)]
        received = _receive_all(receiver, 200, window)
        for worker in workers:
            worker.result()
        assert sorted(received) == list(range(200))

    def test_each_frame_goes_to_one_of_several_readers(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """Readers share the frames; none is lost or given twice."""
        sender, receiver = bus_pair
        readers = [
            Worker(lambda: [number_of(receive(receiver)) for _ in range(25)]) for _ in range(4)
        ]
        for start in range(0, 100, 20):
            for number in range(start, start + 20):
                sender.send(numbered(number))
        received = [number for reader in readers for number in reader.result()]
        assert sorted(received) == list(range(100))

    def test_of_eight_readers_one_gets_the_only_frame_and_the_others_none(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """The others wait until their deadline and no longer."""
        sender, receiver = bus_pair
        readers = [Worker(lambda: receiver.recv(0.5)) for _ in range(8)]
        sender.send(numbered(1))
        received = [reader.result() for reader in readers]
        assert sum(msg is None for msg in received) == 7

    def test_a_frame_wakes_a_waiting_reader_on_every_bus(self, open_bus: OpenBus) -> None:
        """Each bus is given each frame, whoever else waits for it."""
        sender, receivers = open_bus(), [open_bus() for _ in range(3)]
        readers = [Worker(partial(receiver.recv, 10 * PATIENCE)) for receiver in receivers]
        wait_until_blocked(*readers)
        sender.send(numbered(1))
        assert [reader.result() is not None for reader in readers] == [True, True, True]

    @pytest.mark.parametrize("readers", [1, 4])
    def test_shutdown_wakes_every_waiting_reader(self, open_bus: OpenBus, readers: int) -> None:
        """Each of them raises CanClosedError, with and without a deadline of its own."""
        bus = open_bus()
        waiting = [Worker(lambda: bus.recv(None)) for _ in range(readers)]
        waiting += [Worker(lambda: bus.recv(100 * PATIENCE)) for _ in range(readers)]
        wait_until_blocked(*waiting)
        bus.shutdown()
        for reader in waiting:
            assert isinstance(reader.error(), CanClosedError)

    def test_iteration_ends_on_shutdown(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """The loop ends by itself, without an exception, after all that came before."""
        sender, receiver = bus_pair
        seen = threading.Semaphore(0)

        def iterate() -> list[int]:
            numbers = []
            for msg in receiver:
                numbers.append(number_of(msg))
                seen.release()
            return numbers

        reader = Worker(iterate)
        for number in range(3):
            sender.send(numbered(number))
        for _ in range(3):
            assert seen.acquire(timeout=PATIENCE)
        wait_until_blocked(reader)
        receiver.shutdown()
        assert reader.result() == [0, 1, 2]

    def test_shutdown_from_several_threads_at_once(self, open_bus: OpenBus) -> None:
        """All of them return; the bus is closed once."""
        for _ in range(10):
            bus = open_bus()
            barrier = threading.Barrier(4, timeout=PATIENCE)

            def close(bus: BusABC = bus, barrier: threading.Barrier = barrier) -> None:
                barrier.wait()
                bus.shutdown()

            for worker in [Worker(close) for _ in range(4)]:
                worker.result()
            with pytest.raises(CanClosedError):
                bus.recv(0)
