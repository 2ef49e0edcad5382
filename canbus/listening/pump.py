"""Pump: takes frames out of a Notifier's inbox and hands them to its listeners, in one place.

Which place (a thread, an event loop) is for the two subclasses beside. Not the reader's thread:
a listener that takes long must not hold up who else reads the bus.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import Any, Protocol

from canbus.errors import CanError
from canbus.inbox import DROP_NEWEST, Inbox
from canbus.listener import MessageRecipient
from canbus.listening.audience import Audience
from canbus.logs import logger
from canbus.message import Message

MOST_AT_ONCE = 64
"""Frames to a turn."""


class Owner(Protocol):
    """Whose pump it is: a Notifier."""

    def _bus_failed(self, error: CanError) -> None:
        """Tell the listeners of an error of a bus; raises nothing."""

    def _loop_closed(self) -> None:
        """Frames came, and the event loop in which listeners are called is closed."""


class Pump(ABC):
    """Hands out what comes into `inbox`, until `close()`.

    Args:
        owner: the Notifier.
        audience: its listeners.
        maxlen: frames that wait at most; those that come then are lost, and counted.

    Attributes:
        inbox: where readers put frames and errors.
    """

    def __init__(self, owner: Owner, audience: Audience, maxlen: int) -> None:
        self._owner = owner
        self._audience = audience
        self._maxlen = maxlen
        self.inbox = Inbox("Notifier", maxlen, DROP_NEWEST, advice=None, changed=self._came)
        self._is_closing = False  # nothing more comes
        self._is_cut = False  # what waits is not handed out any more
        self._has_to_finish = False
        self._is_loss_told = False
        self._dropped = 0
        self._worker: int | None = None  # the thread that hands out now
        self._done = threading.Event()
        self._work = threading.RLock()

    @property
    def lost(self) -> int:
        """Frames that did not fit, or waited when the end came."""
        return self.inbox.lost + self._dropped

    @property
    def is_inside(self) -> bool:
        """Whether a listener is what asks."""
        return self._worker == threading.get_ident()

    @abstractmethod
    def start(self) -> None:
        """See to it that what comes is handed out; called for each bus."""

    @abstractmethod
    def _came(self) -> None:
        """Something came into the inbox, or the last was taken."""

    def close(self) -> None:
        """Nothing more comes: hand out what waits, and end.

        Called by a listener, its frame is the last.
        """
        if self.is_inside:
            self._is_cut = self._has_to_finish = True
        self._is_closing = True
        self.inbox.look_again()

    def abandon(self) -> None:
        """Hand out no more than the frame of just now: time is up."""
        self._is_cut = True
        self._drop()

    @abstractmethod
    def wait(self, timeout: float) -> bool:
        """Wait for the end, after `close()`; False if it did not come within so many seconds."""

    @abstractmethod
    def take_result(self, listener: MessageRecipient, result: Any) -> None:
        """See what a listener returned that is not None: it may have to be awaited."""

    # -- for subclasses ---------------------------------------------------------------

    def _turn(self) -> bool:
        """Hand out some frames, or tell of an error; False if nothing was there."""
        if not self._work.acquire(blocking=False):
            return False  # another does: one listener is never called twice at the same time
        before, self._worker = self._worker, threading.get_ident()
        left: list[Message] = []
        try:
            try:
                left = self.inbox.take_many(MOST_AT_ONCE)
            except CanError as exc:
                self._owner._bus_failed(exc)
                return True
            self._tell_loss()
            left.reverse()
            is_news = bool(left)
            while left and not self._is_cut:
                self._audience.hand_out(left.pop(), self.take_result)
            return is_news
        finally:
            self._dropped += len(left)
            if self._is_cut:
                self._drop()
            self._worker = before
            self._work.release()

    def _drop(self) -> None:
        self._dropped += len(self.inbox.empty()[0])

    def _end(self) -> None:
        """All is handed out."""
        if self._is_cut:
            self._drop()
        if self._has_to_finish:
            self._has_to_finish = False
            self._audience.stop_quietly()
        self._done.set()

    def _tell_loss(self) -> None:
        if not self._is_loss_told and self.inbox.lost:
            self._is_loss_told = True
            logger().warning(
                "%s: its listeners are too slow, %d frames wait and those that come are lost "
                "(counted in notifier.lost)",
                self._owner,
                self._maxlen,
            )
