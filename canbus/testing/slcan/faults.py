"""What can be wrong with an adapter or its cable, as small values. Nothing happens here.

How they work together is in faulty.py, their names for a command line in fault_text.py. All
that are set are in force at the same time. A command is named by how it begins: `S` means every
`S0` to `S8`, `t` every standard data frame that the host sends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from canbus.errors import CanConfigError

_SLOWEST = 0.001  # bytes per second


class Fault:
    """One fault. Make one of its subclasses.

    Raises:
        CanConfigError: a ValueError; a number is too small to make sense.
    """

    __slots__ = ()

    def _check(self, name: str, least: float) -> None:
        value = getattr(self, name)
        if not value >= least:
            raise CanConfigError(
                f"{type(self).__name__}: {name} {value} makes no sense",
                hint=f"give {least:g} or more",
            )


@dataclass(frozen=True, init=False)
class OfCommands(Fault):
    """A fault of some commands, or of all.

    Args:
        commands: which; by default all.
    """

    commands: tuple[str, ...]

    def __init__(self, *commands: str) -> None:
        object.__setattr__(self, "commands", commands)

    def concerns(self, line: str) -> bool:
        """Whether this line is one of those commands."""
        return not self.commands or line.startswith(self.commands)


class Silent(OfCommands):
    """Commands are neither carried out nor answered."""


class Refuse(OfCommands):
    """Commands are not carried out, and answered by BEL."""


@dataclass(frozen=True, slots=True)
class Say(Fault):
    """A command is not carried out, and answered by something else: a wrong version, say.

    Attributes:
        command: which.
        answer: all bytes of the answer, with the CR that belongs there.
    """

    command: str
    answer: bytes


@dataclass(frozen=True, slots=True)
class LoseAnswers(Fault):
    """Commands are carried out, but every n-th answer does not come. Frames do come.

    Attributes:
        every: n; 1 loses all.
    """

    every: int = 1

    def __post_init__(self) -> None:
        self._check("every", 1)


@dataclass(frozen=True, slots=True)
class Garbage(Fault):
    """Bytes that do not belong there come with every n-th answer or frame.

    Attributes:
        data: the bytes; None makes up one to four, none of them CR or BEL.
        where: in relation to the line: in front of it, behind its CR, or anywhere within.
        every: n; 1 means with each.
        seed: the same seed gives the same bytes at the same places.
    """

    data: bytes | None = None
    where: Literal["before", "after", "inside"] = "before"
    every: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        self._check("every", 1)


@dataclass(frozen=True, slots=True)
class Split(Fault):
    """What is sent comes in small pieces.

    Attributes:
        size: bytes of a piece.
        gap: seconds between pieces.
    """

    size: int = 1
    gap: float = 0.001

    def __post_init__(self) -> None:
        self._check("size", 1)
        self._check("gap", 0)


@dataclass(frozen=True, slots=True)
class Slow(Fault):
    """The line or the adapter is slow.

    Attributes:
        bytes_per_second: of the line to the host; None does not limit it.
        delay: seconds before each answer; what follows waits behind it.
    """

    bytes_per_second: float | None = None
    delay: float = 0.0

    def __post_init__(self) -> None:
        if self.bytes_per_second is not None:
            self._check("bytes_per_second", _SLOWEST)
        self._check("delay", 0)


@dataclass(frozen=True, slots=True)
class UnplugAfter(Fault):
    """The cable is pulled once so many bytes more have been sent: in the middle of a line, say.

    The host has a second to read them: what it has not read when the cable is pulled is lost.

    Attributes:
        count: bytes.
    """

    count: int

    def __post_init__(self) -> None:
        self._check("count", 0)


@dataclass(frozen=True, slots=True)
class FirstOnly(Fault):
    """Of the commands that the host writes at once, only the first is heard."""


@dataclass(frozen=True, slots=True)
class NoAck(Fault):
    """Nobody on the wire acknowledges: what the host sends waits in the adapter, until it is full.

    What waits goes out, in order, when this is mended. An adapter that tries a frame once only
    loses it.
    """


@dataclass(frozen=True, slots=True)
class Echo(Fault):
    """Everything that the host sends comes back, as from a terminal that was not set raw."""
