"""Sending without holding up the loop: a try, and while there is no room, further tries.

Nothing in the kernel tells a loop that a transmit queue has room again (ENOBUFS is of the
interface, POLLOUT of the socket), so the tries are a short while apart. What waits for more than
room is done by a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from canbus.aio.errands import Errand, Runner
from canbus.aio.waiters import TURN
from canbus.bus import BusABC
from canbus.cyclic_task import GRACE
from canbus.errors import CanError, CanTxQueueFullError
from canbus.frame_rules import is_plain
from canbus.message import Message
from canbus.receiving import negative_timeout
from canbus.warn import warn

T = TypeVar("T")

_FIRST, _LONGEST = 0.0005, 0.01
"""Seconds between tries: five frames of a 1 Mbit/s bus, and what a full queue of ten takes."""
_TELL_AFTER = 1.0  # seconds, as who sends without asyncio is told


class Sender:
    """The sending side of one bus, for the tasks of a loop.

    Args:
        bus: the bus.
    """

    def __init__(self, bus: BusABC) -> None:
        self._bus = bus
        self._runner = Runner(f"canbus aio sender {bus.channel_info}")
        self.is_told = False  # that a send waits for long

    async def send(self, msg: Message, timeout: float | None) -> None:
        """Send one frame.

        Raises:
            CanError: as `BusABC.send`.
            asyncio.CancelledError: it has not been sent; the attribute `sent` is 0.
        """
        if timeout is not None and not timeout >= 0:
            raise negative_timeout(f"send(timeout={timeout})")
        pause: Pause | None = None
        while True:
            try:
                self._bus.send(msg, 0)
            except CanTxQueueFullError as exc:
                pause = pause or Pause(self, timeout)
                with noted(0):
                    await pause.after(exc)
            else:
                return

    async def send_many(self, msgs: Iterable[Message], timeout: float | None) -> int:
        """Send several frames, in order; all are validated before the first leaves.

        Raises:
            CanError: as `BusABC.send_many`; `sent` says how many went out before.
            asyncio.CancelledError: `sent` says how many went out before.
        """
        if timeout is not None and not timeout >= 0:
            raise negative_timeout(f"send_many(timeout={timeout})")
        with noted(0):
            frames = await self.validated(msgs)
        sent = 0
        pause: Pause | None = None
        while sent < len(frames):
            try:
                sent += self._bus.send_many(frames[sent : sent + TURN], 0)
            except CanTxQueueFullError as exc:
                sent += exc.sent
                exc.sent = sent
                pause = pause or Pause(self, timeout)
                with noted(sent):
                    await pause.after(exc)
            except CanError as exc:
                exc.sent += sent
                raise
            else:
                with noted(sent):
                    await asyncio.sleep(0)
        return sent

    async def validated(self, msgs: Iterable[Message]) -> list[Message]:
        """The frames as they can be sent; gives way from time to time."""
        frames: list[Message] = []
        for msg in msgs:
            frames.append(msg if is_plain(msg) else self._bus._prepare(msg))
            if len(frames) % TURN == 0:
                await asyncio.sleep(0)
        return frames

    async def by_thread(self, call: Callable[[], T], number: int, *, in_order: bool) -> T:
        """Have a thread send.

        Args:
            call: what does it.
            number: how many frames it sends.
            in_order: behind all that is sent so, rather than beside it.

        Raises:
            asyncio.CancelledError: `sent` is 0 if it had not begun, the number if it had ended,
                and None where nobody knows.
        """
        errand = Errand(call)
        if in_order:
            self._runner.begin(errand)
        else:
            errand.begin()
        try:
            return await errand.result()
        except asyncio.CancelledError as cancelled:
            _note(cancelled, number if errand.has_returned else None if errand.has_begun else 0)
            raise

    def end(self) -> None:
        """The bus was shut down."""
        self._runner.end()

    def join(self) -> None:
        """Wait until no thread sends, for a moment."""
        self._runner.join(GRACE)


class Pause:
    """The time between two tries, up to a deadline.

    Args:
        sender: whose.
        timeout: seconds for all of them; None for no end.
    """

    def __init__(self, sender: Sender, timeout: float | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._sender = sender
        now = self._loop.time()
        self._end = None if timeout is None else now + timeout
        self._tell_at = now + _TELL_AFTER
        self._seconds = _FIRST

    async def after(self, error: CanTxQueueFullError) -> None:
        """Wait a while.

        Raises:
            CanTxQueueFullError: the error given; the time is up.
        """
        now = self._loop.time()
        left = None if self._end is None else self._end - now
        if left is not None and left <= 0:
            raise error
        if left is None and now >= self._tell_at and not self._sender.is_told:
            self._sender.is_told = True
            warn(
                f"{error}: send() has been waiting for room for 1 s and waits on, as it has no "
                "timeout. Check bitrate, wiring and termination, or give a timeout"
            )
        await asyncio.sleep(self._seconds if left is None else min(self._seconds, left))
        self._seconds = min(self._seconds * 2, _LONGEST)


class noted:  # noqa: N801 - read as a word: with noted(3)
    """Who is cancelled within is told how many frames left.

    Args:
        sent: so many.
    """

    def __init__(self, sent: int) -> None:
        self._sent = sent

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, exc: BaseException | None, traceback: object) -> None:
        if isinstance(exc, asyncio.CancelledError):
            _note(exc, self._sent)


def frames_sent(error: BaseException) -> int | None:
    """How many frames left before a send ended with this error; None where nobody knows.

    Args:
        error: the CancelledError of a task that was sending; the TimeoutError that a time limit
            made of one; or a CanError of `send_many`.
    """
    seen: BaseException | None = error
    while seen is not None:
        if hasattr(seen, "sent"):
            sent: int | None = seen.sent
            return sent
        seen = seen.__cause__
    return None


def _note(cancelled: asyncio.CancelledError, sent: int | None) -> None:
    told: Any = cancelled
    told.sent = sent
