"""PrefetchingBus: the half of the contract for a backend that reads many frames at once.

One call into the backend brings a batch; `recv` hands out the first and keeps the others,
unless somebody waits on the descriptor: then nothing is read ahead. When to read and when to
wait is here, and what filters that change mean for that; kept_frames.py has what happens to
frames that lie on our side. How a batch is read, and what is wrong with a link, is the
backend's.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import RLock
from time import monotonic_ns
from typing import Any, Self

from canbus.collecting import MAX_BATCH, CollectingBus, as_batch
from canbus.errors import CanError
from canbus.filters import CanFilter, Filters, Matcher
from canbus.kept_frames import OddBatch
from canbus.message import Message
from canbus.receiving import negative_timeout
from canbus.waiting import POLLIN, deadline_after

_STRANGERS = 2**14
"""Frames that one look goes through for one that passes: more than any usual buffer holds."""

_STRAGGLERS_NS = 100_000_000
"""A filter that was replaced may still let through a frame that another processor is just
delivering (net/can/af_can.c, can_rx_unregister: freed after an RCU grace period)."""


class PrefetchingBus(CollectingBus):
    """A bus whose backend reads frames in batches.

    A backend sets, before it calls `super().__init__`, `_waiter` and

    `_read_batch(limit)`
        Return the frames that are there, in order, at most `limit`; an empty list if there
        are none; an OddBatch if one of them has `lost_before`; a single Message as it is, if
        it likes. It never waits, is never called by two threads at once, and raises a
        CanError only if it has read nothing.

    and may override `_nothing_read`, `_after_reading`, `_read_failed`, `_install_filters` and
    `_losses`.
    """

    _exact_below: bool = False  # the matcher is only for frames of before set_filters()
    _sieve_until_ns: int = 0

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        """Set up what the base needs, so that the order of constructors does not matter."""
        bus = super().__new__(cls)
        bus._ahead = MAX_BATCH
        return bus

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._be_direct()

    # -- the way out ------------------------------------------------------------------

    def recv(self, timeout: float | None = None) -> Message | None:
        """See BusABC; the usual way, a frame from a batch, is written out here."""
        if timeout is not None and not timeout >= 0.0:  # two floats compare quicker
            raise negative_timeout(f"recv({timeout})")
        ready = self._ready
        if ready:
            try:
                return ready.pop()
            except IndexError:  # another thread was quicker
                pass
        try:
            with self._read_lock:
                if self._direct and not ready:
                    read_batch = self._read_batch  # no method: looked up quicker on its own
                    read = read_batch(self._ahead)
                    if read.__class__ is Message:
                        return read
                    msg = self._admit(as_batch(read))
                else:
                    msg = self._look(self._ahead)
        except CanError as exc:  # not within the lock: the waiter has one of its own
            raise self._read_failed(exc) from exc.__cause__
        self._after_reading()
        if msg is not None or timeout == 0:
            return msg
        return self._wait_for_frame(deadline_after(timeout))

    def _recv_frame(self, timeout: float | None) -> Message | None:
        if timeout != 0:
            return self._wait_for_frame(deadline_after(timeout))
        try:
            with self._read_lock:
                msg = self._look(self._ahead)
        except CanError as exc:
            raise self._read_failed(exc) from exc.__cause__
        self._after_reading()
        return msg

    def _recv_by(self, timeout: float | None) -> Message | None:
        return self._recv_frame(timeout)

    def _recv_detoured(self, timeout: float | None) -> Message | None:
        return self._recv_by(timeout)  # looks everywhere in any case

    def _wait_for_frame(self, deadline_ns: int | None) -> Message | None:
        while self._wait(deadline_ns):
            msg = self._recv_frame(0)
            if msg is not None:
                return msg
            # Another thread was faster; look at the clock before waiting again.
            if deadline_ns is not None and monotonic_ns() >= deadline_ns:
                return None
        return None

    def _wait(self, deadline_ns: int | None) -> bool:
        if self._is_dispatched:
            share = self._elsewhere()
            if share is not None:
                return share.wait(deadline_ns, lambda: not self._is_dispatched)
        return self._waiter.wait(self._awaited_events(), deadline_ns, self._is_worth_a_look)

    def _recv_waiting(self, limit: int, first: Message | None = None) -> list[Message]:
        try:
            with self._read_lock:
                if first is not None:
                    frames = self._gather(limit, [first])
                elif self._direct and not self._ready and limit <= MAX_BATCH:
                    frames = as_batch(self._read_batch(limit))
                    if not frames or frames.__class__ is not list:
                        msg = self._admit(frames)
                        frames = [] if msg is None else [msg, *self._take_ready(limit - 1)]
                else:
                    frames = self._gather(limit, [])
        except CanError as exc:
            raise self._read_failed(exc) from exc.__cause__
        self._after_reading()
        return frames

    def _gather(self, limit: int, frames: list[Message]) -> list[Message]:
        """More frames the careful way; what goes wrong after the first is kept for later."""
        share = self._elsewhere() if self._detour else None
        if share is not None:
            return frames + self._take_share(share, limit - len(frames), raises=not frames)
        try:
            return self._gather_more(limit, frames)
        except BaseException:  # a warning made an error, say: the frames come with the next call
            self._keep(frames)
            raise

    def _gather_more(self, limit: int, frames: list[Message]) -> list[Message]:
        frames += self._take_ready(limit - len(frames))
        self._show_leftovers()
        while len(frames) < limit and not (frames and self._held):
            try:
                msg = self._look(min(limit - len(frames), MAX_BATCH))
            except CanError as exc:
                if not frames:
                    raise
                self._hold_back(exc)
                break
            if msg is None:
                break
            frames.append(msg)
            frames += self._take_ready(limit - len(frames))
            self._show_leftovers()
        return frames

    # -- one look, with the lock held -------------------------------------------------

    def _look(self, limit: int) -> Message | None:
        """The next frame, the careful way: everything may stand in between."""
        if self._detour:
            self._check_open()
            share = self._elsewhere()
            if share is not None:
                return next(iter(self._take_share(share, 1)), None)
        try:
            for _ in range(_STRANGERS // limit + 1):
                if self._is_shutdown:
                    raise self._closed()
                for kept in (self._ready, self._behind):
                    if kept:
                        try:
                            return kept.pop()
                        except IndexError:  # another thread was quicker
                            pass
                self._raise_held()
                batch = as_batch(self._read_batch(limit))
                msg = self._admit(batch)
                if msg is not None or not batch:
                    return msg
            return None
        finally:
            self._show_leftovers()

    def _admit(self, batch: list[Message]) -> Message | None:
        """Take in a batch: its first frame that passes is returned, the others are kept."""
        if not batch:
            try:
                self._nothing_read()
            finally:
                self._show_leftovers()
            return None
        self._had_backlog = self._had_backlog or len(batch) == MAX_BATCH
        if self._matcher is not None or self._lost_unmarked:
            batch = self._sieve(batch)
            self._be_direct()
        if self._log is not None:
            for msg in batch:
                self._log("Received: %s", msg)
        if batch.__class__ is OddBatch:
            batch = self._mark_losses(batch)
        if not batch:
            self._raise_held()
            return None
        # Not by way of _ready: another thread might take it from there.
        self._keep(batch[1:])
        return batch[0]

    def _nothing_read(self) -> None:
        """The channel was found empty."""
        if self._exact_below and self._matcher and monotonic_ns() >= self._sieve_until_ns:
            self._matcher = None  # all frames of before set_filters() have been looked at
            self._be_direct()
        if self._had_backlog:
            self._had_backlog = False
            lost = 0 if self._loss_told else self._losses()
            if lost:
                self._tell_loss(lost)

    def _awaited_events(self) -> int:
        """What to wait for on the descriptor; POLLIN, and more where something is to be done."""
        return POLLIN

    def _is_worth_a_look(self) -> bool:
        """Whether who is about to wait should rather look again."""
        return self._has_leftovers() or self._is_dispatched

    def _after_reading(self) -> None:
        """Called after a look that did not just bring a frame, without the lock."""
        # Who waits on the descriptor does not see what another reader has taken from it. Either
        # it is counted already, and is kicked, or it will look for leftovers before it sleeps.
        if self._has_leftovers() and self._waiter.is_used:
            self._waiter.kick()

    def _read_failed(self, exc: CanError) -> CanError:
        """The error to raise when reading failed; called without the lock."""
        error = self._closed() if self._is_shutdown else exc
        self._after_reading()
        return error

    # -- filters ----------------------------------------------------------------------

    def set_filters(self, filters: Filters | None = None) -> None:
        """See BusABC; frames that were read ahead are looked at again."""
        with self._read_lock:
            super().set_filters(filters)
            if self._is_dispatched:
                return
            kept = self._take_ready(len(self._ready) + len(self._behind))
            self._keep(self._sieve(kept))
            if self._held is not None:
                self._hold_again(*self._held)
            self._be_direct()
            self._show_leftovers()

    def _read_all(self) -> None:
        """Take in what waits in the channel; with the lock held."""
        told = self._take_ready(len(self._ready) + len(self._behind))
        frames: list[Message] = []
        try:
            while len(frames) < _STRANGERS and (batch := as_batch(self._read_batch(MAX_BATCH))):
                frames += self._sieve(batch)
                self._had_backlog = True  # so that a loss is told of
        finally:
            if self._held is not None:
                self._held = (self._held[0], self._held[1] + frames)
                self._keep(told)
            else:
                self._keep(self._up_to_loss(told + frames, len(told)))
            self._be_direct()

    def _apply_filters(self, filters: Sequence[CanFilter] | None) -> bool:
        self._exact_below = self._install_filters(filters)
        self._sieve_until_ns = monotonic_ns() + _STRAGGLERS_NS
        return False  # frames queued under the old filters are still to come

    def _install_filters(self, filters: Sequence[CanFilter] | None) -> bool:
        """Install filters below Python; True if exactly these frames come from now on."""
        return False

    def _screen(self, passes: Matcher | None) -> None:
        super()._screen(passes)
        self._screened = False  # frames are matched and logged as they are read
        if self._log is not None:
            self._ahead = 1
        self._be_direct()

    # -- the end ----------------------------------------------------------------------

    def _close(self) -> None:
        # Before the descriptor is closed: who reads holds the lock, and who closes takes it.
        self._direct = False
        self._waiter.close()

    def _after_close(self) -> None:
        if self._waiter.is_inherited:  # whoever held the lock is not in this process
            self._read_lock = RLock()
        with self._read_lock:
            self._held = None
            if self._descriptor is not None:
                self._descriptor.close()
            self._ready.clear()
            self._behind.clear()
        super()._after_close()
