"""Waiting for the end of a thread that several may wait for at the same time. No CAN.

Before Python 3.13 two of them trip over each other now and then, with an error that means nothing:
CPython gh-116372, https://github.com/python/cpython/issues/116372.
"""

from __future__ import annotations

import threading

_TRIPPED = (AssertionError, RuntimeError)


def join(thread: threading.Thread, timeout: float | None = None) -> None:
    """As `thread.join`.

    Raises:
        RuntimeError: it is the calling thread, or was never started.
    """
    try:
        thread.join(timeout)
    except _TRIPPED:
        if thread is threading.current_thread() or thread.ident is None:
            raise
        # It has ended: only who has got its lock can trip.


def is_alive(thread: threading.Thread) -> bool:
    """As `thread.is_alive`."""
    try:
        return thread.is_alive()
    except _TRIPPED:
        return False
