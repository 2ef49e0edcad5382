"""Rules for running cyclic tasks: modify, stop, start again, and the end of the bus."""

from __future__ import annotations

import logging

import pytest

from canbus.plugin import BusABC, CanConfigError, CanMessageError, CyclicSendTask, Message
from canbus.testing.base import ConformanceBase
from canbus.testing.support import (
    PATIENCE,
    number_of,
    numbered,
    receive,
    receive_until_marker,
    send_marker,
)


def _assert_silent(sender: BusABC, receiver: BusABC) -> None:
    """No frame leaves from now on: none before a marker, none for five periods after it."""
    receive_until_marker_sent_by(sender, receiver)
    assert receiver.recv(0.05) is None


def receive_until_marker_sent_by(sender: BusABC, receiver: BusABC) -> list[Message]:
    """Send a marker and return all that came before it."""
    send_marker(sender)
    return receive_until_marker(receiver)


class CyclicRunningRules(ConformanceBase):
    """Rules for the life of cyclic tasks."""

    def test_modify_data_takes_effect(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Soon the new data is sent, and then only that."""
        sender, receiver = bus_pair
        task = sender.send_periodic(numbered(1), 0.01)
        assert number_of(receive(receiver)) == 1
        task.modify_data(numbered(2))
        while number_of(receive(receiver)) != 2:
            pass
        assert [number_of(receive(receiver)) for _ in range(3)] == [2, 2, 2]
        task.stop()

    def test_modify_data_keeps_a_copy(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Changing the caller's message afterwards changes nothing."""
        sender, receiver = bus_pair
        task = sender.send_periodic(numbered(1), 0.01, 0.03, autostart=False)
        new = numbered(2)
        task.modify_data(new)
        new.data[:] = b"\xff\xff\xff\xff"
        task.start()
        assert task.wait(PATIENCE)
        frames = receive_until_marker_sent_by(sender, receiver)
        assert [number_of(msg) for msg in frames] == [2, 2, 2]

    @pytest.mark.parametrize("wrong", [numbered(1, 0x7), [numbered(1), numbered(2)], []])
    def test_modify_data_refuses_another_id_or_number_of_frames(
        self, bus_pair: tuple[BusABC, BusABC], wrong: Message | list[Message]
    ) -> None:
        """CanConfigError, and the task goes on with what it had."""
        sender, receiver = bus_pair
        task = sender.send_periodic(numbered(1), 0.01)
        with pytest.raises(CanConfigError):
            task.modify_data(wrong)
        assert [number_of(receive(receiver)) for _ in range(3)] == [1, 1, 1]
        assert task.error is None
        task.stop()

    def test_after_stop_no_frame_leaves(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Stop returns when the last frame is out; stopping again does nothing."""
        sender, receiver = bus_pair
        task = sender.send_periodic(numbered(1), 0.01)
        receive(receiver)
        task.stop()
        _assert_silent(sender, receiver)
        task.stop()
        assert task.wait(0)
        assert task.error is None

    def test_a_task_can_be_started_again_with_its_full_count(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """After it ended by itself, and after it was stopped."""
        sender, receiver = bus_pair
        task = sender.send_periodic(numbered(1), 0.01, 0.03)
        assert task.wait(PATIENCE)
        task.start()
        assert task.wait(PATIENCE)
        assert len(receive_until_marker_sent_by(sender, receiver)) == 6
        task.start()
        task.stop()
        receive_until_marker_sent_by(sender, receiver)
        task.start()
        assert task.wait(PATIENCE)
        assert len(receive_until_marker_sent_by(sender, receiver)) == 3

    def test_starting_a_running_task_does_nothing(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """There is no second sender."""
        sender, receiver = bus_pair
        task = sender.send_periodic(numbered(1), 100 * PATIENCE)
        receive(receiver)
        task.start()
        task.start()
        assert receive_until_marker_sent_by(sender, receiver) == []
        task.stop()

    def test_stop_all_periodic_tasks_stops_all(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Every task of the bus, and the bus stays usable."""
        sender, receiver = bus_pair
        tasks = [sender.send_periodic(numbered(1, 0x100 + i), 0.01) for i in range(3)]
        receive(receiver)
        sender.stop_all_periodic_tasks()
        assert all(task.wait(0) for task in tasks)
        _assert_silent(sender, receiver)

    def test_shutdown_stops_the_tasks(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """None runs on, and none counts that as a failure."""
        sender, receiver = bus_pair
        tasks = [sender.send_periodic(numbered(1, 0x100 + i), 0.01) for i in range(3)]
        receive(receiver)
        sender.shutdown()
        assert all(task.wait(PATIENCE) for task in tasks)
        assert [task.error for task in tasks] == [None, None, None]
        while receiver.recv(0.05) is not None:
            pass

    def test_two_tasks_run_side_by_side(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Each with its own count."""
        sender, receiver = bus_pair
        tasks = [
            sender.send_periodic(numbered(1, 0x100), 0.01, 0.03),
            sender.send_periodic(numbered(1, 0x200), 0.005, 0.02),
        ]
        assert all(task.wait(PATIENCE) for task in tasks)
        ids = [m.arbitration_id for m in receive_until_marker_sent_by(sender, receiver)]
        assert sorted(ids) == [0x100] * 3 + [0x200] * 4

    def test_a_callback_that_raises_ends_the_task_and_is_reported(
        self, bus_pair: tuple[BusABC, BusABC], caplog: pytest.LogCaptureFixture
    ) -> None:
        """In `task.error` and in the log; nothing is sent."""

        def fail(msg: Message) -> None:
            raise LookupError("no value")

        sender, receiver = bus_pair
        with caplog.at_level(logging.ERROR, logger="canbus"):
            task = sender.send_periodic(numbered(1), 0.01, modifier_callback=fail)
            assert task.wait(PATIENCE)
        assert isinstance(task.error, LookupError)
        assert "no value" in caplog.text
        assert receive_until_marker_sent_by(sender, receiver) == []

    def test_a_frame_that_becomes_invalid_ends_the_task_and_is_reported(
        self, bus_pair: tuple[BusABC, BusABC], caplog: pytest.LogCaptureFixture
    ) -> None:
        """What `send` would raise stands in `task.error` and in the log."""

        def spoil(msg: Message) -> None:
            msg.data = bytes(9)

        sender, _ = bus_pair
        with caplog.at_level(logging.ERROR, logger="canbus"):
            task = sender.send_periodic(numbered(1), 0.01, modifier_callback=spoil)
            assert task.wait(PATIENCE)
        assert isinstance(task.error, CanMessageError)
        assert caplog.records

    def test_the_callback_may_stop_its_own_task(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """The frame that it was called for is not sent any more, and nothing hangs."""
        sender, receiver = bus_pair
        tasks: list[CyclicSendTask] = []

        def stop_at_three(msg: Message) -> None:
            msg.data[3] += 1
            if msg.data[3] == 3:
                tasks[0].stop()

        tasks.append(
            sender.send_periodic(
                numbered(0), 0.01, autostart=False, modifier_callback=stop_at_three
            )
        )
        tasks[0].start()
        assert tasks[0].wait(PATIENCE)
        frames = receive_until_marker_sent_by(sender, receiver)
        assert [number_of(msg) for msg in frames] == [1, 2]
