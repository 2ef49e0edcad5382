"""Conversation: say something to the adapter and wait for what it says, by a deadline.

Whoever waits reads for all: frames that come meanwhile lie in the line for who receives, and
an answer that somebody else reads wakes who waits for it. What to say is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock

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

    def ask(self, word: str, seconds: float) -> Asked:
        """Send a command and wait for the answer.

        Args:
            word: the command without its CR.
            seconds: how long to wait. Later answers still find their way to what is returned.

        Raises:
            CanChannelNotFoundError: the port is gone.
            CanClosedError: the bus was shut down meanwhile.
        """
        asked = Asked(word)
        deadline_ns = deadline_after(seconds)
        if self.say(f"{word}\r".encode("ascii"), (asked,), deadline_ns):
            self.until(lambda: not asked.is_pending, deadline_ns)
        return asked

    def tell(self, word: str, seconds: float) -> None:
        """Send a command that nobody answers."""
        self.say(f"{word}\r".encode("ascii"), (), deadline_after(seconds))

    def begin(self) -> None:
        """Forget the frames that came until now: the channel is about to be opened."""
        with self._lock:
            self.line.pump()
            self.line.begin()

    def forget(self) -> None:
        """What has not been answered by now never is."""
        with self._lock:
            self.line.answers.forget_all()

    @property
    def first_malformed(self) -> bytes:
        """The first line that meant nothing; b"" if there was none."""
        bad = self.line.first_malformed
        return b"" if bad is None else bad.line

    def say(self, data: bytes, asked: Sequence[Asked], deadline_ns: int | None) -> bool:
        """Send a line; False if the port had no room for any of it by the deadline."""
        while True:
            with self._lock:
                if self.line.put(data, asked):
                    return True
            # What the adapter sends is read meanwhile: it may wait for that.
            if not self.wait(POLLIN | POLLOUT, deadline_ns):
                return False
            self.read()

    def finish(self, deadline_ns: int | None) -> bool:
        """Wait until the line that was begun last has gone out; False if the deadline passed.

        Raises:
            As `until`.
        """
        while not self.line.is_all_sent:
            if not self.wait(POLLIN, deadline_ns):
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
            if self.read():
                continue
            if done():
                return True
            if not self.wait(POLLIN, deadline_ns, done):
                self.read()  # what came at the last moment
                return done()
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
        if self.is_over():
            raise CanClosedError("the bus was shut down meanwhile")
        self.line.check()
        return came
