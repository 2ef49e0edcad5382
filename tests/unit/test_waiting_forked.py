"""waiting: a forked child has a copy of everything but the threads, and shares the pipe."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator

import pytest

from canbus.testing.support import PATIENCE, Worker, wait_until_blocked

if sys.platform == "win32":
    pytest.skip("there is no fork", allow_module_level=True)

from canbus.waiting import POLLIN, Waiter, deadline_after


class Pipe:
    """A pipe whose reading end a Waiter owns."""

    def __init__(self) -> None:
        self.read, self.write = os.pipe()
        self.released = 0
        self.waiter = Waiter(self.read, self._release)

    def _release(self) -> None:
        self.released += 1
        os.close(self.read)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.waiter.close()
    os.close(pipe.write)


def in_child(work: Callable[[], bool]) -> bool:
    """Whether it returned true in a forked child, in time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
        pid = os.fork()
    if not pid:
        code = 1
        try:
            signal.alarm(5)  # ends one that hangs
            code = 0 if work() else 1
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) == 0


def test_a_child_closes_its_copy_though_threads_had_the_lock_and_waited(pipe: Pipe) -> None:
    is_held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with pipe.waiter._lock:
            is_held.set()
            assert go_on.wait(PATIENCE)

    def close() -> bool:
        assert pipe.waiter.is_inherited
        pipe.waiter.close()
        pipe.waiter.close()
        return pipe.released == 1 and not pipe.waiter.is_used

    waiting = Worker(lambda: pipe.waiter.wait(POLLIN, None))
    wait_until_blocked(waiting)
    holder = Worker(hold)
    assert is_held.wait(PATIENCE)
    assert in_child(close)
    go_on.set()
    holder.result()
    assert pipe.released == 0
    assert waiting.thread.is_alive()  # the parent's own threads are not woken by that
    assert pipe.waiter.is_used
    pipe.waiter.kick()
    assert waiting.result() is True
    assert pipe.waiter.wait(POLLIN, deadline_after(0.01)) is False


def test_a_kick_in_a_child_wakes_nobody_of_the_parent(pipe: Pipe) -> None:
    waiting = Worker(lambda: pipe.waiter.wait(POLLIN, None))
    wait_until_blocked(waiting)

    def kick() -> bool:
        for _ in range(3):
            pipe.waiter.kick()
        return True

    assert in_child(kick)
    wait_until_blocked(waiting)
    assert waiting.thread.is_alive()
    os.write(pipe.write, b"x")
    assert waiting.result() is True


def test_a_parent_can_close_after_its_child_has(pipe: Pipe) -> None:
    def close() -> bool:
        pipe.waiter.close()
        return True

    assert not pipe.waiter.is_inherited
    assert in_child(close)
    waiting = Worker(lambda: pipe.waiter.wait(POLLIN, None))
    wait_until_blocked(waiting)
    pipe.waiter.close()
    assert waiting.result() is True
    assert pipe.released == 1
