"""Rules for many frames at once, for receipts and for expiry."""

from __future__ import annotations

from time import monotonic_ns

import pytest

from canbus.plugin import (
    BusABC,
    CanClosedError,
    CanConfigError,
    CanFilter,
    CanMessageError,
    CanUnsupportedError,
    Capability,
    Message,
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
    wait_until_blocked,
)


class ManyFramesRules(ConformanceBase):
    """Rules for `recv_many` and `send_many`, and for `send` with `confirm` or `ttl`."""

    @pytest.mark.parametrize("limit", [1, 7, 40, 64, 100])
    def test_recv_many_returns_what_waits_in_order_and_no_more_than_asked_for(
        self, bus_pair: tuple[BusABC, BusABC], limit: int
    ) -> None:
        """Any number of calls gives what as many `recv` would."""
        sender, receiver = bus_pair
        for number in range(40):
            sender.send(numbered(number))
        received: list[int] = []
        while len(received) < 40:
            part = receiver.recv_many(limit, PATIENCE)
            assert 1 <= len(part) <= limit
            received += map(number_of, part)
        assert received == list(range(40))
        assert receiver.recv_many(limit, 0) == []

    def test_recv_many_with_timeout_is_empty_not_before_the_deadline(
        self, open_bus: OpenBus
    ) -> None:
        """On a silent bus."""
        bus = open_bus()
        started = monotonic_ns()
        assert bus.recv_many(64, 0.05) == []
        assert 50_000_000 <= monotonic_ns() - started < PATIENCE * 10**9

    def test_recv_many_waits_for_the_first_frame_only(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """It does not wait until it has as many as were asked for."""
        sender, receiver = bus_pair
        reader = Worker(lambda: receiver.recv_many(64))
        wait_until_blocked(reader)
        sender.send(numbered(3))
        assert [number_of(msg) for msg in reader.result()] == [3]

    def test_recv_and_recv_many_take_from_one_queue(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """In whatever turn they are called, nothing is lost, doubled or out of order."""
        sender, receiver = bus_pair
        for number in range(20):
            sender.send(numbered(number))
        received = [number_of(receive(receiver))]
        received += map(number_of, receiver.recv_many(3, PATIENCE))
        received.append(number_of(next(iter(receiver))))
        received += map(number_of, receiver.recv_many(100, PATIENCE))
        while len(received) < 20:
            received.append(number_of(receive(receiver)))
        assert received == list(range(20))

    def test_recv_many_obeys_filters(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Those in force when it is called, also for frames that wait already."""
        sender, receiver = bus_pair
        for number in range(10):
            sender.send(numbered(number, 0x100 + number % 2))
        receiver.set_filters([CanFilter(0x101, 0x7FF, extended=False)])
        send_marker(sender)  # which is filtered out, too
        sender.send(numbered(99, 0x101))
        received: list[int] = []
        while 99 not in received:
            received += map(number_of, receiver.recv_many(64, PATIENCE))
        assert received == [1, 3, 5, 7, 9, 99]

    @pytest.mark.parametrize("wrong", [(0, 0), (-1, 0), (64, -1), (64, float("nan"))])
    def test_recv_many_refuses_what_makes_no_sense(
        self, open_bus: OpenBus, wrong: tuple[int, float]
    ) -> None:
        """Less than one frame, or a negative time."""
        with pytest.raises(CanConfigError):
            open_bus().recv_many(*wrong)

    def test_shutdown_wakes_recv_many(self, open_bus: OpenBus) -> None:
        """With CanClosedError, as `recv`."""
        bus = open_bus()
        reader = Worker(bus.recv_many)
        wait_until_blocked(reader)
        bus.shutdown()
        assert isinstance(reader.error(), CanClosedError)
        with pytest.raises(CanClosedError):
            bus.recv_many(1, 0)

    def test_send_many_keeps_order_and_says_how_many(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Any iterable, more than any batch."""
        sender, receiver = bus_pair
        assert sender.send_many(map(numbered, range(150)), PATIENCE) == 150
        assert sender.send_many([]) == 0
        assert [number_of(receive(receiver)) for _ in range(150)] == list(range(150))

    def test_send_many_refuses_all_if_one_cannot_exist(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """Before the first one leaves."""
        sender, receiver = bus_pair
        wrong = Message(arbitration_id=1, data=bytes(9))
        with pytest.raises(CanMessageError):
            sender.send_many([numbered(1), wrong])
        send_marker(sender)
        assert receive_until_marker(receiver) == []

    def test_send_many_on_a_closed_bus(self, open_bus: OpenBus) -> None:
        """CanClosedError, as `send`."""
        bus = open_bus()
        bus.shutdown()
        with pytest.raises(CanClosedError):
            bus.send_many([numbered(1)])

    def test_a_receipt_or_a_refusal(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """`confirm` is done or refused by name; a frame that was refused does not arrive."""
        sender, receiver = bus_pair
        if self.declares(Capability.CONFIRM):
            receipt = sender.send(numbered(1), PATIENCE, confirm=True)
            assert receipt.timestamp_ns > 0
            assert number_of(receive(receiver)) == 1
        else:
            with pytest.raises(CanUnsupportedError, match="confirm"):
                sender.send(numbered(1), PATIENCE, confirm=True)
        send_marker(sender)
        assert receive_until_marker(receiver) == []

    def test_expiry_or_a_refusal(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """`ttl` is kept or refused by name; a frame in time is sent and not counted."""
        sender, receiver = bus_pair
        if self.declares(Capability.TTL):
            assert sender.send(numbered(1), ttl=PATIENCE) is None
            assert number_of(receive(receiver)) == 1
            assert sender.statistics.tx_expired == 0
        else:
            with pytest.raises(CanUnsupportedError, match="expire"):
                sender.send(numbered(1), ttl=PATIENCE)
        with pytest.raises(CanConfigError, match="ttl"):
            sender.send(numbered(1), ttl=0)
        send_marker(sender)
        assert receive_until_marker(receiver) == []
