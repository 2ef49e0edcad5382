"""How the command behaves as a process: warnings, ending by signals, a reader that went away.

Nothing about CAN and nothing about arguments.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, TextIO

from canbus.cli.output import say_warning
from canbus.errors import CanWarning

_SIGPIPE = 13  # has no name in Windows' signal module


class Terminated(BaseException):
    """SIGTERM or SIGHUP arrived. An exception, so that buses are closed and links removed.

    Attributes:
        signal_number: which one.
    """

    def __init__(self, signal_number: int) -> None:
        self.signal_number = signal_number
        super().__init__(signal_number)


@contextmanager
def manners() -> Iterator[None]:
    """Show warnings as one line each, and end by SIGTERM as by Ctrl-C, inside the block."""
    with warnings.catch_warnings(), _ending_signals():
        warnings.simplefilter("always", CanWarning)
        warnings.showwarning = _show_warning
        yield


@contextmanager
def _ending_signals() -> Iterator[None]:
    numbers = [signal.SIGTERM]
    if sys.platform != "win32":
        numbers.append(signal.SIGHUP)
    if threading.current_thread() is not threading.main_thread():
        numbers = []  # Python sets signal handlers in the main thread only
    # One that is ignored (nohup) stays so.
    old = {n: signal.getsignal(n) for n in numbers if signal.getsignal(n) != signal.SIG_IGN}
    for number in old:
        signal.signal(number, _terminate)
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated(number)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    say_warning(str(message))


def flush_stdout() -> None:
    """Write what is buffered now, while a broken pipe can still be answered."""
    if sys.stdout is not None:  # `canbus ... >&-`
        sys.stdout.flush()


def give_up_stdout() -> int:
    """Nobody reads our output any more: be silent, and return what a shell shows for SIGPIPE."""
    original = sys.__stdout__
    if original is not None and sys.stdout is original:
        # Python flushes it once more at its exit, and would complain.
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, original.fileno())
        os.close(devnull)
    return 128 + _SIGPIPE
