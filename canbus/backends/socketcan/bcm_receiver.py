"""BcmReceiver: what the kernel looks after in received frames, by the frames' ids.

Here a can_id is the frame's own (net/can/bcm.c, bcm_rx_setup), so that each id can be looked
after once on a socket. What is looked for is bcm_watch.py's.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from canbus.backends.socketcan.bcm_operations import (
    CAN_FD_FRAME,
    Ancillary,
    BcmOperations,
    Key,
)
from canbus.codecs.bcm import BcmHead, BcmOpcode, decode_bcm, encode_bcm
from canbus.place import HERE, Place

_RX_DELETE = int(BcmOpcode.RX_DELETE)


class KernelWatch(Protocol):
    """Something that the kernel looks after."""

    def told(
        self, head: BcmHead, frames: tuple[bytes, ...], ancillary: Ancillary, flags: int, ch: str
    ) -> None:
        """The kernel tells of it."""

    def lost(self, number: int) -> None:
        """Messages were lost, its own maybe."""

    def trouble(self, code: int) -> None:
        """The interface went down (ENETDOWN) or is gone (another)."""


class BcmReceiver(BcmOperations[KernelWatch]):
    """The watches of one interface, or of all."""

    def __init__(self, channel: str, place: Place = HERE) -> None:
        self._ending: set[Key] = set()  # ended, but messages of it may still come
        self._ended: deque[Key] = deque()
        self._leaving: list[Key] = []
        super().__init__(channel, place, _RX_DELETE)

    def has(self, key: Key) -> bool:
        """Whether this id is looked after, or was until just now."""
        return key in self._operations or key in self._ending

    def is_ending(self, key: Key) -> bool:
        """Whether it is looked after no more, and free once the thread has caught up."""
        return key in self._ending and key not in self._operations

    def renew(self, key: Key, watch: KernelWatch, message: bytes) -> None:
        """Set up once more, unless it was ended meanwhile.

        Raises:
            OSError: the kernel refuses it.
        """
        if self._operations.get(key) is not watch or self.is_inherited:
            return
        self._tell(message)
        if key not in self._operations:  # ended meanwhile, and not in time
            self._tell(encode_bcm(_RX_DELETE, key[0], key[1]))

    def end(self, key: Key, watch: KernelWatch) -> None:
        """Look after it no more, if it is."""
        if self._operations.get(key) is not watch:
            return
        self._ending.add(key)
        self.delete(key)
        self._ended.append(key)
        self._socket.wake()

    # -- what the socket tells, in its thread -----------------------------------------

    def message(self, data: bytes, ancillary: Ancillary, flags: int, channel: str) -> None:
        """A frame came, or did not."""
        head, frames = decode_bcm(data)
        watch = self._operations.get((head.can_id, head.flags & CAN_FD_FRAME))
        if watch is not None:
            watch.told(head, frames, ancillary, flags, channel)

    def draining(self) -> None:
        """What has been ended by now has its last message among those that wait."""
        while self._ended:
            self._leaving.append(self._ended.popleft())

    def drained(self) -> None:
        """So its id can be had again."""
        for key in self._leaving:
            self._ending.discard(key)
        self._leaving.clear()

    def lost(self, number: int) -> None:
        """Nobody knows whose they were."""
        for watch in list(self._operations.values()):
            watch.lost(number)
