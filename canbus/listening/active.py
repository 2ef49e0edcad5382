"""Which bus is in which Notifier: in one at most, while that is active. Nothing is kept alive."""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING

from canbus.bus import BusABC
from canbus.errors import CanConfigError

if TYPE_CHECKING:
    from canbus.notifier import Notifier

_holders: weakref.WeakKeyDictionary[BusABC, tuple[int, weakref.ref[Notifier]]]
_holders = weakref.WeakKeyDictionary()
_lock = threading.RLock()


def holder(bus: BusABC) -> Notifier | None:
    """The active Notifier of this bus; None if it has none."""
    with _lock:
        pid, reference = _holders.get(bus, (0, None))
        notifier = None if reference is None else reference()
    if notifier is None or notifier.stopped or pid != os.getpid():
        return None  # a forked child has no threads of its parent's
    return notifier


def claim(bus: BusABC, notifier: Notifier) -> None:
    """Let the bus be in this Notifier.

    Raises:
        CanConfigError: a ValueError, as in python-can; it is in one already.
    """
    with _lock:
        if holder(bus) is not None:
            raise CanConfigError(
                f"{bus}: a bus cannot be added to multiple active Notifier instances",
                hint="add_listener() to the one it is in, or bus.subscribe() beside it",
            )
        _holders[bus] = (os.getpid(), weakref.ref(notifier))


def release(bus: BusABC, notifier: Notifier) -> None:
    """Let it be in this Notifier no more; whatever was never claimed is not missed."""
    with _lock:
        if holder(bus) in {None, notifier}:
            _holders.pop(bus, None)
