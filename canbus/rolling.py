"""Rolling: the counters and the checksum of a cyclic task, written frame by frame.

What one of them is stands in rolling_counter.py and rolling_checksum.py. Nothing is timed or
sent here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from copy import copy

from canbus.errors import CanConfigError
from canbus.message import Message
from canbus.rolling_checksum import Checksum
from canbus.rolling_counter import Counter

__all__ = ["Checksum", "Counter", "Rolling"]


class Rolling:
    """What changes from frame to frame.

    Args:
        counters: one or several.
        checksum: computed when the counters are in place, or None.

    Raises:
        CanConfigError: a ValueError; something else was given.
    """

    __slots__ = ("checksum", "counters")

    def __init__(
        self, counters: Counter | Iterable[Counter] = (), checksum: Checksum | None = None
    ) -> None:
        self.counters = _as_tuple(counters)
        self.checksum = _checked(checksum)

    def __repr__(self) -> str:
        return f"Rolling({self.counters!r}, {self.checksum!r})"

    def check(self, messages: Sequence[Message]) -> None:
        """Find what cannot be, before the first frame is sent.

        Every frame is made once, for nothing: so a checksum that does not fit is found, too.

        Raises:
            CanConfigError: a ValueError; there are no frames, a frame is a remote frame, a field
                does not lie within its data, two fields overlap, or the checksum covers nothing.
        """
        _need_frames(len(messages))
        self._check_overlap()
        for msg in messages:
            if msg.is_remote_frame:
                raise CanConfigError(
                    "a remote frame has no data for counters or a checksum",
                    hint="leave them out, or send data frames",
                )
        for msg in self.sequence(messages, len(messages)):
            if self.checksum is not None:
                _check_covered(self.checksum, len(msg.data))

    def _check_overlap(self) -> None:
        fields: list[Counter | Checksum] = [*self.counters]
        if self.checksum is not None:
            fields.append(self.checksum)
        for place, one in enumerate(fields):
            for other in fields[place + 1 :]:
                if one.bits & other.bits:
                    raise CanConfigError(
                        f"{one} and {other} overlap", hint="give each its own bits of the data"
                    )

    def cycle(self, frames: int) -> int:
        """How many frames it takes until everything repeats.

        Args:
            frames: how many frames are sent in turn.
        """
        _need_frames(frames)
        return math.lcm(frames, *(counter.modulo for counter in self.counters))

    def apply(self, msg: Message, index: int) -> None:
        """Write the counters, then the checksum, into the data of a frame, in place.

        Args:
            msg: the frame, a copy that belongs to the caller.
            index: which frame of the task it is, the first one being 0.

        Raises:
            CanConfigError: a field does not lie within the data, or the checksum not in its bytes.
        """
        data = msg.data
        for counter in self.counters:
            counter.put(data, (counter.first + index) % counter.modulo)
        if self.checksum is not None:
            self.checksum.put(data)

    def sequence(self, messages: Sequence[Message], count: int) -> list[Message]:
        """The first `count` frames of a task that sends `messages` in turn, as copies."""
        _need_frames(len(messages))
        made = []
        for index in range(count):
            msg = copy(messages[index % len(messages)])
            self.apply(msg, index)
            made.append(msg)
        return made


def _as_tuple(counters: Counter | Iterable[Counter]) -> tuple[Counter, ...]:
    several: object = (counters,) if isinstance(counters, Counter) else counters
    if isinstance(several, Iterable):
        several = tuple(several)
        if all(isinstance(counter, Counter) for counter in several):
            return several
    raise CanConfigError(
        f"counters={counters!r} is neither a Counter nor a sequence of them",
        hint="four bits at the beginning of byte 1 are counters=Counter(8, 4)",
    )


def _checked(checksum: object) -> Checksum | None:
    if checksum is None or isinstance(checksum, Checksum):
        return checksum
    raise CanConfigError(
        f"checksum={checksum!r} is no Checksum",
        hint="write checksum=Checksum('crc8_sae_j1850', byte=0)",
    )


def _need_frames(number: int) -> None:
    if number < 1:
        raise CanConfigError("counters and checksums need at least one frame to be in")


def _check_covered(checksum: Checksum, length: int) -> None:
    over = checksum.over or slice(None)
    edges = [edge for edge in (over.start, over.stop) if edge is not None]
    if any(not -length <= edge <= length for edge in edges):
        raise CanConfigError(
            f"{checksum} is over {over}, but the data has {length} bytes",
            hint="over=slice(1, None) reaches to the end of any data",
        )
    if not checksum.covered(bytes(length)):
        raise CanConfigError(
            f"{checksum} covers none of the {length} bytes of the data", hint="correct over="
        )
