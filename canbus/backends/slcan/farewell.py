"""The last words to an adapter: what is on its way goes out, then its channel is closed.

No more than a moment is spent on it, whatever the adapter does. The caller holds the lock of
the line, and nobody else reads the port any more.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from time import monotonic

from canbus.backends.slcan.answers import Asked
from canbus.backends.slcan.line import Line
from canbus.plugin import POLLIN, POLLOUT, CanError

_LONGEST = 0.3
"""Seconds: 8 frames of 10 kbit/s take a tenth; a CANUSB answers `C` in a few milliseconds."""

_LOOK_EVERY = 0.002  # seconds; nothing tells when the queue of a tty is empty


def say_farewell(line: Line, *, closes: bool, answers_close: bool) -> None:
    """Finish what was begun, and close the channel. Raises nothing.

    Args:
        line: the line.
        closes: whether the channel is open, so that it has to be closed.
        answers_close: the adapter answers `C`.
    """
    until = monotonic() + _LONGEST
    asked = Asked("C")
    try:
        _pump(line, until, lambda: not line.answers.frames_waiting and line.is_all_sent)
        if closes and line.put(b"C\r", (asked,)) and answers_close:
            _pump(line, until, lambda: not asked.is_pending)
        _pump(line, until, lambda: line.is_all_sent)
        _wait_until_out(line, until)
    except CanError:
        return  # it is gone, and cannot be told anything


def _wait_until_out(line: Line, until: float) -> None:
    """Let the last bytes leave a slow line; what it does not take would keep `close` waiting."""
    while line.port.unsent():
        if monotonic() >= until:
            line.port.discard_output()
            return
        select.select([], [], [], _LOOK_EVERY)


def _pump(line: Line, until: float, done: Callable[[], bool]) -> None:
    poller = select.poll()
    poller.register(line.port.fileno(), POLLIN)
    while not done() and line.trouble is None:
        left = until - monotonic()
        if left <= 0:
            return
        events = POLLIN if line.is_all_sent else POLLIN | POLLOUT
        poller.modify(line.port.fileno(), events)
        poller.poll(left * 1000)
        line.pump()
