"""PrefetchingBus: the half of the contract for a backend that reads many frames at once.

One call into the backend brings a batch; `recv` hands out the first and keeps the others,
unless somebody waits on the descriptor (descriptor.py): then nothing is kept. Everything that
stands between reading and delivering is here: filters that change while frames are kept, and
the place of a loss. How a batch is read, and what is wrong with a link, is the backend's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from threading import RLock
from time import monotonic_ns
from typing import Any, Self

from canbus.bus import BusABC
from canbus.descriptor import HandedOut
from canbus.errors import CanError, CanFramesLostError
from canbus.filters import CanFilter, Filters, Matcher
from canbus.message import Message
from canbus.receiving import negative_timeout
from canbus.waiting import POLLIN, Waiter, deadline_after
from canbus.warn import warn

MAX_BATCH = 64
"""Frames read at once; more bring nothing, as the kernel's own work decides from there on."""

_STRANGERS = 2**14
"""Frames that one look goes through for one that passes: more than any usual buffer holds."""

_STRAGGLERS_NS = 100_000_000
"""A filter that was replaced may still let through a frame that another processor is just
delivering (net/can/af_can.c, can_rx_unregister: freed after an RCU grace period)."""


BatchReader = Callable[[int], Message | list[Message]]


class OddBatch(list[Message]):
    """A batch with a frame that came after a loss."""


class PrefetchingBus(BusABC):
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

    _waiter: Waiter
    _read_batch: BatchReader
    _read_lock: RLock
    _ahead: int
    _direct: bool = False  # nothing but reading stands between the channel and recv()
    _held: tuple[CanError, list[Message]] | None = None  # to be raised; what comes after it
    _descriptor: HandedOut | None = None
    _behind: list[Message]  # in the place of _ready while somebody waits on the descriptor
    _exact_below: bool = False  # the matcher is only for frames of before set_filters()
    _sieve_until_ns: int = 0
    _lost_unmarked: int = 0  # lost before frames that the filters dropped
    _raise_on_loss: bool = False
    _loss_told: bool = False
    _had_backlog: bool = False

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        """Set up what the base needs, so that the order of constructors does not matter."""
        bus = super().__new__(cls)
        bus._read_lock = RLock()
        bus._ahead = MAX_BATCH
        bus._behind = []
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
                    msg = self._admit(_as_batch(read))
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

    def _wait_for_frame(self, deadline_ns: int | None) -> Message | None:
        while self._waiter.wait(POLLIN, deadline_ns, self._has_leftovers):
            msg = self._recv_frame(0)
            if msg is not None:
                return msg
            # Another thread was faster; look at the clock before waiting again.
            if deadline_ns is not None and monotonic_ns() >= deadline_ns:
                return None
        return None

    def _recv_waiting(self, limit: int) -> list[Message]:
        try:
            with self._read_lock:
                if self._direct and not self._ready and limit <= MAX_BATCH:
                    frames = _as_batch(self._read_batch(limit))
                    if not frames or frames.__class__ is not list:
                        first = self._admit(frames)
                        frames = [] if first is None else [first, *self._take_ready(limit - 1)]
                else:
                    frames = self._gather(limit)
        except CanError as exc:
            raise self._read_failed(exc) from exc.__cause__
        self._after_reading()
        return frames

    def _gather(self, limit: int) -> list[Message]:
        """Several frames the careful way; what goes wrong after the first is kept for later."""
        frames = self._take_ready(limit)
        self._show_leftovers()
        while len(frames) < limit and not (frames and self._held):
            try:
                msg = self._look(min(limit - len(frames), MAX_BATCH))
            except CanError as exc:
                if not frames:
                    raise
                self._hold(exc, [])
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
                batch = _as_batch(self._read_batch(limit))
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
        if batch.__class__ is OddBatch:
            batch = self._mark_losses(batch)
        if not batch:
            self._raise_held()
            return None
        # Not by way of _ready: another thread might take it from there.
        self._keep(batch[1:])
        return batch[0]

    def _keep(self, batch: list[Message]) -> None:
        if batch:
            (self._ready if self._descriptor is None else self._behind).extend(batch[::-1])
            self._show_leftovers()

    def _take_ready(self, limit: int) -> list[Message]:
        frames: list[Message] = []
        kept = self._ready if self._descriptor is None else self._behind
        try:
            while len(frames) < limit:
                frames.append(kept.pop())
        except IndexError:
            pass
        return frames

    def _raise_held(self) -> None:
        """Raise what waits to be raised; what comes after it is free then."""
        if self._held is not None:
            error, frames = self._held
            self._held = None
            self._keep(self._up_to_loss(frames, 1))
            self._be_direct()
            raise error.with_traceback(None)

    def _hold(self, error: CanError, frames: list[Message]) -> None:
        self._held = (error, frames)
        self._be_direct()
        self._show_leftovers()

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

    def _has_leftovers(self) -> bool:
        """Whether something lies on our side, of which no descriptor tells."""
        return bool(self._ready or self._behind) or self._held is not None

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

    # -- losses -----------------------------------------------------------------------

    def _losses(self) -> int:
        """How many frames were lost so far, asked for now."""
        return 0

    def _mark_losses(self, batch: list[Message]) -> list[Message]:
        if self._raise_on_loss:
            return self._up_to_loss(batch, 0)
        if not self._loss_told:
            lost = sum(msg.lost_before for msg in batch)
            self._keep(batch)  # before the warning, which may be made an error
            self._tell_loss(lost)
            return self._take_ready(len(batch))
        return batch

    def _tell_loss(self, lost: int) -> None:
        self._loss_told = True
        warn(
            f"{self.channel_info}: {lost} frames were lost, as the receive buffer was full; "
            "further losses are only counted (statistics.rx_dropped, msg.lost_before). "
            "Read faster, or open the bus with a larger rcvbuf="
        )

    def _up_to_loss(self, frames: list[Message], start: int) -> list[Message]:
        """Cut before the first frame that came after a loss; the rest waits behind an error."""
        if self._raise_on_loss:
            for place in range(start, len(frames)):
                lost = frames[place].lost_before
                if lost:
                    error = CanFramesLostError(
                        f"{self.channel_info}: {lost} frames were lost before the next one",
                        hint="read faster, or open the bus with a larger rcvbuf=",
                    )
                    error.count = lost
                    self._hold(error, frames[place:])
                    return frames[:place]
        return frames

    # -- filters ----------------------------------------------------------------------

    def set_filters(self, filters: Filters | None = None) -> None:
        """See BusABC; frames that were read ahead are looked at again."""
        with self._read_lock:
            super().set_filters(filters)
            kept = self._take_ready(len(self._ready) + len(self._behind))
            self._keep(self._sieve(kept))
            if self._held is not None:
                self._hold_again(*self._held)
            self._be_direct()
            self._show_leftovers()

    def _hold_again(self, error: CanError, frames: list[Message]) -> None:
        """Look at frames behind an error again: it may be another one that it stands before."""
        frames = self._sieve(frames)
        if isinstance(error, CanFramesLostError):
            self._held = None
            kept = self._take_ready(len(self._ready) + len(self._behind))
            self._keep(kept + self._up_to_loss(frames, 0))
        else:
            self._held = (error, frames)

    def _apply_filters(self, filters: Sequence[CanFilter] | None) -> bool:
        self._exact_below = self._install_filters(filters)
        self._sieve_until_ns = monotonic_ns() + _STRAGGLERS_NS
        return False  # frames queued under the old filters are still to come

    def _install_filters(self, filters: Sequence[CanFilter] | None) -> bool:
        """Install filters below Python; True if exactly these frames come from now on."""
        return False

    def _screen(self, passes: Matcher | None) -> None:
        super()._screen(passes)
        # Frames pass the matcher as they are read; only a log looks at them as they go out.
        self._screened = self._log is not None
        if self._log is not None:
            self._ahead = 1
        self._be_direct()

    def _sieve(self, batch: Iterable[Message]) -> list[Message]:
        """The frames that pass, in a batch of the same kind; a loss moves to the next of them."""
        passes = self._matcher
        kept: list[Message] = OddBatch()
        odd = False
        for msg in batch:
            self._lost_unmarked += msg.lost_before
            if passes is not None and not passes(msg):
                continue
            if self._lost_unmarked != msg.lost_before:
                msg = self._with_loss(msg, self._lost_unmarked)  # noqa: PLW2901
            odd = odd or self._lost_unmarked > 0
            self._lost_unmarked = 0
            kept.append(msg)
        return kept if odd else list(kept)

    def _with_loss(self, msg: Message, lost: int) -> Message:
        from canbus.detailed_message import detailed

        return detailed(msg, lost, msg.hardware_timestamp_ns)

    # -- the descriptor ---------------------------------------------------------------

    def _hand_out(self, fd: int) -> int:
        """The descriptor for the user: readable whenever a frame waits, also one read ahead."""
        with self._read_lock:
            self._check_open()
            if self._descriptor is None:
                self._ahead = 1
                kept = self._take_ready(len(self._ready))
                self._descriptor = HandedOut(fd)
                self._keep(kept)
                self._show_leftovers()
            return self._descriptor.fileno()

    def _show_leftovers(self) -> None:
        """Let the descriptor tell of what lies on our side; with the lock held."""
        if self._descriptor is not None:
            self._descriptor.show(self._has_leftovers())
            self._be_direct()

    def _be_direct(self) -> None:
        showing = self._descriptor is not None and self._descriptor.is_shown
        odd = self._matcher is not None or self._log is not None or self._held is not None
        self._direct = not (odd or showing or self._lost_unmarked or self._is_shutdown)

    def _close(self) -> None:
        # Before the descriptor is closed: who reads holds the lock, and who closes takes it.
        self._direct = False
        self._waiter.close()

    def _after_close(self) -> None:
        with self._read_lock:
            self._held = None
            if self._descriptor is not None:
                self._descriptor.close()
            self._ready.clear()
            self._behind.clear()
        super()._after_close()


def _as_batch(read: Message | list[Message]) -> list[Message]:
    return read if isinstance(read, list) else [read]
