"""Rules for many consumers of one bus: subscriptions, requests, a Notifier; and the bus itself."""

from __future__ import annotations

import threading

import pytest

from canbus.notifier import Notifier
from canbus.plugin import (
    BusABC,
    CanClosedError,
    CanFilter,
    CanTimeoutError,
    CanWarning,
    Capability,
    Message,
)
from canbus.subscription import Subscription
from canbus.testing.base import ConformanceBase, OpenBus
from canbus.testing.support import (
    PATIENCE,
    Worker,
    number_of,
    numbered,
    receive,
    receive_until_marker,
    send_marker,
    wait_until_blocked,
)


def _only(arbitration_id: int) -> list[CanFilter]:
    return [CanFilter(arbitration_id, 0x7FF, extended=False)]


def _take(subscription: Subscription, count: int) -> list[int]:
    """The numbers of the next frames, which must come."""
    frames = [subscription.recv(PATIENCE) for _ in range(count)]
    return [number_of(msg) for msg in frames if msg is not None]


class ConsumerRules(ConformanceBase):
    """Rules for those who read a bus beside each other."""

    def test_each_subscription_gets_its_frames_and_the_bus_gets_its_own(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """By filters of their own; what waited for the bus before is kept for it."""
        sender, bus = bus_pair
        sender.send(numbered(0, 0x100))
        assert number_of(receive(bus)) == 0
        bus.set_filters(_only(0x102))
        with bus.subscribe() as everything, bus.subscribe(_only(0x101)) as one:
            for number in range(9):
                sender.send(numbered(number, 0x100 + number % 3))
            assert _take(everything, 9) == list(range(9))
            assert _take(one, 3) == [1, 4, 7]
            assert [number_of(receive(bus)) for _ in range(3)] == [2, 5, 8]
            assert (everything.lost, one.lost) == (0, 0)

    def test_when_the_last_subscription_is_closed_the_bus_is_as_before(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """No frame is lost in between, and no thread is left."""
        sender, bus = bus_pair
        assert bus.recv(0) is None
        threads = threading.active_count()
        for first in range(0, 15, 3):
            with bus.subscribe():
                sender.send(numbered(first))
            sender.send(numbered(first + 1))
            sender.send(numbered(first + 2))
            assert [number_of(receive(bus)) for _ in range(3)] == list(range(first, first + 3))
        assert threading.active_count() == threads

    def test_a_slow_subscription_loses_its_own_frames_only(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """And knows how many; the first loss is warned of."""
        sender, bus = bus_pair
        with bus.subscribe() as quick, bus.subscribe(maxlen=5) as slow:
            for number in range(40):
                sender.send(numbered(number))
            assert _take(quick, 40) == list(range(40))
            with pytest.warns(CanWarning, match="35 frames were lost"):
                assert _take(slow, 5) == list(range(35, 40))
            assert (quick.lost, slow.lost) == (0, 35)

    def test_a_request_returns_the_answer(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Not what came before it was asked, and not what is no answer."""
        bus, node = bus_pair
        node.send(numbered(1, 0x200))  # an old answer
        assert number_of(receive(bus)) == 1

        def answer() -> None:
            question = receive(node)
            node.send(numbered(7, 0x300))
            node.send(numbered(number_of(question) + 1, 0x200))

        answering = Worker(answer)
        assert number_of(bus.request(numbered(41), _only(0x200), PATIENCE)) == 42
        answering.result()
        assert [number_of(receive(bus)) for _ in range(2)] == [7, 42]

    def test_a_request_that_is_not_answered_is_a_timeout(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """CanTimeoutError; the frame was sent."""
        bus, node = bus_pair
        with pytest.raises(CanTimeoutError):
            bus.request(numbered(41), _only(0x200), 0.02)
        assert number_of(receive(node)) == 41

    def test_a_notifier_calls_listeners_until_it_is_stopped(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """With every frame, in order; afterwards with none, and the bus is as before."""
        sender, bus = bus_pair
        told: list[int] = []
        came = threading.Semaphore(0)

        def listen(msg: Message) -> None:
            told.append(number_of(msg))
            came.release()

        with Notifier(bus, [listen]):
            for number in range(20):
                sender.send(numbered(number))
            assert all(came.acquire(timeout=PATIENCE) for _ in range(20))
        sender.send(numbered(20))
        assert number_of(receive(bus)) == 20
        assert told == list(range(20))

    def test_fileno_tells_of_the_frames_of_the_bus_itself(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """Beside a subscription, which takes none of them away."""
        self.needs(Capability.FILENO)
        sender, bus = bus_pair
        bus.fileno()
        with bus.subscribe() as subscription:
            for number in range(3):
                sender.send(numbered(number))
            send_marker(sender)
            assert [number_of(msg) for msg in receive_until_marker(bus)] == [0, 1, 2]
            assert _take(subscription, 3) == [0, 1, 2]

    def test_shutdown_ends_subscriptions(self, open_bus: OpenBus) -> None:
        """Who waits in `recv` is told, and iteration ends."""
        bus = open_bus()
        subscription, another = bus.subscribe(), bus.subscribe()
        waiting = Worker(subscription.recv)
        iterating = Worker(lambda: list(another))
        wait_until_blocked(waiting, iterating)
        bus.shutdown()
        assert isinstance(waiting.error(), CanClosedError)
        assert iterating.result() == []
        with pytest.raises(CanClosedError):
            bus.subscribe()
