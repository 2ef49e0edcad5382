"""Line: the port with what came through it and what has not gone out yet.

Frames lie here until the bus takes them, answers go to who asked (answers.py). Nothing waits
here and nothing is locked: every method is called with the bus's read lock held.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from time import time_ns
from typing import Any

from canbus.backends.slcan.answers import Answers, Asked
from canbus.backends.slcan.port import Port
from canbus.codecs.lawicel import LawicelDecoder, LawicelEvent, Malformed, Reply
from canbus.plugin import CanChannelNotFoundError, Message

MAX_FRAMES = 2**16
"""Frames that wait for who receives; nobody does in a program that only sends."""


class Line:
    """What lies between the bus and the port.

    Args:
        port: the open port.
        channel: what `msg.channel` says of received frames.
        fd: the bus was opened for CAN FD.
        before_lose: called before the port is let go.
        on_odd_frame: called with each error frame, and each that the adapter has stamped.

    Attributes:
        answers: what was sent and waits for its answer.
        malformed: lines that were no frame and no answer.
        first_malformed: the first of them.
        dropped: frames that found too many here already.
        has_news: something was answered, or the port is gone; for whoever waits for that.
        trouble: why the port is gone, or None.
        is_trouble_untold: who receives was not told yet.
    """

    def __init__(
        self,
        port: Port,
        channel: Any,
        on_odd_frame: Callable[[Message], None],
        before_lose: Callable[[], None] = lambda: None,
        *,
        fd: bool,
    ) -> None:
        self.port = port
        self.answers = Answers()
        self.malformed = 0
        self.first_malformed: Malformed | None = None
        self.has_news = False
        self.trouble: CanChannelNotFoundError | None = None
        self.is_trouble_untold = False
        self.dropped = 0
        self._on_odd_frame = on_odd_frame
        self._before_lose = before_lose
        self._decoder = LawicelDecoder(channel, fd=fd)
        self._frames: list[Message] = []
        self._taken = 0
        self._unsent = b""

    # -- in ---------------------------------------------------------------------------

    @property
    def has_frames(self) -> bool:
        """Frames lie here."""
        return self._taken < len(self._frames)

    def take(self, limit: int) -> list[Message]:
        """The next frames, at most `limit`."""
        start = self._taken
        batch = self._frames[start : start + limit]
        self._taken = start + len(batch)
        if self._taken == len(self._frames):
            self._frames = []
            self._taken = 0
        return batch

    def pump(self) -> bool:
        """Take in what has come, all in one go; False if nothing has."""
        if self.trouble is not None:
            return False
        try:
            if self._unsent:
                self._unsent = self._unsent[self.port.write(self._unsent) :]
            data = self.port.read()
        except CanChannelNotFoundError as exc:
            self.lose(exc)
            return False
        if not data:
            return False
        events = self._decoder.feed(data, time_ns())
        if len(self._frames) - self._taken > MAX_FRAMES:
            frames = [event for event in events if isinstance(event, Message)]
            self.dropped += len(frames)
            self._sort([event for event in events if not isinstance(event, Message)])
        elif self._decoder.only_frames:
            self._frames += events  # type: ignore[arg-type]
        else:
            self._sort(events)
        return True

    def _sort(self, events: list[LawicelEvent]) -> None:
        for event in events:
            if isinstance(event, Message):
                if event.__class__ is not Message or event.is_error_frame:
                    self._on_odd_frame(event)
                self._frames.append(event)
            elif isinstance(event, Reply):
                self.has_news = True
                self.answers.take(event)
            elif not self.answers.take_text(event):
                self.malformed += 1
                self.first_malformed = self.first_malformed or event
            else:
                self.has_news = True

    def insert(self, msg: Message) -> None:
        """A frame that was made here, of what the adapter says."""
        self._frames.append(msg)

    # -- out --------------------------------------------------------------------------

    def put(self, data: bytes, asked: Sequence[Asked] = ()) -> int:
        """Send lines, as many as there is room for, and expect these answers, one for each.

        A line that has been begun is finished before anything else goes out.

        Returns:
            Bytes of the lines that were sent or begun; 0 if there is no room. The others are
            the caller's, and not expected to be answered.

        Raises:
            CanChannelNotFoundError: the port is gone.
        """
        self.check()
        try:
            if self._unsent:
                self._unsent = self._unsent[self.port.write(self._unsent) :]
                if self._unsent:
                    return 0
            for each in asked:
                self.answers.expect(each)
            written = self.port.write(data)
        except CanChannelNotFoundError as exc:
            self.lose(exc)
            raise
        if written == len(data):
            return written
        end = data.index(b"\r", written - 1) + 1 if written else 0
        for each in asked[data.count(b"\r", 0, end) :]:
            self.answers.retract(each)
        self._unsent = data[written:end]
        return end

    @property
    def is_all_sent(self) -> bool:
        """Nothing of what was put waits for room."""
        return not self._unsent

    # -- beginning and end --------------------------------------------------------------

    def begin(self) -> None:
        """The channel is about to be opened: what came until now belongs to somebody else."""
        self._frames = []
        self._taken = 0

    def forget_malformed(self) -> None:
        """What was read while it was opened is not this bus's loss."""
        self.malformed = 0
        self.first_malformed = None

    def check(self) -> None:
        """Raise if the port is gone, at every call."""
        if self.trouble is not None:
            raise copy(self.trouble)

    def tell_receiver(self) -> None:
        """The same, for who receives: until then the descriptor tells of it."""
        self.is_trouble_untold = False
        self.check()

    def lose(self, trouble: CanChannelNotFoundError) -> None:
        """The port is gone: let go of it, so that its name is free when it comes back."""
        self.trouble = trouble
        self.is_trouble_untold = True
        self.has_news = True
        self.answers.forget_all()
        self.answers.all_are_told()
        self.answers.foreseen.clear()
        self._unsent = b""
        self._decoder.reset()
        self._before_lose()
        self.port.lose()

    def renew(self) -> None:
        """The port is open anew."""
        self.trouble = None
        self.is_trouble_untold = False
        self.answers.forget_all()
