"""CollectingBus: how a bus that reads many frames at once is read for many consumers.

The half of PrefetchingBus that is at work while there is a dispatcher (dispatched.py): nothing is
filtered or held back here, as each consumer has its own filters and its own row of frames.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from threading import RLock

from canbus.errors import CanFramesLostError
from canbus.inbox import Inbox
from canbus.kept_frames import KeptFrames, OddBatch
from canbus.message import Message
from canbus.waiting import Waiter

MAX_BATCH = 64
"""Frames read at once; more bring nothing, as the kernel's own work decides from there on."""

BatchReader = Callable[[int], Message | list[Message]]


class CollectingBus(KeptFrames):
    """The part of PrefetchingBus for the dispatcher; see `Dispatched` for each method."""

    _waiter: Waiter
    _read_batch: BatchReader
    _had_backlog: bool = False

    def _dispatch_lock(self) -> RLock:
        return self._read_lock

    def _leave_dispatch(self) -> None:
        self._read_lock = RLock()
        super()._leave_dispatch()

    def _begin_dispatch(self) -> list[Message]:
        frames = self._take_ready(len(self._ready) + len(self._behind))
        frames = super()._begin_dispatch() + frames
        if self._descriptor is not None:
            self._descriptor.divert()
            self._show_leftovers()
        return frames

    def _end_dispatch(self) -> None:
        super()._end_dispatch()
        if self._descriptor is not None:
            self._descriptor.revert()
        self._be_direct()
        self._show_leftovers()

    # -- reading, with the lock held --------------------------------------------------

    def _collect(self) -> list[Message]:
        kept = self._take_ready(MAX_BATCH)
        if kept:
            return kept
        if self._held is not None:
            (error, frames), self._held = self._held, None
            if not isinstance(error, CanFramesLostError):  # which the frames say themselves
                self._keep(frames)
                raise error
            if frames:
                return frames
        batch = as_batch(self._read_batch(MAX_BATCH))
        if not batch:
            self._nothing_read()
            return []
        self._had_backlog = self._had_backlog or len(batch) == MAX_BATCH
        if self._log is not None:
            for msg in batch:
                self._log("Received: %s", msg)
        if batch.__class__ is OddBatch and not (self._raise_on_loss or self._loss_told):
            self._keep(batch)  # before the warning, which may be made an error
            self._tell_loss(sum(msg.lost_before for msg in batch))
            return self._take_ready(len(batch))
        return batch

    def _await_frames(self, has_news: Callable[[], bool]) -> None:
        events = self._awaited_events()
        self._waiter.wait(events, None, lambda: has_news() or self._has_unread())

    def _after_collecting(self) -> None:
        self._after_reading()

    def _wake(self) -> None:
        self._waiter.kick()

    def _share_changed(self) -> None:
        with self._read_lock:
            self._show_leftovers()

    def _detour_changed(self) -> None:
        self._be_direct()

    def _raises_losses(self) -> bool:
        return self._raise_on_loss

    def _keeps_quiet_of_losses(self) -> bool:
        return self._loss_told

    def _take_share(self, share: Inbox, limit: int, *, raises: bool = True) -> list[Message]:
        frames = share.take_many(limit)
        if raises and not frames:
            self._nothing_read()  # which says what is wrong, at every call
        return frames

    @abstractmethod
    def _nothing_read(self) -> None: ...

    @abstractmethod
    def _awaited_events(self) -> int: ...

    @abstractmethod
    def _after_reading(self) -> None: ...


def as_batch(read: Message | list[Message]) -> list[Message]:
    """What a BatchReader has read, as a list in any case."""
    return read if isinstance(read, list) else [read]
