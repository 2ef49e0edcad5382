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

_FRAMES = 0.2
"""Seconds: 8 frames of 10 kbit/s take a tenth."""
_CLOSING = 0.1
"""Seconds: a CANUSB answers `C` in a few milliseconds."""
_OUTPUT = 0.1
"""Seconds: a line of 115200 bit/s takes a tenth for 1152 bytes."""
_LOOK_EVERY = 0.002  # seconds; nothing tells when the queue of a tty is empty


def say_farewell(line: Line, *, closes: bool, answers_close: bool) -> str:
    """Finish what was begun, and close the channel. Raises nothing.

    Args:
        line: the line.
        closes: whether the channel is open, so that it has to be closed.
        answers_close: the adapter answers `C`.

    Returns:
        What did not go out, in words; "" if everything has.
    """
    asked = Asked("C")
    try:
        _pump(line, _FRAMES, lambda: not line.answers.frames_waiting and line.is_all_sent)
        line.answers.forget_all()  # the answer to `C` is none to a frame
        if closes and line.put(b"C\r", (asked,)) and answers_close:
            _pump(line, _CLOSING, lambda: not asked.is_pending)
        _pump(line, _CLOSING, lambda: line.is_all_sent)
        left = _wait_until_out(line)
    except CanError:
        return ""  # it is gone, and cannot be told anything
    if not line.is_all_sent and line.trouble is None:
        return "the adapter did not read the last line"
    return f"the serial line did not take the last {left} bytes" if left else ""


def _wait_until_out(line: Line) -> int:
    """Let the last bytes leave a slow line; what it does not take would keep `close` waiting."""
    until = monotonic() + _OUTPUT
    while left := line.port.unsent():
        if monotonic() >= until:
            line.port.discard_output()
            return left
        select.select([], [], [], _LOOK_EVERY)
    return 0


def _pump(line: Line, seconds: float, done: Callable[[], bool]) -> None:
    until = monotonic() + seconds
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
