"""Rules for cyclic tasks: how many frames they send, which, and when they start."""

from __future__ import annotations

from time import monotonic

import pytest

from canbus.plugin import (
    BusABC,
    CanConfigError,
    CanMessageError,
    CyclicSendTask,
    Message,
    TimestampSource,
)
from canbus.testing.base import ConformanceBase
from canbus.testing.support import (
    PATIENCE,
    number_of,
    numbered,
    receive,
    receive_until_marker,
    send_marker,
)

COUNTS = [
    pytest.param(0.03, 0.01, 3, id="0.03 s at 0.01 s"),  # in floats 0.03 / 0.01 is 3.0,
    pytest.param(0.06, 0.02, 3, id="0.06 s at 0.02 s"),
    pytest.param(0.012, 0.004, 3, id="0.012 s at 0.004 s"),
    pytest.param(0.035, 0.005, 7, id="0.035 s at 0.005 s"),  # this one 7.000000000000001
    pytest.param(0.025, 0.01, 3, id="a period begun is a frame"),
    pytest.param(0.005, 0.01, 1, id="shorter than a period"),
    pytest.param(0.01, 0.01, 1, id="one period"),
]


def _finish(task: CyclicSendTask, sender: BusABC, receiver: BusABC) -> list[Message]:
    """Wait until the task has ended by itself; all that it sent."""
    assert task.wait(PATIENCE)
    send_marker(sender)
    return receive_until_marker(receiver)


class CyclicTaskRules(ConformanceBase):
    """Rules for the frames of cyclic tasks."""

    @pytest.mark.parametrize(("duration", "period", "count"), COUNTS)
    def test_a_task_with_a_duration_sends_exactly_its_frames(
        self,
        bus_pair: tuple[BusABC, BusABC],
        duration: float,
        period: float,
        count: int,
    ) -> None:
        """As many as periods begin within the duration, computed without float errors."""
        sender, receiver = bus_pair
        task = sender.send_periodic(numbered(1), period, duration)
        assert len(_finish(task, sender, receiver)) == count
        assert task.error is None

    def test_the_first_frame_leaves_at_once(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Not after the first period."""
        sender, receiver = bus_pair
        sender.send_periodic(numbered(4), period=100 * PATIENCE)
        assert number_of(receive(receiver)) == 4

    def test_frames_are_not_closer_than_they_should_be(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """However late single frames are, twenty at 10 ms take at least half of their 190 ms."""
        sender, receiver = bus_pair
        started = monotonic()
        task = sender.send_periodic(numbered(1), 0.01, 0.2)
        assert task.wait(PATIENCE)
        took = monotonic() - started
        frames = _finish(task, sender, receiver)
        assert len(frames) == 20
        assert took >= 0.1
        if frames[0].timestamp_source is not TimestampSource.HOST:  # that says when it was read
            assert frames[-1].timestamp_ns - frames[0].timestamp_ns >= 10 * 10_000_000

    def test_several_frames_are_sent_in_turn(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """One a period, over and over."""
        sender, receiver = bus_pair
        task = sender.send_periodic([numbered(1), numbered(2), numbered(3)], 0.01, 0.07)
        numbers = [number_of(msg) for msg in _finish(task, sender, receiver)]
        assert numbers == [1, 2, 3, 1, 2, 3, 1]

    def test_a_task_that_is_not_started_sends_nothing(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """`autostart=False` waits for `start()`."""
        sender, receiver = bus_pair
        task = sender.send_periodic(numbered(1), 0.01, 0.03, autostart=False)
        assert receiver.recv(0.05) is None
        task.start()
        assert len(_finish(task, sender, receiver)) == 3

    def test_the_task_keeps_a_copy_of_the_message(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Changing the caller's message changes nothing; `modify_data` does."""
        sender, receiver = bus_pair
        msg = numbered(1)
        task = sender.send_periodic(msg, 0.01, 0.03, autostart=False)
        msg.data[:] = b"\xff\xff\xff\xff"
        task.start()
        assert [number_of(m) for m in _finish(task, sender, receiver)] == [1, 1, 1]

    def test_the_modifier_callback_changes_each_frame(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """Called before each frame, the first one included; the user's message stays."""
        sender, receiver = bus_pair

        def count_up(msg: Message) -> None:
            msg.data[3] += 1

        msg = numbered(0)
        task = sender.send_periodic(msg, 0.01, 0.03, modifier_callback=count_up)
        assert [number_of(m) for m in _finish(task, sender, receiver)] == [1, 2, 3]
        assert number_of(msg) == 0

    @pytest.mark.parametrize("period", [0, -1, float("inf"), float("nan"), 1e-10])
    def test_a_period_that_is_no_time_is_refused(
        self, bus_pair: tuple[BusABC, BusABC], period: float
    ) -> None:
        """CanConfigError, and nothing is sent."""
        sender, receiver = bus_pair
        with pytest.raises(CanConfigError, match="period"):
            sender.send_periodic(numbered(1), period)
        send_marker(sender)
        assert receive_until_marker(receiver) == []

    @pytest.mark.parametrize("duration", [0, -1, float("inf"), float("nan")])
    def test_a_duration_that_is_no_time_is_refused(
        self, bus_pair: tuple[BusABC, BusABC], duration: float
    ) -> None:
        """CanConfigError, and nothing is sent."""
        sender, receiver = bus_pair
        with pytest.raises(CanConfigError, match="duration"):
            sender.send_periodic(numbered(1), 0.01, duration)
        send_marker(sender)
        assert receive_until_marker(receiver) == []

    @pytest.mark.parametrize("frames", [[], [numbered(1, 0x100), numbered(1, 0x101)]])
    def test_frames_that_make_no_task_are_refused(
        self, bus_pair: tuple[BusABC, BusABC], frames: list[Message]
    ) -> None:
        """No frame at all, or frames of different ids."""
        with pytest.raises(CanConfigError):
            bus_pair[0].send_periodic(frames, 0.01)

    def test_a_frame_that_cannot_exist_is_refused(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """At the call, not in the background."""
        with pytest.raises(CanMessageError):
            bus_pair[0].send_periodic(Message(arbitration_id=1, data=bytes(9)), 0.01)
