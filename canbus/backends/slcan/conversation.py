"""Conversation: say something to the adapter and wait for what it says, by a deadline.

Whoever waits reads for all: frames that come meanwhile lie in the line for who receives, and
an answer that somebody else reads wakes who waits for it. What to say is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock
from time import monotonic_ns

from canbus.backends.slcan.answers import Asked
from canbus.backends.slcan.line import Line
from canbus.plugin import POLLIN, POLLOUT, CanClosedError, Waiter, deadline_after


class Conversation:
    """The talk with one adapter.

    Args:
        line: the port and what came.
        lock: guards the line; held for moments only.
        waiter: waits on the port.

    Attributes:
        after_reading: called, without the lock, when something was read here.
        is_over: says that the bus is shut down, which ends every wait.
    """

    def __init__(self, line: Line, lock: RLock, waiter: Waiter) -> None:
        self.line = line
        self._lock = lock
        self._waiter = waiter
        self.after_reading: Callable[[], object] = lambda: None
        self.is_over: Callable[[], bool] = lambda: False

    def ask(
        self,
        word: str,
        seconds: float,
        asked: Asked | None = None,
        is_enough: Callable[[], bool] = lambda: False,
    ) -> Asked:
        """Send a command and wait for the answer.

        Args:
            word: the command without its CR.
            seconds: how long to wait. Later answers still find their way to what is returned.
            asked: what will be returned, if the caller wants to have it before.
            is_enough: ends the wait earlier.

        Raises:
            CanChannelNotFoundError: the port is gone.
            CanClosedError: the bus was shut down meanwhile.
        """
        asked = asked or Asked(word)
        deadline_ns = deadline_after(seconds)
        if self.say(f"{word}\r".encode("ascii"), (asked,), deadline_ns):
            self.until(lambda: not asked.is_pending or is_enough(), deadline_ns)
        return asked

    def tell(self, word: str, seconds: float) -> bool:
        """Send a command whose answer nobody awaits; False if there was no room in time."""
        with self._lock:
            self.line.answers.foreseen.append(word)
        return self.say(f"{word}\r".encode("ascii"), (), deadline_after(seconds))

    def begin(self) -> None:
        """Forget the frames that came until now: the channel is about to be opened."""
        with self._lock:
            self.line.pump()
            self.line.begin()

    def give_up(self, asked: Asked) -> None:
        """Nobody waits for this answer any more; if it comes all the same, it is nobody's."""
        with self._lock:
            self.line.answers.give_up(asked)

    def forget(self) -> None:
        """What has not been answered by now never is."""
        with self._lock:
            self.line.answers.forget_all()

    @property
    def malformed(self) -> int:
        """Lines that meant nothing."""
        return self.line.malformed

    @property
    def first_malformed(self) -> bytes:
        """The first line that meant nothing; b"" if there was none."""
        bad = self.line.first_malformed
        return b"" if bad is None else bad.line

    def say(self, data: bytes, asked: Sequence[Asked], deadline_ns: int | None) -> bool:
        """Send a line; False if the port had no room for any of it by the deadline."""
        while True:
            if self.put(data, asked):
                return True
            # What the adapter sends is read meanwhile: it may wait for that.
            if _has_passed(deadline_ns) or not self.wait(POLLIN | POLLOUT, deadline_ns):
                return False
            self.read()

    def put(self, data: bytes, asked: Sequence[Asked] = ()) -> int:
        """Send what there is room for, now; see `Line.put`. Who receives is told of a dead port."""
        try:
            with self._lock:
                return self.line.put(data, asked)
        finally:
            if self.line.has_news:
                self.after_reading()

    def finish(self, deadline_ns: int | None) -> bool:
        """Wait until the line that was begun last has gone out; False if the deadline passed.

        Raises:
            As `until`.
        """
        while not self.line.is_all_sent:
            if _has_passed(deadline_ns) or not self.wait(POLLIN, deadline_ns):
                return False
            self.read()
        return True

    def until(self, done: Callable[[], bool], deadline_ns: int | None) -> bool:
        """Read until something is so; False if the deadline passed first.

        Raises:
            CanChannelNotFoundError: the port is gone.
            CanClosedError: the bus was shut down meanwhile.
        """
        while not done():
            came = self.read()
            if done():
                break
            if _has_passed(deadline_ns):
                return False
            if not came and not self.wait(POLLIN, deadline_ns, done):
                self.read()  # what came at the last moment
                return done()
        self._check()  # an answer that was given up because all is over is none
        return True

    def wait(
        self, events: int, deadline_ns: int | None, unless: Callable[[], bool] | None = None
    ) -> bool:
        """Wait for events on the port, or for somebody's news; False if the time was up."""
        line = self.line

        def is_needless() -> bool:
            return self.is_over() or line.trouble is not None or (unless is not None and unless())

        if not line.is_all_sent:
            events |= POLLOUT  # the rest of a line goes on whoever waits, and for what
        return self._waiter.wait(events, deadline_ns, is_needless)

    def read(self) -> bool:
        """Take in what has come; False if nothing has. Raises as `until`."""
        with self._lock:
            came = self.line.pump()
        if came or self.line.has_news:
            self.after_reading()
        self._check()
        return came

    def _check(self) -> None:
        if self.is_over():
            raise CanClosedError("the bus was shut down meanwhile")
        self.line.check()


def _has_passed(deadline_ns: int | None) -> bool:
    """Looked at in each round: the adapter may send without a pause."""
    return deadline_ns is not None and monotonic_ns() >= deadline_ns
