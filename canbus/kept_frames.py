"""KeptFrames: what a bus has read and not handed out, in order, with the gaps where they belong.

A frame that was read ahead waits here, and so does an error that stands between two frames.
Filters that change are applied to it; a loss before a frame that is dropped moves to the next
one; and whoever waits on the descriptor (descriptor.py) is shown that something is here.
Nothing is read here.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import RLock
from typing import Self

from canbus.bus import BusABC
from canbus.descriptor import HandedOut
from canbus.errors import CanError, CanFramesLostError, CanOperationError
from canbus.message import Message
from canbus.warn import warn


class OddBatch(list[Message]):
    """A batch with a frame that came after a loss."""


class KeptFrames(BusABC):
    """The keeping half of PrefetchingBus; every method is called with `_read_lock` held."""

    _read_lock: RLock
    _ahead: int
    _direct: bool = False  # nothing but reading stands between the channel and recv()
    _held: tuple[CanError, list[Message]] | None = None  # to be raised; what comes after it
    _descriptor: HandedOut | None = None
    _behind: list[Message]  # in the place of _ready while somebody waits on the descriptor
    _lost_unmarked: int = 0  # lost before frames that the filters dropped
    _raise_on_loss: bool = False
    _loss_told: bool = False

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        """Set up what the base needs, so that the order of constructors does not matter."""
        bus = super().__new__(cls)
        bus._read_lock = RLock()
        bus._behind = []
        return bus

    def _keep(self, batch: list[Message]) -> None:
        """Keep frames before all that are kept already."""
        kept = self._kept()  # first of all: a signal handler may shut the bus down in any call
        if batch and not self._is_shutdown:
            kept.extend(batch[::-1])
            self._show_leftovers()

    def _kept(self) -> list[Message]:
        """Where frames are kept: out of reach of who takes from _ready without a look."""
        is_open = self._descriptor is None and not self._is_dispatched
        return self._ready if is_open else self._behind

    def _take_ready(self, limit: int) -> list[Message]:
        frames: list[Message] = []
        kept = self._kept()
        try:
            while len(frames) < limit:
                frames.append(kept.pop())
        except IndexError:
            pass
        self._show_leftovers()
        return frames

    def _hold(self, error: CanError, frames: list[Message]) -> None:
        self._held = (error, frames)
        self._be_direct()
        self._show_leftovers()

    def _raise_held(self) -> None:
        """Raise what waits to be raised; what comes after it is free then."""
        if self._held is not None:
            error, frames = self._held
            self._held = None
            self._keep(self._up_to_loss(frames, 1))
            self._be_direct()
            raise error.with_traceback(None)

    def _hold_again(self, error: CanError, frames: list[Message]) -> None:
        """Look at frames behind an error again: it may be another one that it stands before."""
        frames = self._sieve(frames)
        if isinstance(error, CanFramesLostError):
            self._held = None
            kept = self._take_ready(len(self._ready) + len(self._behind))
            self._keep(kept + self._up_to_loss(frames, 0))
        else:
            self._held = (error, frames)

    def _hold_back(self, error: CanError) -> None:
        """Keep an error that was raised for the next call, and all that is kept behind it."""
        kept = self._take_ready(len(self._ready) + len(self._behind))
        held = [] if self._held is None else self._held[1]
        self._hold(error, kept + held)

    def _has_leftovers(self) -> bool:
        """Whether something lies on our side, of which no descriptor tells."""
        return self._has_unread() or (not self._is_dispatched and self._has_share())

    def _has_unread(self) -> bool:
        """Whether something lies between the channel and who reads it."""
        return bool(self._ready or self._behind) or self._held is not None

    def _has_share(self) -> bool:
        """Whether something waits for who reads the bus beside its consumers, or did."""
        return self._dispatcher is not None and self._dispatcher.has_waiting

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
            if self._detour:
                self._elsewhere()
            if self._descriptor is None:
                made = self._make_descriptor(fd)
                if self._is_dispatched:
                    made.divert()
                kept = self._take_ready(len(self._ready))
                self._descriptor = made
                self._ahead = 1
                if self._is_shutdown:  # by a signal handler
                    made.close()
                self._keep(kept)
                self._show_leftovers()
            self._check_open()
            return self._descriptor.fileno()

    def _make_descriptor(self, fd: int) -> HandedOut:
        try:
            return HandedOut(fd)
        except OSError as exc:
            self._check_open()
            raise CanOperationError(
                f"{self.channel_info}: the system has no descriptor to wait on: {exc.strerror}",
                exc.errno,
                hint="raise `ulimit -n`",
            ) from exc

    def _show_leftovers(self) -> None:
        """Let the descriptor tell of what lies on our side; with the lock held."""
        if self._descriptor is not None:
            show = self._has_share() if self._is_dispatched else self._has_leftovers()
            self._descriptor.show(show)
            self._be_direct()

    def _be_direct(self) -> None:
        showing = self._descriptor is not None and self._descriptor.is_shown
        odd = self._matcher is not None or self._log is not None or self._held is not None
        odd = odd or self._detour
        self._direct = not (odd or showing or self._lost_unmarked or self._is_shutdown)
