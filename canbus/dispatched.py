"""The part of BusABC that has many consumers: subscriptions, requests, and how a bus is read then.

While a bus has consumers one thread reads it (dispatcher.py), and who asks the bus itself for
frames takes from its own share. What a backend has to write for that is at the end. No operating
system is known here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from threading import RLock
from time import sleep
from typing import TYPE_CHECKING

from canbus.errors import CanError
from canbus.filters import CanFilter
from canbus.message import Message
from canbus.receiving import Receiving
from canbus.state import BusStatistics

if TYPE_CHECKING:
    from canbus.dispatcher import Dispatcher
    from canbus.inbox import Inbox

_BATCH = 64
_MOST = 2**14  # frames that a channel may hold, as more come meanwhile
_SLICE = 0.05  # seconds: where a backend cannot be woken
_BREATH = 0.001


class Dispatched(Receiving):
    """What a user calls for further consumers; see BusABC."""

    channel_info: str = "unknown"
    _dispatcher: Dispatcher | None = None
    _was_read: bool = False
    _troubles: int = 0
    """How often the channel told that it failed: what comes after another telling is news."""

    # -- reading the bus itself -------------------------------------------------------

    def _elsewhere(self) -> Inbox | None:
        """What to take from instead of the channel; None: the channel it is."""
        dispatcher = self._dispatcher
        if dispatcher is not None:
            share = dispatcher.share()
            if share is not None:
                return share
        with self._dispatch_lock():
            self._was_read = True
            self._detour = self._is_dispatched or self._due is not None
            self._detour_changed()
        return None

    def _leave_dispatch(self) -> None:
        """In a forked child, where the thread is not: read the channel as if there were none.

        What the kernel filters is the parent's, who has the same socket.
        """
        self._dispatcher = None
        self._filter_lock = RLock()
        if not self._is_dispatched:
            return
        self._is_dispatched = False
        self._screen(self._make_matcher(self._filters))

    def _refilter(self) -> None:
        if self._dispatcher is not None:
            self._dispatcher.refilter_bus()

    def _pass_on(self, msg: Message) -> None:
        """A frame that was taken from the channel when the dispatcher had begun already."""
        if self._dispatcher is not None:
            self._dispatcher.inject(msg)

    def _with_share(self, ledger: BusStatistics) -> BusStatistics:
        """What was lost of the bus's own share is lost to who reads the bus."""
        lost = 0 if self._dispatcher is None else self._dispatcher.lost
        if lost:
            ledger.rx_dropped = (ledger.rx_dropped or 0) + lost
        return ledger

    def _end_dispatcher(self) -> None:
        if self._dispatcher is not None:
            self._dispatcher.close(self._closed())

    # -- for the dispatcher, with the lock held ---------------------------------------

    def _dispatch_lock(self) -> RLock:
        """Who holds it reads the channel, or changes who does."""
        return self._filter_lock

    def _before_dispatch(self) -> None:
        """Called before there is a further consumer, without the lock."""

    def _begin_dispatch(self) -> list[Message]:
        """The dispatcher reads from now on; returns frames that were read already."""
        self._is_dispatched = self._detour = True
        self._screen(None)
        return []

    def _end_dispatch(self) -> None:
        """It does so no more."""
        self._is_dispatched = False
        self._screen(
            None if self._apply_filters(self._filters) else self._make_matcher(self._filters)
        )

    def _install_union(self, filters: Sequence[CanFilter] | None) -> None:
        """Let at least these pass below Python."""
        self._apply_filters(filters)

    def _collect(self) -> list[Message]:
        """Frames that are there now, whatever the filters; a CanError if none can come."""
        self._raise_due()
        frames: list[Message] = []
        while len(frames) < _BATCH:
            try:
                msg = self._recv_frame(0)
            except CanError as exc:
                if not frames:
                    raise
                self._due = exc
                break
            if msg is None:
                break
            if self._log:
                self._log("Received: %s", msg)
            frames.append(msg)
        return frames

    def _most_waiting(self) -> int:
        """How often to collect until what waited at first has been read."""
        return _MOST // _BATCH

    def _raises_losses(self) -> bool:
        """Whether who reads the bus asked for an error where frames are lost."""
        return False

    def _keeps_quiet_of_losses(self) -> bool:
        """Whether the user asked not to be warned of them."""
        return False

    # -- for the dispatcher, without the lock -----------------------------------------

    def _await_frames(self, has_news: Callable[[], bool]) -> None:
        """Wait until frames can be collected, or `_wake` is called and has_news() is true."""
        if self._await_arrival(lambda: has_news() or self._is_shutdown):
            return
        with self._dispatch_lock():
            try:
                msg = None if has_news() else self._recv_frame(_SLICE)
            except CanError as exc:
                self._due = exc
                msg = None
            if msg is not None:
                self._pass_on(msg)
        sleep(_BREATH)  # so that others get the lock

    def _after_collecting(self) -> None:
        """Called when the lock was given back."""

    def _share_changed(self) -> None:
        """Something has come into the bus's own share, or all was taken."""

    # -- for backends -----------------------------------------------------------------

    def _await_arrival(self, is_woken: Callable[[], object]) -> bool:
        """Wait until a frame waits or is_woken() is true; take nothing. False: it cannot.

        A backend with a queue of its own replaces it, with `_wake`; one that does not is asked
        for a frame again and again.
        """
        return False

    def _wake(self) -> None:
        """Let who waits in `_await_arrival` ask is_woken() again.

        Who waits in `_recv_frame` shall return None if `_is_dispatched` is true.
        """

    @abstractmethod
    def _check_open(self) -> None: ...

    def _detour_changed(self) -> None:
        """`_detour` was changed."""
