"""Serial lines for the slcan benchmarks: pseudo-terminals whose far end is another process.

What the far end costs is its own, so the processor time of this thread is the reader's, or the
sender's, alone. No kernel CAN is needed, and no rights. Nothing is measured here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import can

import canbus
from benchmarks.report import OURS, THEIRS

IDENTIFIERS = range(0x100, 0x120)
LINES = b"".join(b"t%03X8%016X\r" % (n, n * 0x010203040506) for n in IDENTIFIERS)
"""A frame of 8 bytes from each of 32 identifiers."""
LINE = len(LINES) // len(IDENTIFIERS)  # bytes


class FarEnd:
    """The other end of a pseudo-terminal, a program of its own: benchmarks/slcan_far_end.py.

    Args:
        words: what it shall do.

    Attributes:
        port: path of the near end.
    """

    def __init__(self, *words: object) -> None:
        self._master, near = os.openpty()
        tty.setraw(near)
        self.port = os.ttyname(near)
        self._near = near  # stays open, lest the far end finds it hung up
        program = str(Path(__file__).with_name("slcan_far_end.py"))
        self._process = subprocess.Popen(
            [sys.executable, "-S", program, str(self._master), *map(str, words)],
            pass_fds=[self._master],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._process.stdout is not None:
            self._process.stdout.readline()  # it is there; a guest may take seconds for that

    def tell(self, word: object) -> None:
        if self._process.stdin is not None:
            print(word, file=self._process.stdin, flush=True)

    def say(self, data: bytes) -> None:
        """Write to the near end from here."""
        os.write(self._master, data)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        os.close(self._near)
        os.close(self._master)


@contextmanager
def far_end(*words: object) -> Iterator[FarEnd]:
    end = FarEnd(*words)
    try:
        yield end
    finally:
        end.close()


def their_bus(port: str) -> Any:
    return can.Bus(port, interface="slcan", sleep_after_open=0)


def our_bus(port: str, **options: Any) -> Any:
    """By default as python-can: nothing that the adapter says is waited for."""
    options = {"dialect": "slcan", "handshake": "off", **options}
    return canbus.Bus(port, interface="slcan", **options)


Sides = dict[str, tuple[Any, FarEnd]]


@contextmanager
def both_sides(*words: object) -> Iterator[Sides]:
    """A bus of either library on a line of its own, by side."""
    with ExitStack() as stack:
        sides: Sides = {}
        for side, opened in ((THEIRS, their_bus), (OURS, our_bus)):
            end = stack.enter_context(far_end(*words))
            sides[side] = (stack.enter_context(opened(end.port)), end)
        yield sides
