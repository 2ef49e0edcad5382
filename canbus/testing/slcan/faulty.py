"""The faults in force, and what they do to commands and to bytes. No I/O, and no clock."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import TypeVar

from canbus.testing.slcan.faults import (
    Echo,
    Fault,
    FirstOnly,
    Garbage,
    LoseAnswers,
    NoAck,
    Refuse,
    Say,
    Silent,
    Slow,
    Split,
    UnplugAfter,
)

_F = TypeVar("_F", bound=Fault)
_NS = 10**9
_NOISE = tuple(byte for byte in range(256) if byte not in b"\r\a")


class Faulty:
    """A set of faults.

    Attributes:
        faults: those in force.
        has_echo: `Echo` is among them.
        is_heard: `NoAck` is not.
        delay_ns: before each answer.
        rate: bytes per second to the host; None for no limit.
        piece: bytes that go to the host at once; None for no limit.
        gap_ns: between pieces.
        until_unplug: bytes that may still go to the host; None for no limit.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._answers = 0
        self._lines: dict[Garbage, int] = {}
        self._noise: dict[Garbage, random.Random] = {}
        self.until_unplug: int | None = None
        self._update()

    def add(self, faults: Iterable[Fault]) -> None:
        """Set further faults."""
        for fault in faults:
            self.faults.append(fault)
            if isinstance(fault, UnplugAfter):
                self.until_unplug = fault.count
        self._update()

    def clear(self, kinds: tuple[type[Fault], ...]) -> None:
        """Mend those of these kinds."""
        self.faults = [fault for fault in self.faults if not isinstance(fault, kinds)]
        if not self._of(UnplugAfter):
            self.until_unplug = None
        if not self._of(LoseAnswers):
            self._answers = 0
        for garbage in self._lines.keys() - set(self._of(Garbage)):  # begins anew when set again
            del self._lines[garbage]
            self._noise.pop(garbage, None)
        self._update()

    def _of(self, kind: type[_F]) -> list[_F]:
        return [fault for fault in self.faults if isinstance(fault, kind)]

    def _update(self) -> None:
        slow, split = self._of(Slow), self._of(Split)
        rates = [fault.bytes_per_second for fault in slow if fault.bytes_per_second is not None]
        self.has_echo = bool(self._of(Echo))
        self.is_heard = not self._of(NoAck)
        self.rate = min(rates, default=None)
        self.delay_ns = round(_NS * sum(fault.delay for fault in slow))
        self.piece = min((fault.size for fault in split), default=None)
        self.gap_ns = round(_NS * max((fault.gap for fault in split), default=0.0))

    # -- commands ---------------------------------------------------------------------

    def incoming(self, data: bytes) -> bytes:
        """What the adapter hears of what the host writes at once."""
        if not self._of(FirstOnly):
            return data
        first, cr, _ = data.partition(b"\r")
        return first + cr

    def intercept(self, line: bytes, handle: Callable[[bytes], bytes]) -> bytes:
        """The answer to a command: that of `handle`, which carries it out, or another one."""
        text = line.decode("latin-1")
        if any(fault.concerns(text) for fault in self._of(Silent)):
            return b""
        for say in self._of(Say):
            if text.startswith(say.command):
                return say.answer
        if any(fault.concerns(text) for fault in self._of(Refuse)):
            return b"\a"
        answer = handle(line)
        return b"" if answer and self._is_lost() else answer

    def _is_lost(self) -> bool:
        self._answers += 1
        return any(self._answers % fault.every == 0 for fault in self._of(LoseAnswers))

    # -- bytes to the host ------------------------------------------------------------

    def outgoing(self, line: bytes) -> bytes:
        """What is sent instead of an answer or a frame."""
        for fault in self._of(Garbage):
            count = self._lines[fault] = self._lines.get(fault, 0) + 1
            if count % fault.every == 0:
                noise = self._noise.setdefault(fault, random.Random(fault.seed))  # noqa: S311
                line = _garble(line, fault, noise)
        return line


def _garble(line: bytes, fault: Garbage, noise: random.Random) -> bytes:
    data = fault.data
    if data is None:
        data = bytes(noise.choices(_NOISE, k=noise.randint(1, 4)))
    if fault.where == "before":
        return data + line
    if fault.where == "after":
        return line + data
    place = noise.randint(1, max(1, len(line) - 1))
    return line[:place] + data + line[place:]
