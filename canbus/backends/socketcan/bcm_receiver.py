"""BcmReceiver: what the kernel looks after in received frames, by the frames' ids.

Here a can_id is the frame's own (net/can/bcm.c, bcm_rx_setup), so that each id can be looked
after once on a socket. What is looked for is bcm_watch.py's.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from time import monotonic, sleep
from typing import Protocol

from canbus.backends.socketcan.bcm_socket import BcmSocket
from canbus.codecs.bcm import BcmFlag, BcmHead, BcmOpcode, decode_bcm, encode_bcm

_RX_DELETE = int(BcmOpcode.RX_DELETE)
_CAN_FD_FRAME = int(BcmFlag.CAN_FD_FRAME)
_NOT_THERE = frozenset({errno.EINVAL, errno.ENOTCONN, errno.ENODEV, errno.EBADF})
_A_MOMENT = 0.05  # seconds
_LOOK_EVERY = 0.0002

Key = tuple[int, int]  # can_id with its flags, CAN_FD_FRAME or 0
Ancillary = list[tuple[int, int, bytes]]


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


class BcmReceiver:
    """One socket, and what is looked after through it.

    Args:
        channel: name of the interface, "" for all.

    Raises:
        OSError: no broadcast manager, or no such interface.
    """

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self._pid = os.getpid()
        self._watches: dict[Key, KernelWatch | None] = {}  # None: ended, its messages may come
        self._ended: deque[Key] = deque()
        self._leaving: list[Key] = []
        self._socket = BcmSocket(channel, self)

    @property
    def is_gone(self) -> bool:
        """Whether the interface is gone, or the process forked: another receiver is needed."""
        return self._socket.is_gone or os.getpid() != self._pid

    def has(self, key: Key) -> bool:
        """Whether this id is looked after, or was just now."""
        return key in self._watches

    def becomes_free(self, key: Key) -> bool:
        """Whether an id that was looked after just now can be had, waiting a moment for it."""
        until = monotonic() + _A_MOMENT
        while self.has(key):
            if self._watches.get(key) is not None or self._socket.is_reading_thread():
                return False
            if monotonic() > until:  # its thread is busy
                return False
            sleep(_LOOK_EVERY)
        return True

    def set_up(self, key: Key, watch: KernelWatch, message: bytes) -> None:
        """Begin to look after an id, or do it differently.

        Raises:
            OSError: the kernel refuses it; nothing is looked after.
        """
        self._watches[key] = watch
        try:
            self._send(message)
        except BaseException:
            self._watches.pop(key, None)
            raise

    def renew(self, key: Key, watch: KernelWatch, message: bytes) -> None:
        """Set up once more, unless it was deleted meanwhile.

        Raises:
            OSError: the kernel refuses it.
        """
        if self._watches.get(key) is not watch:
            return
        self._send(message)
        if self._watches.get(key) is None:  # deleted meanwhile, and not in time
            self._send(encode_bcm(_RX_DELETE, key[0], key[1]))

    def delete(self, key: Key, watch: KernelWatch) -> None:
        """Look after it no more, if it is."""
        if self._watches.get(key) is not watch:
            return
        self._watches[key] = None
        if os.getpid() != self._pid:
            return  # a forked child has the socket, too, but it is its parent's
        try:
            self._send(encode_bcm(_RX_DELETE, key[0], key[1]))
        except OSError as exc:
            if exc.errno not in _NOT_THERE:
                raise
        self._ended.append(key)
        self._socket.wake()

    def _send(self, message: bytes) -> None:
        if self._socket.is_reading_thread():
            self._socket.send_from_reader(message)
        else:
            self._socket.send(message)

    def abandon(self) -> None:
        """Close it because another takes its place; who watches is told that it has ended."""
        if os.getpid() == self._pid:
            self.trouble(errno.ENODEV)
        self.close()

    def close(self) -> None:
        """Look after nothing any more."""
        for key, watch in list(self._watches.items()):
            if watch is not None:
                self.delete(key, watch)
        self._socket.close()

    def join(self) -> None:
        """Wait until the socket is closed."""
        self._socket.join()

    # -- what the socket tells, in its thread -----------------------------------------

    def message(self, data: bytes, ancillary: Ancillary, flags: int, channel: str) -> None:
        """A frame came, or did not."""
        head, frames = decode_bcm(data)
        watch = self._watches.get((head.can_id, head.flags & _CAN_FD_FRAME))
        if watch is not None:
            watch.told(head, frames, ancillary, flags, channel)

    def drained(self) -> None:
        """What was deleted before all that waited was read has no message left."""
        for key in self._leaving:
            if self._watches.get(key) is None:
                self._watches.pop(key, None)
        self._leaving.clear()
        while self._ended:  # deleted while that was read, maybe: its turn is the next time
            self._leaving.append(self._ended.popleft())
        if self._leaving:
            self._socket.wake()

    def lost(self, number: int) -> None:
        """Nobody knows whose they were."""
        for watch in list(self._watches.values()):
            if watch is not None:
                watch.lost(number)

    def trouble(self, code: int) -> None:
        """The interface went down, or is gone: tell all."""
        for watch in list(self._watches.values()):
            if watch is not None:
                watch.trouble(code)
