"""waiting: deadlines, waking on close, and a descriptor that is closed once, by the last user."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic_ns
from types import FrameType

import pytest

from canbus.testing.support import PATIENCE, Worker, wait_until_blocked

if sys.platform == "win32":
    pytest.skip("Waiter is for POSIX", allow_module_level=True)

from canbus.waiting import POLLIN, POLLOUT, Waiter, deadline_after


class Pipe:
    """A pipe whose reading end a Waiter owns."""

    def __init__(self) -> None:
        self.read, self.write = os.pipe()
        self.released: list[str] = []
        self.waiter = Waiter(self.read, self._release)

    def _release(self) -> None:
        self.released.append(threading.current_thread().name)
        os.close(self.read)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.waiter.close()
    os.close(pipe.write)


def test_a_deadline_is_monotonic_time_from_now() -> None:
    before = monotonic_ns()
    deadline = deadline_after(1.5)
    assert deadline is not None
    assert before + 1_500_000_000 <= deadline <= monotonic_ns() + 1_500_000_000
    assert deadline_after(None) is None


@pytest.mark.parametrize("timeout", [float("inf"), 1e12])
def test_a_timeout_beyond_all_time_is_a_deadline_that_can_be_waited_for(
    pipe: Pipe, timeout: float
) -> None:
    os.write(pipe.write, b"x")
    assert pipe.waiter.wait(POLLIN, deadline_after(timeout))


@pytest.mark.parametrize("timeout", [0.0, 0.0005, 0.001, 0.0314, 0.1])
@pytest.mark.parametrize("events", [POLLIN, 0])
def test_wait_is_false_not_before_the_deadline(pipe: Pipe, timeout: float, events: int) -> None:
    deadline = deadline_after(timeout)
    assert deadline is not None
    assert pipe.waiter.wait(events, deadline) is False
    assert deadline <= monotonic_ns() < deadline + PATIENCE * 10**9


def test_wait_after_the_deadline_still_looks_once(pipe: Pipe) -> None:
    os.write(pipe.write, b"x")
    assert pipe.waiter.wait(POLLIN, monotonic_ns() - 10**9) is True


def test_wait_is_true_when_something_can_be_read(pipe: Pipe) -> None:
    waiting = Worker(lambda: pipe.waiter.wait(POLLIN, None))
    wait_until_blocked(waiting)
    os.write(pipe.write, b"x")
    assert waiting.result() is True


def test_wait_for_nothing_is_not_woken_by_data(pipe: Pipe) -> None:
    os.write(pipe.write, b"x")
    assert pipe.waiter.wait(0, deadline_after(0.01)) is False


def test_wait_for_room_to_write() -> None:
    read, write = os.pipe()
    waiter = Waiter(write, lambda: os.close(write))
    assert waiter.wait(POLLOUT, deadline_after(PATIENCE)) is True
    waiter.close()
    os.close(read)


def test_wait_is_true_when_the_other_end_is_gone() -> None:
    read, write = os.pipe()
    waiter = Waiter(read, lambda: os.close(read))
    os.close(write)
    assert waiter.wait(POLLIN, deadline_after(PATIENCE)) is True
    waiter.close()


def test_close_wakes_every_waiter_and_the_last_one_closes(pipe: Pipe) -> None:
    waiting = [Worker(lambda: pipe.waiter.wait(POLLIN, None)) for _ in range(5)]
    waiting += [Worker(lambda: pipe.waiter.wait(0, deadline_after(PATIENCE))) for _ in range(5)]
    wait_until_blocked(*waiting)
    pipe.waiter.close()
    assert [worker.result() for worker in waiting] == [True] * 10
    assert len(pipe.released) == 1
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(pipe.read)


def test_close_without_waiters_closes_at_once_and_once(pipe: Pipe) -> None:
    pipe.waiter.close()
    pipe.waiter.close()
    assert len(pipe.released) == 1


def test_wait_after_close_returns_at_once(pipe: Pipe) -> None:
    pipe.waiter.close()
    assert pipe.waiter.wait(POLLIN, None) is True


def test_close_leaves_no_descriptor_open() -> None:
    before = sorted(Path("/dev/fd").iterdir())
    pipe = Pipe()
    pipe.waiter.close()
    os.close(pipe.write)
    assert sorted(Path("/dev/fd").iterdir()) == before


def test_close_in_a_signal_handler_wakes_the_very_thread_that_waits(pipe: Pipe) -> None:
    def close(number: int, frame: FrameType | None) -> None:
        pipe.waiter.close()

    main = threading.main_thread()
    assert threading.current_thread() is main
    before = signal.signal(signal.SIGUSR1, close)
    try:
        helper = Worker(lambda: signal.pthread_kill(main.ident or 0, signal.SIGUSR1))
        assert pipe.waiter.wait(POLLIN, deadline_after(PATIENCE)) is True
        helper.result()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert len(pipe.released) == 1


def test_close_by_a_handler_inside_wait_does_not_pull_the_descriptor_away() -> None:
    """A signal may arrive between any two steps of wait(), the look at the flag included."""

    class Interrupted(Waiter):
        @property
        def _closing(self) -> bool:
            now = self.__dict__["_closing"]
            if self.__dict__.pop("armed", False):
                self.close()  # the handler runs here, after the flag was read
            return bool(now)

        @_closing.setter
        def _closing(self, value: bool) -> None:
            self.__dict__["_closing"] = value

    read, write = os.pipe()
    released: list[bool] = []
    waiter = Interrupted(read, lambda: (os.close(read), released.append(True))[0])
    waiter.__dict__["armed"] = True
    assert waiter.wait(POLLIN, deadline_after(PATIENCE)) is True
    assert released == [True]
    os.close(write)


# -- kicks --------------------------------------------------------------------------------


def test_a_kick_wakes_who_waits_and_nobody_who_comes_later(pipe: Pipe) -> None:
    waiting = [Worker(lambda: pipe.waiter.wait(POLLIN, None)) for _ in range(5)]
    wait_until_blocked(*waiting)
    pipe.waiter.kick()
    assert [worker.result() for worker in waiting] == [True] * 5
    assert pipe.waiter.wait(POLLIN, deadline_after(0.01)) is False
    pipe.waiter.kick()  # nobody is there
    assert pipe.waiter.wait(POLLIN, deadline_after(0.01)) is False


def test_nobody_takes_a_kick_that_was_meant_for_another(pipe: Pipe) -> None:
    """One is slow to fall asleep, while another waits, is woken, and waits again."""
    go_on = threading.Event()
    slow = Worker(
        lambda: pipe.waiter.wait(
            POLLIN, deadline_after(PATIENCE / 2), lambda: go_on.wait(PATIENCE) and False
        )
    )
    quick = Worker(lambda: pipe.waiter.wait(POLLIN, None))
    wait_until_blocked(slow, quick)
    pipe.waiter.kick()
    assert quick.result() is True
    for _ in range(3):
        pipe.waiter.wait(POLLIN, deadline_after(0))
    go_on.set()
    assert slow.result() is True
    assert pipe.waiter.wait(POLLIN, deadline_after(0.01)) is False


def test_kicks_upon_kicks_leave_nothing_behind(pipe: Pipe) -> None:
    for _ in range(50):
        waiting = [Worker(lambda: pipe.waiter.wait(POLLIN, None)) for _ in range(3)]
        while any(worker.thread.is_alive() for worker in waiting):
            pipe.waiter.kick()
        assert [worker.result() for worker in waiting] == [True] * 3
    assert pipe.waiter.wait(POLLIN, deadline_after(0.01)) is False


def test_the_release_may_wait_for_a_lock_whose_holder_wants_to_wait(pipe: Pipe) -> None:
    """As a reader does that holds the bus's lock when a signal handler of its asks to wait."""
    lock, is_held, go_on = threading.RLock(), threading.Event(), threading.Event()

    def release() -> None:
        with lock:
            pass

    read, write = os.pipe()
    waiter = Waiter(read, release)

    def hold() -> bool:
        with lock:
            is_held.set()
            assert go_on.wait(PATIENCE)
            return waiter.wait(POLLIN, None)

    holder = Worker(hold)
    assert is_held.wait(PATIENCE)
    closer = Worker(waiter.close)
    wait_until_blocked(closer)
    go_on.set()
    assert holder.result() is True
    closer.result()
    os.close(read)
    os.close(write)
