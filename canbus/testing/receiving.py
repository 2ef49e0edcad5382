"""Rules for `recv` and iteration: when they return, and what a received frame says of itself."""

from __future__ import annotations

from time import monotonic, monotonic_ns, time_ns

import pytest

from canbus.plugin import BusABC, CanConfigError, FrameOrigin
from canbus.testing.base import ConformanceBase, OpenBus
from canbus.testing.support import (
    PATIENCE,
    Worker,
    facts,
    number_of,
    numbered,
    quickest,
    receive,
    wait_until_blocked,
)

_CLOCK_SLACK_NS = 5 * 10**9

_AT_ONCE = 0.01
"""Seconds; a call that does not wait takes less, unless the machine does something else."""


class ReceivingRules(ConformanceBase):
    """Rules for receiving."""

    def test_recv_with_zero_timeout_returns_none_at_once(self, open_bus: OpenBus) -> None:
        """`recv(0)` on an empty bus is None and does not wait, not even a little."""
        bus = open_bus()
        assert bus.recv(0) is None
        assert quickest(lambda: bus.recv(0)) < _AT_ONCE

    @pytest.mark.parametrize("timeout", [0.001, 0.05, 0.2])
    def test_recv_with_timeout_returns_none_not_before_the_deadline(
        self, open_bus: OpenBus, timeout: float
    ) -> None:
        """`recv(t)` on a silent bus is None after t, never earlier."""
        bus = open_bus()
        started = monotonic_ns()
        assert bus.recv(timeout) is None
        elapsed = monotonic_ns() - started
        assert round(timeout * 10**9) <= elapsed < PATIENCE * 10**9

    def test_recv_with_timeout_does_not_wait_much_longer(self, open_bus: OpenBus) -> None:
        """The unit is the second."""
        bus = open_bus()
        assert quickest(lambda: bus.recv(0.002), times=10) < 0.002 + 5 * _AT_ONCE

    def test_recv_without_timeout_waits_for_a_frame(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """`recv()` waits as long as it takes and returns the frame."""
        sender, receiver = bus_pair
        reader = Worker(receiver.recv)
        wait_until_blocked(reader)
        sender.send(numbered(7))
        msg = reader.result()
        assert msg is not None
        assert number_of(msg) == 7

    def test_recv_with_timeout_returns_a_frame_that_comes_in_time(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """A frame ends the wait before the deadline."""
        sender, receiver = bus_pair
        started = monotonic()
        reader = Worker(lambda: receiver.recv(10 * PATIENCE))
        wait_until_blocked(reader)
        sender.send(numbered(7))
        assert reader.result() is not None
        assert monotonic() - started < 10 * PATIENCE

    @pytest.mark.parametrize("timeout", [-1, -0.001, float("nan")])
    def test_recv_refuses_a_negative_timeout(self, open_bus: OpenBus, timeout: float) -> None:
        """A timeout that is no time to wait is refused, not guessed at."""
        with pytest.raises(CanConfigError):
            open_bus().recv(timeout)

    def test_frames_that_came_before_recv_are_kept(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """A frame waits for the reader."""
        sender, receiver = bus_pair
        for number in range(3):
            sender.send(numbered(number))
        assert [number_of(receive(receiver)) for _ in range(3)] == [0, 1, 2]

    def test_order_is_kept(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Frames come in the order in which they were sent."""
        sender, receiver = bus_pair
        received = []
        for start in range(0, 1200, 40):  # in portions that fit any receive queue
            for number in range(start, start + 40):
                sender.send(numbered(number))
            received += [number_of(receive(receiver)) for _ in range(40)]
        assert received == list(range(1200))

    def test_iteration_yields_the_frames_in_order(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """`for msg in bus` is `recv()` again and again."""
        sender, receiver = bus_pair
        for number in range(5):
            sender.send(numbered(number))
        received = []
        for msg in receiver:
            received.append(number_of(msg))
            if len(received) == 5:
                break
        assert received == [0, 1, 2, 3, 4]

    def test_time_stamps_are_integer_nanoseconds_of_now(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """`timestamp_ns` is an int since the epoch, at about the time of sending."""
        sender, receiver = bus_pair
        before = time_ns()
        sender.send(numbered(1))
        msg = receive(receiver)
        assert type(msg.timestamp_ns) is int
        assert before - _CLOCK_SLACK_NS <= msg.timestamp_ns <= time_ns() + _CLOCK_SLACK_NS
        assert msg.timestamp == pytest.approx(msg.timestamp_ns / 10**9, abs=1e-6)

    def test_time_stamps_do_not_decrease(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """A frame is never stamped earlier than the one before it."""
        sender, receiver = bus_pair
        stamps = []
        for number in range(100):
            sender.send(numbered(number))
            stamps.append(receive(receiver).timestamp_ns)
        assert stamps == sorted(stamps)

    def test_a_time_stamp_given_by_the_sender_is_not_believed(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """The receiver stamps; what stood in the sent message does not travel."""
        sender, receiver = bus_pair
        msg = numbered(1)
        msg.timestamp_ns = 1
        sender.send(msg)
        assert receive(receiver).timestamp_ns > 1

    def test_frames_of_a_peer_are_not_own_frames(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Origin OWN is for what this very bus sent."""
        sender, receiver = bus_pair
        sender.send(numbered(1))
        assert receive(receiver).origin is not FrameOrigin.OWN

    def test_a_received_frame_belongs_to_its_receiver(self, open_bus: OpenBus) -> None:
        """What one reader does to its frame changes neither the sender's nor another's."""
        sender, first, second = open_bus(), open_bus(), open_bus()
        sent = numbered(1)
        sender.send(sent)
        mine = receive(first)
        mine.data[0] = 0xFF
        mine.arbitration_id = 0x7FF
        assert facts(receive(second)) == facts(sent) == facts(numbered(1))

    def test_a_received_frame_names_its_channel(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """`msg.channel` is what the bus was opened on."""
        sender, receiver = bus_pair
        sender.send(numbered(1))
        assert receive(receiver).channel == receiver.channel
