"""Cyclic tasks: arithmetic with numbers only, tasks timed by a thread with a fake send."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Sequence
from time import monotonic_ns
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.cyclic_job import CyclicJob, frames_in, own_frames, period_to_ns, to_tuple
from canbus.cyclic_scheduler import MAX_BURST, CyclicScheduler, Pace
from canbus.cyclic_task import CyclicTasks
from canbus.cyclic_thread import ThreadBasedCyclicSendTask
from canbus.errors import (
    CanClosedError,
    CanConfigError,
    CanLinkDownError,
    CanOperationError,
    CanTxQueueFullError,
    CanUnsupportedError,
    CanWarning,
)
from canbus.message import Message
from canbus.periodic import CyclicSendTask

NS = 10**9
PATIENCE = 10.0


# -- arithmetic ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("duration", "period", "count"),
    [
        (0.3, 0.1, 3),  # in floats 0.3 / 0.1 is 2.9999999999999996
        (0.6, 0.2, 3),  # and this one
        (1.2, 0.4, 3),
        (0.7, 0.1, 7),
        (0.05, 0.1, 1),
        (0.1, 0.1, 1),
        (0.10000001, 0.1, 2),
        (0.25, 0.1, 3),
        (3600, 0.001, 3_600_000),
        (1e-6, 1e-6, 1),
        (1e-12, 0.1, 1),
    ],
)
def test_a_duration_holds_every_period_that_begins_in_it(
    duration: float, period: float, count: int
) -> None:
    assert frames_in(duration, period_to_ns(period)) == count


def test_without_a_duration_there_is_no_count() -> None:
    assert frames_in(None, NS) is None


@pytest.mark.parametrize("duration", [0, -0.1, float("inf"), float("nan")])
def test_a_duration_that_is_no_time_is_refused(duration: float) -> None:
    with pytest.raises(CanConfigError, match="duration"):
        frames_in(duration, NS)


@pytest.mark.parametrize("period", [0, -0.1, float("inf"), float("nan"), 1e-10, 0.99e-6])
def test_a_period_that_is_no_time_is_refused(period: float) -> None:
    with pytest.raises(CanConfigError, match="period"):
        period_to_ns(period)


@given(st.integers(1, 10**6), st.lists(st.integers(0, 99), max_size=50))
def test_a_punctual_sender_never_drifts(start: int, delays: list[int]) -> None:
    pace = Pace(period_ns=100, start_ns=start)
    due = start
    for delay in delays:  # each frame is sent a little late, but within its period
        wait = pace.after_send(due + delay)
        due += 100
        assert due + delay - 100 + wait == due
    assert pace.missed == 0


def test_a_late_sender_catches_up_with_a_short_burst() -> None:
    pace = Pace(period_ns=100, start_ns=0)
    # The first frame is sent at 250: those due at 100 and 200 follow at once.
    assert [pace.after_send(250) for _ in range(3)] == [0, 0, 50]
    assert pace.missed == 0


def test_a_burst_has_at_most_sixteen_frames_and_what_is_given_up_is_counted() -> None:
    pace = Pace(period_ns=100, start_ns=0)
    waits = [pace.after_send(5050) for _ in range(MAX_BURST)]
    assert MAX_BURST == 16
    assert waits == [*[0] * 15, 50]  # due at 0 to 1500 were sent; 1600 to 5000 are given up
    assert pace.missed == 35
    assert pace.due_ns == 5100  # in phase with the start


def test_a_new_burst_is_allowed_after_a_rest() -> None:
    pace = Pace(period_ns=100, start_ns=0)
    for _ in range(MAX_BURST):
        pace.after_send(5050)
    assert [pace.after_send(5250) for _ in range(2)] == [0, 50]


@given(st.integers(1, 1000), st.lists(st.integers(0, 50_000), min_size=1, max_size=60))
def test_sent_and_missed_frames_account_for_all_time(period: int, steps: list[int]) -> None:
    pace = Pace(period_ns=period, start_ns=0)
    now = burst = longest = 0
    for sent, step in enumerate(steps, 1):
        now += step
        wait = pace.after_send(now)
        assert wait >= 0
        assert pace.due_ns == (sent + pace.missed) * period
        burst = burst + 1 if wait == 0 else 0
        longest = max(longest, burst)
        now += wait
    assert longest < MAX_BURST


# -- frames of a task ---------------------------------------------------------------------


def test_one_message_is_a_task_of_one() -> None:
    msg = Message()
    assert to_tuple(msg) == (msg,)
    assert to_tuple([msg, msg]) == (msg, msg)


@pytest.mark.parametrize(
    ("frames", "why"),
    [
        ([], "at least one"),
        ([Message(arbitration_id=1), Message(arbitration_id=2)], "same arbitration_id"),
        ([Message(channel="a"), Message(channel="b")], "same channel"),
    ],
)
def test_frames_that_make_no_task_are_refused(frames: list[Message], why: str) -> None:
    with pytest.raises(CanConfigError, match=why):
        to_tuple(frames)


@pytest.mark.parametrize("frames", [b"\1\2", "abc", [None], [object()]])
def test_what_is_no_message_is_a_type_error(frames: Any) -> None:
    with pytest.raises(TypeError):
        to_tuple(frames)


# -- the thread task ----------------------------------------------------------------------


class FakeSend:
    """A send that remembers, and that fails as told: one entry of `failures` a call."""

    def __init__(self, failures: Sequence[Exception | None] = ()) -> None:
        self.sent: list[bytes] = []
        self.timeouts: list[float | None] = []
        self._failures = list(failures)
        self._changed = threading.Condition()

    def __call__(self, msg: Message, timeout: float | None) -> None:
        with self._changed:
            self.timeouts.append(timeout)
            failure = self._failures.pop(0) if self._failures else None
            if failure is not None:
                raise failure
            self.sent.append(bytes(msg))
            self._changed.notify_all()

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.sent) >= count, PATIENCE)


class Host:
    """What a task needs of its bus."""

    def __init__(self) -> None:
        self._cyclic = CyclicTasks()

    def _prepare(self, msg: Message) -> Message:
        return msg

    def _check_open(self) -> None:
        pass

    def _check_addressed(self, msg: Message) -> None:
        pass

    def _check_sendable(self, msg: Message) -> None:
        pass


def _task(
    send: Any,
    *data: bytes,
    period: float = 0.002,
    duration: float | None = None,
    host: Host | None = None,
    scheduler: CyclicScheduler | None = None,
    **options: Any,
) -> ThreadBasedCyclicSendTask:
    host = host or Host()
    frames = [Message(arbitration_id=0x42, data=each) for each in data or (b"\1",)]
    period_ns = period_to_ns(period)
    job = CyclicJob(
        own_frames(frames, host._prepare),
        period_ns,
        frames_in(duration, period_ns),
        duration,
        **options,
    )
    return ThreadBasedCyclicSendTask(job, host, scheduler or CyclicScheduler("canbus cyclic"), send)


def test_a_counted_task_sends_its_frames_in_turn_and_ends() -> None:
    send = FakeSend()
    task = _task(send, b"\1", b"\2", b"\3", duration=0.014)
    task.start()
    assert task.wait(PATIENCE)
    assert send.sent == [b"\1", b"\2", b"\3", b"\1", b"\2", b"\3", b"\1"]
    assert (task.error, task.period, task.arbitration_id) == (None, 0.002, 0x42)


def test_a_counted_task_sends_its_count_even_when_every_frame_is_late() -> None:
    send = FakeSend()
    task = _task(send, period=1e-6, duration=50e-6)  # nobody is that fast
    task.start()
    assert task.wait(PATIENCE)
    assert len(send.sent) == 50
    assert task.missed > 0


def test_a_task_that_was_not_started_has_ended_and_can_be_stopped() -> None:
    task = _task(FakeSend())
    assert task.wait(0)
    task.stop()
    assert task.wait(0)


def test_no_frame_is_sent_after_stop_returns() -> None:
    send = FakeSend()
    scheduler = CyclicScheduler("canbus cyclic")
    task = _task(send, period=1e-6, scheduler=scheduler)
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
    task = _task(send, period=1000 * PATIENCE)
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

    tasks.append(_task(send, b"\0", modifier=stop_at_three))
    tasks[0].start()
    assert tasks[0].wait(PATIENCE)
    assert send.sent == [b"\1", b"\2"]


def test_a_full_queue_is_tried_again_and_no_frame_is_lost() -> None:
    send = FakeSend([None, CanTxQueueFullError("full"), CanTxQueueFullError("full")])
    task = _task(send, b"\1", b"\2", b"\3", duration=0.006)
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

    task = _task(always_full)
    task.start()
    assert tried.wait(PATIENCE)
    task.stop()
    assert task.wait(0)


def test_a_failing_send_ends_the_task_and_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    failure = CanOperationError("can0 is broken")
    host = Host()
    task = _task(FakeSend([None, failure]), host=host)
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
    task = _task(FakeSend([failure]), host=host)
    task.start()
    assert task.wait(PATIENCE)
    assert task.error is failure
    assert host._cyclic.running == {}


def test_a_bus_that_is_closed_ends_the_task_without_an_error() -> None:
    task = _task(FakeSend([None, CanClosedError("closed")]))
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
    task = _task(send, modifier=fail)
    with caplog.at_level(logging.ERROR, logger="canbus"):
        task.start()
        assert task.wait(PATIENCE)
    assert task.error is failure
    assert "no value" in caplog.text
    assert send.sent == []


def test_a_task_starts_again_with_its_full_count_and_without_the_old_error() -> None:
    send = FakeSend([CanOperationError("broken")])
    task = _task(send, duration=0.006)
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
    task = _task(send, b"\1", b"\2", b"\3", period=1000 * PATIENCE)
    for count in (1, 2):
        task.start()
        send.wait_for(count)
        task.stop()
    assert send.sent == [b"\1", b"\1"]


def test_starting_a_running_task_does_nothing() -> None:
    send = FakeSend()
    task = _task(send, period=1000 * PATIENCE)
    task.start()
    send.wait_for(1)
    task.start()
    task.stop()
    assert send.sent == [b"\1"]


def test_a_task_stands_among_its_siblings_while_it_runs() -> None:
    send = FakeSend()
    host = Host()
    task = _task(send, period=1000 * PATIENCE, host=host)
    assert host._cyclic.running == {}
    for _ in range(2):
        task.start()
        task.start()
        assert host._cyclic.running == {task: True}
        task.stop()
        assert host._cyclic.running == {}


def test_modify_data_replaces_the_frames_and_keeps_a_copy() -> None:
    send = FakeSend()
    task = _task(send, b"\1", duration=0.006)
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
    task = _task(FakeSend())
    before = task.messages
    with pytest.raises(CanConfigError):
        task.modify_data(wrong)
    assert task.messages is before


def test_wait_gives_up_after_its_timeout() -> None:
    task = _task(FakeSend(), period=1000 * PATIENCE)
    task.start()
    assert not task.wait(0.01)
    task.stop()


# -- errors that a task survives ----------------------------------------------------------


def test_a_task_waits_for_a_link_that_is_down_and_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    down = CanLinkDownError("can0 is down")
    send = FakeSend([None, down, down, None, down])
    task = _task(send, b"\1", b"\2", b"\3", b"\4", b"\5", b"\6", duration=0.012)
    with caplog.at_level(logging.WARNING, logger="canbus"):
        task.start()
        assert task.wait(PATIENCE)
    assert send.sent == [b"\1", b"\4", b"\6"]  # what fell due meanwhile is not sent late
    assert (task.error, task.missed) == (None, 3)
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "0x42" in caplog.text


@pytest.mark.parametrize("goes_on", [True, False])
def test_on_error_is_told_and_decides(goes_on: bool) -> None:
    failure = CanOperationError("broken")
    told: list[Exception] = []

    def on_error(exc: Exception) -> bool:
        told.append(exc)
        return goes_on

    send = FakeSend([None, failure])
    task = _task(send, b"\1", b"\2", b"\3", duration=0.006, on_error=on_error)
    task.start()
    assert task.wait(PATIENCE)
    assert told == [failure]
    assert send.sent == ([b"\1", b"\3"] if goes_on else [b"\1"])
    assert task.error is (None if goes_on else failure)


def test_on_error_may_end_a_task_whose_link_is_down() -> None:
    down = CanLinkDownError("down")
    task = _task(FakeSend([down]), on_error=lambda exc: None)
    task.start()
    assert task.wait(PATIENCE)
    assert task.error is down


def test_an_on_error_that_raises_ends_the_task_and_is_reported() -> None:
    failure = LookupError("a bug")

    def on_error(exc: Exception) -> bool:
        raise failure

    task = _task(FakeSend([CanOperationError("broken")]), on_error=on_error)
    task.start()
    assert task.wait(PATIENCE)
    assert task.error is failure
    assert isinstance(failure.__context__, CanOperationError)


def test_a_task_may_be_stopped_in_on_error() -> None:
    tasks: list[CyclicSendTask] = []
    tasks.append(
        _task(FakeSend([CanOperationError("broken")] * 9), on_error=lambda exc: tasks[0].stop())
    )
    tasks[0].start()
    assert tasks[0].wait(PATIENCE)
    assert tasks[0].error is None


# -- periods ------------------------------------------------------------------------------


class Clock:
    """A send that notes when it was called."""

    def __init__(self) -> None:
        self.ns: list[int] = []

    def __call__(self, msg: Message, timeout: float | None) -> None:
        self.ns.append(monotonic_ns())

    def gaps(self) -> list[float]:
        return [(b - a) / NS for a, b in itertools.pairwise(self.ns)]


def test_a_task_with_two_rates_begins_with_the_first() -> None:
    clock = Clock()
    enough = threading.Event()

    def count(msg: Message) -> None:
        if len(clock.ns) == 6:
            enough.set()

    period_ns = period_to_ns(0.005)
    job = CyclicJob((Message(),), period_ns, 4, None, 10 * period_ns, None, count)
    task = ThreadBasedCyclicSendTask(job, Host(), CyclicScheduler("canbus cyclic"), clock)
    task.start()
    assert enough.wait(PATIENCE)
    assert not task.done
    task.stop()
    # Due at 0, 5, 10, 15, then 65 and 115 ms; no frame ever leaves before its time.
    for number, due in enumerate((0, 5, 10, 15, 65, 115)):
        assert clock.ns[number] - clock.ns[0] >= (due - 5 * (number > 0)) * 10**6
    assert clock.gaps()[3] > 0.025 or clock.gaps()[2] > 0.025
    assert task.subsequent_period == 0.05


def test_modify_period_begins_the_count_anew() -> None:
    send = FakeSend()
    task = _task(send, b"\1", b"\2", b"\3", period=0.3, duration=0.6)
    task.start()
    send.wait_for(1)
    task.modify_period(0.2)
    assert (task.period, task.count) == (0.2, 3)
    assert task.wait(PATIENCE)
    assert send.sent == [b"\1", b"\2", b"\3", b"\1"]


def test_modify_period_takes_effect_after_the_frame_that_is_due() -> None:
    clock = Clock()
    period_ns = period_to_ns(0.2)
    task = ThreadBasedCyclicSendTask(
        CyclicJob((Message(),), period_ns), Host(), CyclicScheduler("canbus cyclic"), clock
    )
    task.start()
    task.modify_period(0.001)
    while len(clock.ns) < 10:
        assert not task.wait(0.001)
    task.stop()
    assert clock.ns[1] - clock.ns[0] > period_ns // 2


def test_modify_period_refuses_what_is_no_period() -> None:
    task = _task(FakeSend())
    for period in (0, -1, float("nan"), 1e-9):
        with pytest.raises(CanConfigError, match="period"):
            task.modify_period(period)
    assert task.period == 0.002


def test_a_task_with_two_periods_gets_no_third() -> None:
    task = _task(FakeSend(), duration=0.1, subsequent_ns=NS)
    with pytest.raises(CanUnsupportedError, match="two periods"):
        task.modify_period(1)


# -- the scheduler ------------------------------------------------------------------------


def test_all_tasks_of_a_bus_share_one_thread() -> None:
    send = FakeSend()
    scheduler = CyclicScheduler("canbus cyclic shared")
    tasks = [_task(send, bytes([n]), period=1, scheduler=scheduler) for n in range(50)]
    for task in tasks:
        task.start()
    send.wait_for(50)
    assert send.sent == [bytes([n]) for n in range(50)]
    assert [t.name for t in threading.enumerate()].count("canbus cyclic shared") == 1
    for task in tasks:
        task.stop()
    scheduler.join(PATIENCE)
    assert [t.name for t in threading.enumerate()].count("canbus cyclic shared") == 0


def test_a_task_that_starts_later_is_not_kept_waiting_by_long_periods() -> None:
    send = FakeSend()
    scheduler = CyclicScheduler("canbus cyclic")
    slow = _task(send, b"\1", period=1000, scheduler=scheduler)
    quick = _task(send, b"\2", period=0.001, duration=0.003, scheduler=scheduler)
    slow.start()
    send.wait_for(1)
    quick.start()
    assert quick.wait(PATIENCE)
    slow.stop()
    assert send.sent == [b"\1", b"\2", b"\2", b"\2"]


def test_a_full_queue_holds_up_nobody_on_another_channel() -> None:
    sent = FakeSend()

    def one_is_full(msg: Message, timeout: float | None) -> None:
        if msg.data == b"\1":
            raise CanTxQueueFullError("full")
        sent(msg, timeout)

    scheduler = CyclicScheduler("canbus cyclic")
    stuck = _task(one_is_full, b"\1", scheduler=scheduler)
    free = _task(one_is_full, b"\2", duration=0.1, scheduler=scheduler)
    stuck.start()
    free.start()
    assert free.wait(PATIENCE)
    stuck.stop()
    assert len(sent.sent) == 50


def test_new_data_is_made_ready_though_the_old_found_no_room() -> None:
    full = CanTxQueueFullError("full")
    made: list[bytes] = []
    tasks: list[ThreadBasedCyclicSendTask] = []

    def modifier(msg: Message) -> None:
        made.append(bytes(msg.data))
        if msg.data == b"\1":
            tasks[0].modify_data(Message(arbitration_id=0x42, data=b"\2"))

    send = FakeSend([full])
    tasks.append(_task(send, b"\1", duration=0.002, modifier=modifier))
    tasks[0].start()
    assert tasks[0].wait(PATIENCE)
    assert made == [b"\1", b"\2"]
    assert send.sent == [b"\2"]


def test_many_threads_start_and_stop_tasks_of_one_scheduler() -> None:
    send = FakeSend()
    scheduler = CyclicScheduler("canbus cyclic")
    tasks = [_task(send, period=0.001, scheduler=scheduler) for _ in range(8)]

    def work(task: ThreadBasedCyclicSendTask) -> None:
        for _ in range(200):
            task.start()
            task.stop()

    threads = [threading.Thread(target=work, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE * 6)
        assert not thread.is_alive()
    scheduler.join(PATIENCE)
    assert all(task.done for task in tasks)
    assert not scheduler.is_at_work()
