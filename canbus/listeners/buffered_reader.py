"""BufferedReader: frames that wait until a thread takes them. For asyncio see the file beside."""

from __future__ import annotations

from canbus.errors import CanClosedError
from canbus.inbox import DROP_OLDEST
from canbus.listener import Listener
from canbus.listeners.buffer import Buffer, make_inbox
from canbus.message import Message
from canbus.receiving import negative_timeout
from canbus.waiting import deadline_after


class ReaderStoppedError(CanClosedError, RuntimeError):
    """A frame was given to a reader that is stopped; a RuntimeError, as in python-can."""


class BufferedReader(Listener):
    """Keeps frames until `get_message` takes them, from any number of threads.

    Args:
        maxlen: frames that wait at most; None: as many as come, as in python-can.
        overflow: which are lost where there are more: "drop_oldest" those that wait longest,
            "drop_newest" those that come, "raise" the same, and `get_message` raises a
            CanFramesLostError where they are missing. The frame after them says how many in
            `lost_before`; the first loss is warned of.

    Attributes:
        is_stopped: whether it was stopped.
        buffer: tells what waits: `qsize()`, `empty()`.

    Raises:
        CanConfigError: a ValueError; `maxlen` or `overflow` makes no sense.
    """

    def __init__(self, maxlen: int | None = None, *, overflow: str = DROP_OLDEST) -> None:
        self.is_stopped = False
        self._inbox = make_inbox("BufferedReader", maxlen, overflow)
        self.buffer = Buffer(self._inbox)

    @property
    def lost(self) -> int:
        """Frames that were lost because `maxlen` waited already."""
        return self._inbox.lost

    def on_message_received(self, msg: Message) -> None:
        """Keep a frame.

        Raises:
            ReaderStoppedError: a RuntimeError; the reader is stopped.
        """
        if self.is_stopped:
            raise ReaderStoppedError(
                "this BufferedReader is stopped and takes no more frames",
                hint="remove_listener() it from its Notifier first",
            )
        self._inbox.deliver([msg])

    def get_message(self, timeout: float | None = 0.5) -> Message | None:
        """Take the frame that waits longest.

        Args:
            timeout: seconds to wait for one; None waits for ever. Not waited where the reader
                is stopped: then the frames that are left can be taken.

        Returns:
            The frame; None if none came in time, or the reader is stopped and empty.

        Raises:
            CanFramesLostError: with `overflow="raise"`, frames are missing here.
            CanConfigError: a ValueError; the timeout is negative.
        """
        if timeout is not None and not timeout >= 0:
            raise negative_timeout(f"get_message({timeout})")
        deadline_ns = deadline_after(timeout)
        while True:
            msg = self._inbox.take()
            if msg is not None:
                return msg
            if self.is_stopped or not self._inbox.wait(deadline_ns, self._is_stopped_now):
                return self._inbox.take()  # came in between

    def _is_stopped_now(self) -> bool:
        return self.is_stopped

    def stop(self) -> None:
        """Take no more frames, and let nobody wait: those that are left can still be taken."""
        self.is_stopped = True
        self._inbox.look_again()
