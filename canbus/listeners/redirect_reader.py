"""RedirectReader: every frame goes out on another bus. A bridge of one direction; no filters."""

from __future__ import annotations

from typing import Any

from canbus.bus import BusABC
from canbus.errors import CanConfigError, CanTxQueueFullError
from canbus.listener import Listener
from canbus.message import Message
from canbus.receiving import negative_timeout


class RedirectReader(Listener):
    """Sends what it gets to another bus.

    What that bus refuses is an error of this listener: logged, unless a subclass writes
    `on_error`.

    Args:
        bus: where to send.
        timeout: seconds to wait for room in its transmit queue, while other listeners wait.
            Once a frame found none, those after it are only tried, until one is taken: a
            dead bus must not hold up the living.

    Raises:
        CanConfigError: a ValueError; this is no bus, or the timeout is negative.
    """

    def __init__(self, bus: BusABC, *args: Any, timeout: float = 1.0, **kwargs: Any) -> None:
        if not isinstance(bus, BusABC):
            raise CanConfigError(f"RedirectReader sends to a bus, not to {bus!r}")
        if not timeout >= 0:
            raise negative_timeout(f"RedirectReader(timeout={timeout})")
        super().__init__(*args, **kwargs)
        self.bus = bus
        self._timeout = timeout
        self._is_stuck = False

    def on_message_received(self, msg: Message) -> None:
        """Send the frame.

        Raises:
            CanTxQueueFullError: no room in time; the frame is not sent.
            CanError: as `BusABC.send`.
        """
        try:
            self.bus.send(msg, 0 if self._is_stuck else self._timeout)
        except CanTxQueueFullError:
            self._is_stuck = True
            raise
        self._is_stuck = False
