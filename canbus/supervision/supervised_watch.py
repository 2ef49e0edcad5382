"""SupervisedWatch and SupervisedReply: what looks after received frames over a gap."""

from __future__ import annotations

from collections.abc import Callable
from time import time_ns
from typing import Protocol

from canbus.bus import BusABC
from canbus.errors import CanClosedError, CanError
from canbus.logs import logger
from canbus.message import Message
from canbus.supervision.loss import refuses
from canbus.supervision.supervisor import Supervisor
from canbus.watch import Watch, WatchEvent, WatchKind
from canbus.watch_job import WatchJob
from canbus.watching import RemoteReply


class WatchHost(Protocol):
    """What they need from their bus."""

    _supervisor: Supervisor

    @property
    def inner(self) -> BusABC:
        """The bus itself."""

    def _forget(self, entry: SupervisedWatch | SupervisedReply) -> None:
        """It has ended."""

    def _closed(self) -> CanClosedError:
        """The error for a bus that was shut down."""


class SupervisedWatch:
    """A watch that is begun anew on a channel that is another one.

    Instead of GONE it tells LINK_DOWN, and the first frame after that as the FIRST.

    Args:
        job: what is looked for.
        on_event: called with each event.
        host: the bus.
    """

    def __init__(
        self, job: WatchJob, on_event: Callable[[WatchEvent], object] | None, host: WatchHost
    ) -> None:
        self._job = job
        self._host = host
        self._below: Watch | None = None
        self._is_cut = self._is_down_told = False
        self._lost_below = 0
        self.handle = Watch(job, on_event, self._stop, self._renew)

    def begin(self) -> None:
        """Have it watched; a CanError where it cannot be now."""
        self._host._supervisor.check()
        self._below = None  # it may tell something before it is known here
        self._lost_below = 0
        self._below = self._host.inner._watch(self._job, self._told)
        self._is_cut = False
        if self.handle.done:  # stopped meanwhile
            self._below.stop()

    def restore(self, *, is_anew: bool) -> None:
        """Go on after a gap; a CanError where that cannot be."""
        below = self._below
        if self.handle.done or not (is_anew or self._is_cut):
            return
        self._is_cut = True
        if below is not None:
            below.stop()
        self._tell_down(time_ns())
        self.handle._is_known = False
        try:
            self.begin()
        except CanError as exc:
            if _may_help_later(exc):
                raise
            logger().error("%r has ended, as it cannot be begun anew: %s", self.handle, exc)
            self.handle._end(exc)
            self._host._forget(self)

    def end(self) -> None:
        """The bus is shut down."""
        self.handle.stop()

    def _stop(self) -> None:
        below = self._below
        if below is not None:
            below.stop()
        self._host._forget(self)

    def _renew(self) -> None:
        below = self._below
        if below is not None:
            below._renew()

    def _told(self, event: WatchEvent) -> None:
        """In the thread of the inner bus."""
        handle = self.handle
        if self._below is not None and event.watch is not self._below:
            return  # of a channel that was before
        if event.message is not None:
            self._is_down_told = False
            handle._came(event.message)
        elif event.kind is WatchKind.MISSING:
            handle._went_missing(event.timestamp_ns)
        elif event.kind is WatchKind.LOST:
            lost, self._lost_below = event.watch.lost - self._lost_below, event.watch.lost
            handle._was_lost(lost, event.timestamp_ns)
        else:
            self._is_cut = event.kind is WatchKind.GONE
            self._tell_down(event.timestamp_ns)
            self._host._supervisor.look()

    def _tell_down(self, now_ns: int) -> None:
        if not self._is_down_told:
            self._is_down_told = True
            self.handle._tell(WatchKind.LINK_DOWN, now_ns)


class SupervisedReply(RemoteReply):
    """Answers to remote frames that are begun anew on a channel that is another one.

    Args:
        msg: the answer.
        host: the bus.
    """

    def __init__(self, msg: Message, host: WatchHost) -> None:
        self._msg = msg
        self._host = host
        self._below: RemoteReply | None = None
        self._is_stopped = False

    @property
    def done(self) -> bool:
        """Whether nothing is answered any more."""
        return self._is_stopped

    def begin(self) -> None:
        """Have remote frames answered; a CanError where they cannot be now."""
        self._host._supervisor.check()
        self._below = self._host.inner._reply(self._msg)
        if self._is_stopped:  # meanwhile
            self._below.stop()

    def restore(self, *, is_anew: bool) -> None:
        """Go on after a gap; a CanError where that cannot be."""
        below = self._below
        if self._is_stopped or not (is_anew or below is None or below.done):
            return
        if below is not None:
            below.stop()
        try:
            self.begin()
        except CanError as exc:
            if _may_help_later(exc):
                raise
            logger().error("remote frames are answered no more with %s: %s", self._msg, exc)
            self.stop()

    def end(self) -> None:
        """The bus is shut down."""
        self.stop()

    def stop(self) -> None:
        """Answer no more."""
        self._is_stopped = True
        if self._below is not None:
            self._below.stop()
        self._host._forget(self)

    def modify_data(self, msg: Message) -> None:
        """Answer with this frame from now on; in a gap, once that is over."""
        below = self._below
        if self._is_stopped or below is None:
            raise self._host._closed()
        try:
            below.modify_data(msg)
        except CanError as exc:
            is_cut = self._host._supervisor.gap is not None
            if not (refuses(exc) or (is_cut and isinstance(exc, CanClosedError))):
                raise
            self._host._supervisor.look()
        self._msg = msg


def _may_help_later(exc: CanError) -> bool:
    """Whether it failed because the channel is lost again, or the bus closed."""
    return refuses(exc) or isinstance(exc, CanClosedError)
