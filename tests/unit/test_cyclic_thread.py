"""Tasks that a thread times, with a fake send: their frames, their end, and a new start."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from canbus.cyclic_scheduler import CyclicScheduler
from canbus.errors import (
    CanClosedError,
    CanConfigError,
    CanOperationError,
    CanTxQueueFullError,
    CanWarning,
)
from canbus.message import Message
from canbus.periodic import CyclicSendTask
from tests.unit.cyclic_fakes import FakeSend, Host, make_task

NS = 10**9
PATIENCE = 10.0


def test_a_counted_task_sends_its_frames_in_turn_and_ends() -> None:
    send = FakeSend()
    task = make_task(send, b"\1", b"\2", b"\3", duration=0.014)
    task.start()
    assert task.wait(PATIENCE)
    assert send.sent == [b"\1", b"\2", b"\3", b"\1", b"\2", b"\3", b"\1"]
    assert (task.error, task.period, task.arbitration_id) == (None, 0.002, 0x42)


def test_a_counted_task_sends_its_count_even_when_every_frame_is_late() -> None:
    send = FakeSend()
    task = make_task(send, period=1e-6, duration=50e-6)  # nobody is that fast
    task.start()
    assert task.wait(PATIENCE)
    assert len(send.sent) == 50
    assert task.missed > 0


def test_a_task_that_was_not_started_has_ended_and_can_be_stopped() -> None:
    task = make_task(FakeSend())
    assert task.wait(0)
    task.stop()
    assert task.wait(0)


def test_no_frame_is_sent_after_stop_returns() -> None:
    send = FakeSend()
    scheduler = CyclicScheduler("canbus cyclic")
    task = make_task(send, period=1e-6, scheduler=scheduler)
    task.start()
    send.wait_for(10)
    task.stop()
    count = len(send.sent)
    assert task.wait(0)
    scheduler.join(PATIENCE)
    assert not [t for t in threading.enumerate() if t.name.startswith("canbus cyclic")]
    assert len(send.sent) == count


def test_stop_ends_a_long_period_at_once() -> None:
    send = FakeSend()
    task = make_task(send, period=1000 * PATIENCE)
    task.start()
    send.wait_for(1)
    task.stop()
    assert send.sent == [b"\1"]


def test_the_callback_may_stop_the_task() -> None:
    send = FakeSend()
    tasks: list[CyclicSendTask] = []

    def stop_at_three(msg: Message) -> None:
        msg.data[0] += 1
        if msg.data[0] == 3:
            tasks[0].stop()

    tasks.append(make_task(send, b"\0", modifier=stop_at_three))
    tasks[0].start()
    assert tasks[0].wait(PATIENCE)
    assert send.sent == [b"\1", b"\2"]


def test_a_full_queue_is_tried_again_and_no_frame_is_lost() -> None:
    send = FakeSend([None, CanTxQueueFullError("full"), CanTxQueueFullError("full")])
    task = make_task(send, b"\1", b"\2", b"\3", duration=0.006)
    task.start()
    assert task.wait(PATIENCE)
    assert send.sent == [b"\1", b"\2", b"\3"]
    assert len(send.timeouts) == 5
    assert None not in send.timeouts  # a send that waits for ever could not be stopped
    assert task.error is None


def test_stop_ends_a_task_whose_queue_stays_full() -> None:
    tried = threading.Event()

    def always_full(msg: Message, timeout: float | None) -> None:
        tried.set()
        raise CanTxQueueFullError("full")

    task = make_task(always_full)
    task.start()
    assert tried.wait(PATIENCE)
    task.stop()
    assert task.wait(0)


def test_a_failing_send_ends_the_task_and_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    failure = CanOperationError("can0 is broken")
    host = Host()
    task = make_task(FakeSend([None, failure]), host=host)
    with caplog.at_level(logging.ERROR, logger="canbus"):
        task.start()
        assert task.wait(PATIENCE)
    assert task.error is failure
    assert "0x42" in caplog.text
    assert "can0 is broken" in caplog.text
    assert host._cyclic.running == {}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("failure", [CanWarning("padded"), RuntimeError("a bug in a backend")])
def test_whatever_ends_a_task_stands_in_its_error(failure: Exception) -> None:
    host = Host()
    task = make_task(FakeSend([failure]), host=host)
    task.start()
    assert task.wait(PATIENCE)
    assert task.error is failure
    assert host._cyclic.running == {}


def test_a_bus_that_is_closed_ends_the_task_without_an_error() -> None:
    task = make_task(FakeSend([None, CanClosedError("closed")]))
    task.start()
    assert task.wait(PATIENCE)
    assert task.error is None


def test_a_callback_that_raises_ends_the_task_and_is_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failure = LookupError("no value")

    def fail(msg: Message) -> None:
        raise failure

    send = FakeSend()
    task = make_task(send, modifier=fail)
    with caplog.at_level(logging.ERROR, logger="canbus"):
        task.start()
        assert task.wait(PATIENCE)
    assert task.error is failure
    assert "no value" in caplog.text
    assert send.sent == []


def test_a_task_starts_again_with_its_full_count_and_without_the_old_error() -> None:
    send = FakeSend([CanOperationError("broken")])
    task = make_task(send, duration=0.006)
    task.start()
    assert task.wait(PATIENCE)
    first_error = task.error
    assert first_error is not None
    for _ in range(2):
        task.start()
        assert task.wait(PATIENCE)
    assert task.error is None
    assert len(send.sent) == 6


def test_a_task_starts_again_at_its_first_frame() -> None:
    send = FakeSend()
    task = make_task(send, b"\1", b"\2", b"\3", period=1000 * PATIENCE)
    for count in (1, 2):
        task.start()
        send.wait_for(count)
        task.stop()
    assert send.sent == [b"\1", b"\1"]


def test_starting_a_running_task_does_nothing() -> None:
    send = FakeSend()
    task = make_task(send, period=1000 * PATIENCE)
    task.start()
    send.wait_for(1)
    task.start()
    task.stop()
    assert send.sent == [b"\1"]


def test_a_task_stands_among_its_siblings_while_it_runs() -> None:
    send = FakeSend()
    host = Host()
    task = make_task(send, period=1000 * PATIENCE, host=host)
    assert host._cyclic.running == {}
    for _ in range(2):
        task.start()
        task.start()
        assert host._cyclic.running == {task: True}
        task.stop()
        assert host._cyclic.running == {}


def test_modify_data_replaces_the_frames_and_keeps_a_copy() -> None:
    send = FakeSend()
    task = make_task(send, b"\1", duration=0.006)
    new = Message(arbitration_id=0x42, data=b"\2")
    task.modify_data(new)
    new.data[0] = 9
    task.start()
    assert task.wait(PATIENCE)
    assert send.sent == [b"\2"] * 3


@pytest.mark.parametrize(
    "wrong",
    [[], Message(arbitration_id=0x43), [Message(arbitration_id=0x42)] * 2],
)
def test_modify_data_refuses_what_is_another_task(wrong: Any) -> None:
    task = make_task(FakeSend())
    before = task.messages
    with pytest.raises(CanConfigError):
        task.modify_data(wrong)
    assert task.messages is before


def test_wait_gives_up_after_its_timeout() -> None:
    task = make_task(FakeSend(), period=1000 * PATIENCE)
    task.start()
    assert not task.wait(0.01)
    task.stop()
