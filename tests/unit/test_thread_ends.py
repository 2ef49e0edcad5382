"""Many who wait for the end of one thread."""

from __future__ import annotations

import threading

import pytest

from canbus import thread_ends
from canbus.testing.support import Worker
from canbus.testing.torture import shortest_switch_interval
from tests.scale import SOAK


class Tripped(threading.Thread):
    """As the standard library's before 3.13, when two join at once."""

    def __init__(self, error: type[Exception]) -> None:
        self.error: type[Exception] | None = None
        super().__init__()
        self.start()
        super().join()
        self.error = error

    def join(self, timeout: float | None = None) -> None:
        if self.error is not None:
            raise self.error

    def is_alive(self) -> bool:
        if self.error is not None:
            raise self.error
        return super().is_alive()


@pytest.mark.parametrize("error", [AssertionError, RuntimeError])
def test_who_trips_over_another_is_told_nothing(error: type[Exception]) -> None:
    thread = Tripped(error)
    thread_ends.join(thread, 1)
    assert not thread_ends.is_alive(thread)


def test_what_cannot_be_waited_for_is_an_error_still() -> None:
    with pytest.raises(RuntimeError, match="before it is started"):
        thread_ends.join(threading.Thread())
    with pytest.raises(RuntimeError, match="current thread"):
        thread_ends.join(threading.current_thread())


def test_the_real_thing() -> None:
    """Most rounds trip nobody; none may hurt."""
    with shortest_switch_interval():
        for _ in range(20 * SOAK):
            may_end = threading.Event()
            thread = threading.Thread(target=may_end.wait)
            thread.start()
            assert thread_ends.is_alive(thread)

            def wait(thread: threading.Thread = thread) -> bool:
                thread_ends.join(thread, 10)
                return thread_ends.is_alive(thread)

            waiting = [Worker(wait) for _ in range(8)]
            may_end.set()
            assert [worker.result() for worker in waiting] == [False] * 8
