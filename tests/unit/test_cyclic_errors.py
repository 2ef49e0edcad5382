"""Tasks that a thread times: errors that they survive, changes of the period, many at once."""

from __future__ import annotations

import itertools
import logging
import threading
from time import monotonic_ns

import pytest

from canbus.cyclic_job import CyclicJob, period_to_ns
from canbus.cyclic_scheduler import CyclicScheduler
from canbus.cyclic_thread import ThreadBasedCyclicSendTask
from canbus.errors import (
    CanConfigError,
    CanLinkDownError,
    CanOperationError,
    CanTxQueueFullError,
    CanUnsupportedError,
)
from canbus.message import Message
from canbus.periodic import CyclicSendTask
from tests.unit.cyclic_fakes import FakeSend, Host, make_task

NS = 10**9
PATIENCE = 10.0


# -- errors that a task survives ----------------------------------------------------------


def test_a_task_waits_for_a_link_that_is_down_and_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    down = CanLinkDownError("can0 is down")
    send = FakeSend([None, down, down, None, down])
    task = make_task(send, b"\1", b"\2", b"\3", b"\4", b"\5", b"\6", duration=0.012)
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
    task = make_task(send, b"\1", b"\2", b"\3", duration=0.006, on_error=on_error)
    task.start()
    assert task.wait(PATIENCE)
    assert told == [failure]
    assert send.sent == ([b"\1", b"\3"] if goes_on else [b"\1"])
    assert task.error is (None if goes_on else failure)


def test_on_error_may_end_a_task_whose_link_is_down() -> None:
    down = CanLinkDownError("down")
    task = make_task(FakeSend([down]), on_error=lambda exc: None)
    task.start()
    assert task.wait(PATIENCE)
    assert task.error is down


def test_an_on_error_that_raises_ends_the_task_and_is_reported() -> None:
    failure = LookupError("a bug")

    def on_error(exc: Exception) -> bool:
        raise failure

    task = make_task(FakeSend([CanOperationError("broken")]), on_error=on_error)
    task.start()
    assert task.wait(PATIENCE)
    assert task.error is failure
    assert isinstance(failure.__context__, CanOperationError)


def test_a_task_may_be_stopped_in_on_error() -> None:
    tasks: list[CyclicSendTask] = []
    tasks.append(
        make_task(FakeSend([CanOperationError("broken")] * 9), on_error=lambda exc: tasks[0].stop())
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
    task = make_task(send, b"\1", b"\2", b"\3", period=0.3, duration=0.6)
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
    task = make_task(FakeSend())
    for period in (0, -1, float("nan"), 1e-9):
        with pytest.raises(CanConfigError, match="period"):
            task.modify_period(period)
    assert task.period == 0.002


def test_a_task_with_two_periods_gets_no_third() -> None:
    task = make_task(FakeSend(), duration=0.1, subsequent_ns=NS)
    with pytest.raises(CanUnsupportedError, match="two periods"):
        task.modify_period(1)


# -- the scheduler ------------------------------------------------------------------------


def test_all_tasks_of_a_bus_share_one_thread() -> None:
    send = FakeSend()
    scheduler = CyclicScheduler("canbus cyclic shared")
    tasks = [make_task(send, bytes([n]), period=1, scheduler=scheduler) for n in range(50)]
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
    slow = make_task(send, b"\1", period=1000, scheduler=scheduler)
    quick = make_task(send, b"\2", period=0.001, duration=0.003, scheduler=scheduler)
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
    stuck = make_task(one_is_full, b"\1", scheduler=scheduler)
    free = make_task(one_is_full, b"\2", duration=0.1, scheduler=scheduler)
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
    tasks.append(make_task(send, b"\1", duration=0.002, modifier=modifier))
    tasks[0].start()
    assert tasks[0].wait(PATIENCE)
    assert made == [b"\1", b"\2"]
    assert send.sent == [b"\2"]


def test_many_threads_start_and_stop_tasks_of_one_scheduler() -> None:
    send = FakeSend()
    scheduler = CyclicScheduler("canbus cyclic")
    tasks = [make_task(send, period=0.001, scheduler=scheduler) for _ in range(8)]

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
