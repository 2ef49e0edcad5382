"""signals_held(): what ends a program waits until a change of a link is done. No netlink here.

pyroute2 runs an event loop for each request. What a signal handler raises inside of one is lost
now and then: a callback's exceptions are logged, but for SystemExit and KeyboardInterrupt
(Handle._run, asyncio/events.py), and the request then waits for ever; finalizers and weak
references lose all of them (sys.unraisablehook).
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_HANGUP = getattr(signal, "SIGHUP", signal.SIGTERM)  # Windows has none


@contextmanager
def signals_held() -> Iterator[None]:
    """Call Python's handlers of SIGINT, SIGTERM and SIGHUP after the block, not inside.

    Handlers run in the main thread only (signal, Python's library), so that others need nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with _held(signal.SIGINT), _held(signal.SIGTERM), _held(_HANGUP):
        yield


@contextmanager
def _held(number: int) -> Iterator[None]:
    """One signal: so what comes while another's handler is put back is not lost either."""
    handler = signal.getsignal(number)
    if not callable(handler):  # ignored; or it ends the process at once
        yield
        return
    came: list[FrameType | None] = []
    try:
        signal.signal(number, lambda number, frame: came.append(frame))
        yield
    finally:
        signal.signal(number, handler)
        if came:
            # Not raised once more: an event loop has been told by its wakeup descriptor.
            handler(number, came[-1])
