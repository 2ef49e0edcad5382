"""BcmOperations: what the kernel does through one socket, by key; the part both directions share.

The kernel knows an operation by its can_id, the socket's interface, and whether its frames are
CAN FD (net/can/bcm.c, bcm_find_op): so a key is the can_id and CAN_FD_FRAME or 0. What the
operations are is bcm_sender.py's and bcm_receiver.py's.
"""

from __future__ import annotations

import errno
import os
from typing import Any, Generic, Protocol, TypeVar
from weakref import WeakSet

from canbus.backends.socketcan.bcm_socket import BcmSocket
from canbus.codecs.bcm import BcmFlag, encode_bcm

CAN_FD_FRAME = int(BcmFlag.CAN_FD_FRAME)
_NOT_THERE = frozenset({errno.EINVAL, errno.ENOTCONN, errno.ENODEV, errno.EBADF})

Key = tuple[int, int]
Ancillary = list[tuple[int, int, bytes]]


class Operation(Protocol):
    """Something that the kernel does."""

    def trouble(self, code: int) -> None:
        """The interface went down (ENETDOWN) or is gone (another)."""


Op = TypeVar("Op", bound=Operation)

_all: WeakSet[BcmOperations[Any]] = WeakSet()


def _have_all_looked_at() -> None:
    for operations in list(_all):
        operations.needs_a_look = True


os.register_at_fork(after_in_child=_have_all_looked_at)  # cheaper than os.getpid() for each task


class BcmOperations(Generic[Op]):
    """One socket, and the operations on it.

    Args:
        channel: name of the interface, "" for all.
        delete_opcode: ends an operation.

    Raises:
        OSError: no broadcast manager, or no such interface.

    Attributes:
        needs_a_look: the interface was in trouble, or the process forked, since somebody last
            looked.
    """

    def __init__(self, channel: str, delete_opcode: int) -> None:
        self.needs_a_look = False
        self.channel = channel
        self._delete_opcode = delete_opcode
        self._pid = os.getpid()
        self._is_closed = False
        self._operations: dict[Key, Op] = {}
        self._socket = BcmSocket(channel, self)
        self._send = self._socket.send
        _all.add(self)

    @property
    def is_gone(self) -> bool:
        """Whether the interface is gone, or the process forked: another socket is needed."""
        return self._socket.is_gone or os.getpid() != self._pid

    def is_reading_thread(self) -> bool:
        """Whether the caller is called by the thread that tells of the operations."""
        return self._socket.is_reading_thread()

    def catch_up(self) -> None:
        """Wait until the thread has told all that the kernel had said by now."""
        self._socket.catch_up()

    def set_up(self, key: Key, operation: Op, message: bytes) -> None:
        """Begin an operation, or change it.

        Raises:
            OSError: the kernel refuses it. What was there before goes on.
        """
        is_new = self._operations.get(key) is not operation
        self._operations[key] = operation
        try:
            self._send(message)
        except BaseException:
            self.needs_a_look = True
            if is_new:
                self._operations.pop(key, None)
            raise

    def delete(self, key: Key) -> None:
        """End an operation, if it is there: the kernel does nothing for it after this."""
        self._operations.pop(key, None)
        if self._is_closed or os.getpid() != self._pid:
            return  # a forked child has the socket, too, but the operations are its parent's
        try:
            self._tell(encode_bcm(self._delete_opcode, key[0], key[1]))
        except OSError as exc:
            if exc.errno not in _NOT_THERE:
                raise

    def _tell(self, message: bytes) -> None:
        if self.is_reading_thread():
            self._socket.send_from_reader(message)
        else:
            self._send(message)

    def abandon(self) -> None:
        """Close it because another takes its place; its operations are told that they ended."""
        if os.getpid() == self._pid:
            self.trouble(errno.ENODEV)
        self.close()

    def close(self) -> None:
        """End all operations, also where a forked child has the socket open, too."""
        for key in list(self._operations):
            self.delete(key)
        self._socket.close()
        self._is_closed = True

    def join(self, seconds: float) -> None:
        """Wait (so long at most) until the socket is closed."""
        self._socket.join(seconds)

    # -- what the socket tells, in its thread -----------------------------------------

    def message(self, data: bytes, ancillary: Ancillary, flags: int, channel: str) -> None:
        """The kernel tells of an operation."""

    def lost(self, number: int) -> None:
        """So much of what it told was lost."""

    def draining(self) -> None:
        """All that waits is about to be handed on."""

    def drained(self) -> None:
        """It was."""

    def trouble(self, code: int) -> None:
        """The interface went down, or is gone: tell all."""
        self.needs_a_look = True
        for operation in list(self._operations.values()):
            operation.trouble(code)
