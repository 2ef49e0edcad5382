"""What the tests of watches share: what was told, and the thread that reads. No test here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from types import SimpleNamespace
from typing import Any, cast

import canbus as can
from canbus.testing.support import (
    PATIENCE,
    Worker,
    receive_until_marker,
    send_marker,
    wait_until_blocked,
)
from canbus.watch import Watch, WatchEvent, WatchKind

FIRST, CHANGED, MISSING, BACK, LOST, LINK_DOWN, GONE = WatchKind
OpenBus = Callable[..., can.BusABC]
MS = 10**6
ID = 0x123
LAST_ID = 0x7F0
"""Watched for a frame that is sent last: the kernel tells in order, so what has not been told
before it on the same socket is not told at all."""
_numbers = count(1)


def frame(data: bytes = b"", arbitration_id: int = ID, *, fd: bool = False, ext: bool = False):
    """A data frame."""
    return can.Message(arbitration_id=arbitration_id, is_extended_id=ext, is_fd=fd, data=data)


def event(watch: Watch) -> WatchEvent:
    """The next event, which must come."""
    got = watch.get(PATIENCE)
    assert got is not None, f"nothing was told of {watch} within {PATIENCE} s"
    return got


def content(got: WatchEvent) -> bytes:
    """The data of the frame that an event tells of."""
    assert got.message is not None
    return bytes(got.message.data)


def until_now(sender: can.BusABC, watch: Watch, last: Watch) -> list[WatchEvent]:
    """All that was told until a frame that is sent now, of which `last` tells."""
    number = next(_numbers).to_bytes(4, "big")
    sender.send(frame(number, LAST_ID))
    while content(event(last)) != number:
        pass
    return taken(watch)


def settle(sender: can.BusABC, receiver: can.BusABC) -> None:
    """Wait until all that was sent has arrived, which a busy kernel may put off (ksoftirqd)."""
    send_marker(sender)
    receive_until_marker(receiver)


def taken(watch: Watch) -> list[WatchEvent]:
    """All that can be taken now."""
    events = []
    while (got := watch.get(0)) is not None:
        events.append(got)
    return events


def descriptors() -> set[str]:
    """Numbers of all open descriptors."""
    return {path.name for path in Path("/proc/self/fd").iterdir() if path.is_symlink()}


def reading_threads() -> list[threading.Thread]:
    """The threads that read what the kernel tells."""
    return [one for one in threading.enumerate() if one.name.startswith("canbus bcm")]


def wakes(thread: threading.Thread) -> int:
    """How often a thread went to sleep until now that it sleeps; waking it counts once at least.

    Twice, where it had to wait for the interpreter, too.
    """
    wait_until_blocked(cast("Worker[Any]", SimpleNamespace(thread=thread)))
    text = Path(f"/proc/self/task/{thread.native_id}/status").read_text()
    (line,) = (line for line in text.splitlines() if line.startswith("voluntary"))
    return int(line.split()[1])


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until something is so, which must be so soon."""
    deadline = monotonic() + PATIENCE
    while not condition():
        assert monotonic() < deadline, f"{what} does not come about"
        sleep(0.001)
