"""Rules for `send` into a transmit queue that is full, and for those that never are."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic_ns

import pytest

from canbus.plugin import (
    BusABC,
    CanClosedError,
    CanTimeoutError,
    CanTxQueueFullError,
    CanWarning,
    Capability,
)
from canbus.testing.base import ConformanceBase, OpenBus
from canbus.testing.support import (
    PATIENCE,
    Worker,
    number_of,
    numbered,
    receive,
    receive_until_marker,
    send_marker,
)

_NEVER_FULL = 500
_MORE_THAN_ANY_QUEUE = 100_000


def _fill(bus: BusABC) -> int:
    """Send numbered frames until the queue takes no more; how many it took."""
    for number in range(_MORE_THAN_ANY_QUEUE):
        try:
            bus.send(numbered(number), 0)
        except CanTimeoutError:
            return number
    raise AssertionError(f"{_MORE_THAN_ANY_QUEUE} frames were taken while nothing could leave")


@contextmanager
def _unwarned() -> Iterator[None]:
    """Without the warnings of who waits for long, or leaves something in the queue."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CanWarning)
        yield


def _assert_waiting(*workers: Worker[None]) -> None:
    """No worker comes to its end. It need not stand still: some can only try again and again."""
    for worker in workers:
        worker.thread.join(0.03)
        assert worker.thread.is_alive(), f"send did not wait: {worker.error()!r}"


class FullQueueRules(ConformanceBase):
    """Rules for a transmit queue."""

    def test_a_queue_that_is_not_declared_is_never_full(self, open_bus: OpenBus) -> None:
        """`send(msg, 0)` has room, again and again, whoever reads or does not."""
        if self.declares(Capability.TX_QUEUE):
            return  # the rules below are for those
        sender, _ = open_bus(), open_bus()
        for number in range(_NEVER_FULL):
            sender.send(numbered(number), 0)

    def test_send_into_a_full_queue_keeps_its_deadline_and_then_raises_can_timeout_error(
        self, open_bus: OpenBus
    ) -> None:
        """CanTxQueueFullError, which is one; not before the time, and not for ever after it."""
        self.needs(Capability.TX_QUEUE)
        sender = open_bus()
        with self.jammed(sender):
            _fill(sender)
            for timeout in (0, 0.03):
                started = monotonic_ns()
                with pytest.raises(CanTxQueueFullError) as info:
                    sender.send(numbered(1), timeout)
                assert timeout * 10**9 <= monotonic_ns() - started < PATIENCE * 10**9
                assert isinstance(info.value, CanTimeoutError)
                assert info.value.hint

    def test_what_a_full_queue_took_is_sent_in_order_and_what_it_refused_is_not(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """Once there is room again; none is lost, doubled, or sent after all."""
        self.needs(Capability.TX_QUEUE)
        sender, receiver = bus_pair
        with self.jammed(sender):
            taken = _fill(sender)
        send_marker(sender)
        received = [number_of(msg) for msg in receive_until_marker(receiver)]
        assert received == list(range(taken))

    def test_send_into_a_full_queue_waits_for_room(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """With a deadline and without, and is behind those that wait already."""
        self.needs(Capability.TX_QUEUE)
        sender, receiver = bus_pair
        with _unwarned(), self.jammed(sender):
            taken = _fill(sender)
            waiting = [
                Worker(lambda: sender.send(numbered(taken))),
                Worker(lambda: sender.send(numbered(taken + 1), 10 * PATIENCE)),
            ]
            _assert_waiting(*waiting)
        received = [number_of(receive(receiver)) for _ in range(taken + 2)]
        assert received[:taken] == list(range(taken))
        assert sorted(received[taken:]) == [taken, taken + 1]
        for worker in waiting:
            worker.result()

    def test_send_many_into_a_full_queue_says_how_many_were_taken(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """In the error; these arrive, and no others."""
        self.needs(Capability.TX_QUEUE)
        sender, receiver = bus_pair
        with self.jammed(sender):
            taken = _fill(sender)
            with pytest.raises(CanTxQueueFullError) as info:
                sender.send_many([numbered(taken + more) for more in range(50)], 0)
        send_marker(sender)
        received = [number_of(msg) for msg in receive_until_marker(receiver)]
        assert received == list(range(taken + info.value.sent))

    def test_shutdown_wakes_who_waits_for_room(self, open_bus: OpenBus) -> None:
        """With CanClosedError, with and without a deadline of its own."""
        self.needs(Capability.TX_QUEUE)
        sender = open_bus()
        with _unwarned(), self.jammed(sender):
            _fill(sender)
            waiting = [
                Worker(lambda: sender.send(numbered(1))),
                Worker(lambda: sender.send(numbered(2), 100 * PATIENCE)),
            ]
            _assert_waiting(*waiting)
            sender.shutdown()
            for worker in waiting:
                assert isinstance(worker.error(), CanClosedError)
