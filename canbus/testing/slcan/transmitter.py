"""What becomes of a frame that the host wants sent: on the wire, in the queue, or nowhere.

No lines and no answers here; what is on the wire is told by a callback.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum

from canbus.message import Message


class Fate(Enum):
    """What became of a frame."""

    SENT = "sent"
    KEPT = "waits until somebody acknowledges"
    LOST = "was tried once, and nobody acknowledged"
    REFUSED = "there is no room"


class Transmitter:
    """The sending half of a CAN controller, with its queue.

    Args:
        queue: frames that it holds.
        is_one_shot: it tries a frame once only.

    Attributes:
        to_wire: called with each frame that is sent; False: the wire does not take it.
        pending: frames that wait, the oldest first.
        lost: frames that were tried in vain.
        is_heard: somebody on the wire acknowledges.
    """

    def __init__(self, queue: int, *, is_one_shot: bool) -> None:
        self.to_wire: Callable[[Message], object] = _accept
        self.pending: deque[Message] = deque()
        self.lost = 0
        self.is_heard = True
        self._queue = queue
        self._is_one_shot = is_one_shot

    def take(self, msg: Message) -> Fate:
        """Send a frame, or keep it."""
        if self.is_heard:
            return Fate.REFUSED if self.to_wire(msg) is False else Fate.SENT
        if self._is_one_shot:
            self.lost += 1
            return Fate.LOST
        if len(self.pending) >= self._queue:
            return Fate.REFUSED
        self.pending.append(msg)
        return Fate.KEPT

    def hear(self, is_heard: bool) -> int:
        """Say whether somebody acknowledges; how many frames that waited were sent by that."""
        self.is_heard = is_heard
        sent = 0
        while is_heard and self.pending:
            if self.to_wire(self.pending.popleft()) is False:
                self.lost += 1
            else:
                sent += 1
        return sent


def _accept(msg: Message) -> bool:
    return True
