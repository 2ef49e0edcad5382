"""CyclicScheduler: every run is called when it is due, whatever comes between."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from time import monotonic_ns

from canbus.cyclic_scheduler import CyclicScheduler
from canbus.testing.support import PATIENCE

MICROSECOND = 1000


class _Often:
    """A run that is due again a moment later, so many times."""

    is_waiting = False

    def __init__(self, times: int, chance: random.Random, news: Callable[[], None]) -> None:
        self._news = news
        self.due_ns = monotonic_ns()
        self.is_stopped = False
        self.early = 0
        self.over = threading.Event()
        self._left = times
        self._chance = chance

    def step(self, patience: float) -> bool:
        self.early += monotonic_ns() < self.due_ns
        self._left -= 1
        self._news()
        self.due_ns = monotonic_ns() + self._chance.randrange(20 * MICROSECOND)
        if not self._left:
            self.over.set()
        return self._left > 0


def test_the_thread_does_not_sleep_through_what_is_due_in_a_moment():
    """Waits that are over before they have begun, each after news that nobody waited for."""
    scheduler = CyclicScheduler("test")
    run = _Often(20_000, random.Random(1), scheduler.tidy)
    scheduler.add(run)
    assert run.over.wait(PATIENCE)
    assert not run.early
    scheduler.join()


def test_the_thread_ends_with_the_last_run_and_comes_back_with_the_next():
    scheduler = CyclicScheduler("test")
    for _ in range(3):
        run = _Often(3, random.Random(2), scheduler.tidy)
        scheduler.add(run)
        assert run.over.wait(PATIENCE)
        scheduler.join()
        assert not scheduler.is_at_work()


def test_a_stopped_run_is_not_called_and_does_not_keep_the_thread():
    scheduler = CyclicScheduler("test")
    run = _Often(3, random.Random(3), scheduler.tidy)
    run.due_ns = monotonic_ns() + 1000 * 10**9
    scheduler.add(run)
    assert scheduler.is_at_work()
    run.is_stopped = True
    scheduler.tidy()
    scheduler.join()
    assert not run.over.is_set()


def _nothing() -> None:
    pass


class _Raises:
    """A run whose step raises, which none should."""

    is_waiting = is_stopped = False

    def __init__(self) -> None:
        self.due_ns = monotonic_ns()

    def step(self, patience: float) -> bool:
        raise OSError("disk full")


def test_a_step_that_raises_is_reported_and_ends_nobody_else(monkeypatch):
    reported: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: reported.append(args.exc_value))
    scheduler = CyclicScheduler("test")
    good = _Often(20, random.Random(4), _nothing)
    scheduler.add(good)
    scheduler.add(_Raises())
    assert good.over.wait(PATIENCE)
    scheduler.join()
    assert [str(exc) for exc in reported] == ["disk full"]
    again = _Often(3, random.Random(5), _nothing)
    scheduler.add(again)
    assert again.over.wait(PATIENCE)


def test_there_is_one_thread_however_many_come_and_go():
    """Runs of a moment from two threads, beside one that is due in an hour."""
    scheduler = CyclicScheduler("the one")
    late = _Often(1, random.Random(6), _nothing)
    late.due_ns = monotonic_ns() + 3600 * 10**9

    def come_and_go() -> None:
        for n in range(300):
            run = _Often(1, random.Random(n), _nothing)
            scheduler.add(run)
            assert run.over.wait(PATIENCE)
            names = [thread.name for thread in threading.enumerate()]
            assert names.count("the one") <= 2  # one that is just about to be gone

    threads = [threading.Thread(target=come_and_go) for _ in range(2)]
    for thread in threads:
        thread.start()
    scheduler.add(late)
    for thread in threads:
        thread.join(PATIENCE * 3)
    late.is_stopped = True
    scheduler.tidy()
    scheduler.join(PATIENCE)
    assert not scheduler.is_at_work()
