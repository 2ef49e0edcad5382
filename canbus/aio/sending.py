"""Sending without holding up the loop: a try, and while there is no room, further tries.

Nothing in the kernel tells a loop that a transmit queue has room again (ENOBUFS is of the
interface, POLLOUT of the socket), so the tries are a short while apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from canbus.aio.arrivals import BATCH
from canbus.bus import BusABC
from canbus.errors import CanError, CanTxQueueFullError
from canbus.message import Message
from canbus.receiving import negative_timeout

_FIRST, _LONGEST = 0.0005, 0.01
"""Seconds between tries: five frames of a 1 Mbit/s bus, and what a full queue of ten takes."""


class Pause:
    """The time between two tries, up to a deadline.

    Args:
        timeout: seconds for all of them; None for no end.
    """

    def __init__(self, timeout: float | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = None if timeout is None else self._loop.time() + timeout
        self._seconds = _FIRST

    async def after(self, error: CanTxQueueFullError) -> None:
        """Wait a while.

        Raises:
            CanTxQueueFullError: the error given; the time is up.
        """
        left = None if self._end is None else self._end - self._loop.time()
        if left is not None and left <= 0:
            raise error
        await asyncio.sleep(self._seconds if left is None else min(self._seconds, left))
        self._seconds = min(self._seconds * 2, _LONGEST)


async def send(bus: BusABC, msg: Message, timeout: float | None) -> None:
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
            bus.send(msg, 0)
        except CanTxQueueFullError as exc:
            pause = pause or Pause(timeout)
            try:
                await pause.after(exc)
            except asyncio.CancelledError as cancelled:
                note(cancelled, 0)
                raise
        else:
            return


async def send_many(bus: BusABC, msgs: Iterable[Message], timeout: float | None) -> int:
    """Send several frames, in order; all are validated before the first leaves.

    Raises:
        CanError: as `BusABC.send_many`; `sent` says how many went out before.
        asyncio.CancelledError: `sent` says how many went out before.
    """
    if timeout is not None and not timeout >= 0:
        raise negative_timeout(f"send_many(timeout={timeout})")
    frames = [bus._prepare(msg) for msg in msgs]
    sent = 0
    pause: Pause | None = None
    try:
        while sent < len(frames):
            try:
                sent += bus.send_many(frames[sent : sent + BATCH], 0)
            except CanTxQueueFullError as exc:
                sent += exc.sent or 0
                pause = pause or Pause(timeout)
                await pause.after(exc)
            else:
                await asyncio.sleep(0)
    except CanError as exc:
        exc.sent = sent if isinstance(exc, CanTxQueueFullError) else sent + (exc.sent or 0)
        raise
    except asyncio.CancelledError as cancelled:
        note(cancelled, sent)
        raise
    return sent


def note(cancelled: asyncio.CancelledError, sent: int | None) -> None:
    """Let the error say how many frames left; None where nobody knows."""
    told: Any = cancelled
    told.sent = sent
