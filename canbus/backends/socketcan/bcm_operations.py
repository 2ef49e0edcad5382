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
from canbus.place import Place
from canbus.plugin import CanOperationError

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


def _inherit_all() -> None:
    for operations in list(_all):
        operations.inherit()


os.register_at_fork(after_in_child=_inherit_all)  # cheaper than os.getpid() for each task


class BcmOperations(Generic[Op]):
    """One socket, and the operations on it.

    Args:
        channel: name of the interface, "" for all.
        place: where it is.
        delete_opcode: ends an operation.

    Raises:
        OSError: no broadcast manager, or no such interface.

    Attributes:
        needs_a_look: the interface was in trouble, or opened anew, since somebody last looked.
        is_inherited: this is a forked child's copy; the operations are its parent's.
    """

    def __init__(self, channel: str, place: Place, delete_opcode: int) -> None:
        self.needs_a_look = self.is_inherited = False
        self.channel = channel
        self._place = place
        self._index = place.index_of(channel) if channel else 0
        self._delete_opcode = delete_opcode
        self._is_closed = False
        self._operations: dict[Key, Op] = {}
        self._socket = BcmSocket(channel, self, place)
        self._send = self._socket.send
        _all.add(self)

    @property
    def is_gone(self) -> bool:
        """Whether the interface is gone, or the process forked: another socket is needed."""
        return self._socket.is_gone or self.is_inherited

    def is_on(self, name: str) -> bool:
        """Whether the interface that is called so now is the one of the socket."""
        try:
            return self._index == (self._place.index_of(name) if name else 0)
        except OSError:
            return False

    def is_up(self) -> bool:
        """Whether the interface is up, asked for now."""
        return self._socket.is_up()

    def inherit(self) -> None:
        """The process forked, and this is the child."""
        self.is_inherited = self.needs_a_look = True
        self._socket.renew_lock()

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
            CanOperationError: this is a forked child.
        """
        if self.is_inherited:
            raise CanOperationError(
                f"{self.channel}: this process was forked, and cannot change what its parent began",
                hint="open a bus in this process",
            )
        is_new = key not in self._operations
        if self._operations.setdefault(key, operation) is not operation:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        try:
            self._send(message)
        except OSError:
            self.needs_a_look = True
            if is_new:
                self._operations.pop(key, None)
            raise
        except BaseException:  # of a signal handler: the kernel may have it already
            if is_new:
                self.delete(key)
            raise

    def delete(self, key: Key) -> None:
        """End an operation, if it is there: the kernel does nothing for it after this."""
        self._operations.pop(key, None)
        if self._is_closed or self.is_inherited:
            return
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
        if not self.is_inherited:
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
