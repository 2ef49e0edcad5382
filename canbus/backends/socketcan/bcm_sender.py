"""BcmSender: the cyclic tasks of one interface in the kernel, by their numbers.

A task's number stands where the kernel has a can_id: it is only the name of the task, the
frames have ids of their own (net/can/bcm.c, bcm_tx_setup). So two tasks may send the same id.
What a task is to do is bcm_task.py's.
"""

from __future__ import annotations

import errno
import itertools
import os
from typing import Protocol

from canbus.backends.socketcan.bcm_socket import BcmSocket
from canbus.codecs.bcm import BcmOpcode, decode_bcm, encode_bcm
from canbus.logs import logger

_TX_EXPIRED = int(BcmOpcode.TX_EXPIRED)
_TX_STATUS = int(BcmOpcode.TX_STATUS)
_TX_READ = int(BcmOpcode.TX_READ)
_TX_DELETE = int(BcmOpcode.TX_DELETE)
_NO_SUCH_TASK = frozenset({errno.EINVAL, errno.ENOTCONN, errno.ENODEV, errno.EBADF})


class KernelRun(Protocol):
    """A task that the kernel times."""

    is_counted: bool

    def expired(self) -> None:
        """All its frames were sent."""

    def trouble(self, code: int) -> None:
        """The interface went down (ENETDOWN) or is gone (another)."""


class BcmSender:
    """The tasks of one interface.

    Args:
        channel: name of the interface.

    Raises:
        OSError: no broadcast manager, or no such interface.

    Attributes:
        number: call it for the number of a new task; none is used twice.
        was_down: the interface went down since somebody last looked.
    """

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.was_down = False
        self._pid = os.getpid()
        self.number = itertools.count(1).__next__
        self._is_closed = self._is_asking = self._has_lost = False
        self._runs: dict[int, KernelRun] = {}
        self._socket = BcmSocket(channel, self)
        self._send = self._socket.send

    @property
    def is_gone(self) -> bool:
        """Whether the interface is gone, or the process forked: another sender is needed."""
        return self._socket.is_gone or os.getpid() != self._pid

    def is_reading_thread(self) -> bool:
        """Whether the caller is called by the thread that tells of the tasks."""
        return self._socket.is_reading_thread()

    def set_up(self, number: int, run: KernelRun, message: bytes) -> None:
        """Start or change a task.

        Raises:
            OSError: the kernel refuses it; the task is not there.
        """
        self._runs[number] = run
        try:
            self._send(message)
        except BaseException:
            self._runs.pop(number, None)
            raise

    def delete(self, number: int) -> None:
        """End a task, if it is there: no frame of it leaves after this."""
        self._runs.pop(number, None)
        if self._is_closed or os.getpid() != self._pid:
            return  # a forked child has the socket, too, but the tasks are its parent's
        message = encode_bcm(_TX_DELETE, number)
        try:
            if self.is_reading_thread():
                self._socket.send_from_reader(message)
            else:
                self._send(message)
        except OSError as exc:
            if exc.errno not in _NO_SUCH_TASK:
                raise

    def abandon(self) -> None:
        """Close it because another takes its place; its tasks are told that they have ended."""
        if os.getpid() == self._pid:
            self.trouble(errno.ENODEV)
        self.close()

    def close(self) -> None:
        """End all tasks, also where a forked child has the socket open, too."""
        for number in list(self._runs):
            self.delete(number)
        self._socket.close()
        self._is_closed = True

    def join(self) -> None:
        """Wait until the socket is closed."""
        self._socket.join()

    # -- what the socket tells, in its thread -----------------------------------------

    def message(self, data: bytes, ancillary: object, flags: int, channel: str) -> None:
        """A task has sent all its frames, or tells how many are left."""
        head, _ = decode_bcm(data)
        run = self._runs.get(head.can_id)
        if run is None:  # it was stopped meanwhile
            return
        if head.opcode == _TX_EXPIRED or (head.opcode == _TX_STATUS and not head.count):
            run.expired()

    def drained(self) -> None:
        """Nothing waits for that."""

    def lost(self, number: int) -> None:
        """The end of a task may be among what was lost: ask each that should come to one.

        Called while it asks, too: then it asks all once more, rather than within itself.
        """
        self._has_lost = True
        if self._is_asking:
            return
        self._is_asking = True
        try:
            while self._has_lost:
                self._has_lost = False
                self._ask_for_ends()
        finally:
            self._is_asking = False

    def _ask_for_ends(self) -> None:
        for task, run in list(self._runs.items()):
            if run.is_counted:
                try:
                    self._socket.send_from_reader(encode_bcm(_TX_READ, task))
                except OSError as exc:
                    if exc.errno not in _NO_SUCH_TASK:
                        raise
                self._socket.drain()  # one answer at a time: they need room, too

    def trouble(self, code: int) -> None:
        """The interface went down, or is gone: tell all tasks."""
        self.was_down = True
        runs = list(self._runs.values())
        if code == errno.ENETDOWN and runs:
            logger().warning(
                "%s is down: %d cyclic task(s) of it wait for the link to come up",
                self.channel,
                len(runs),
            )
        for run in runs:
            run.trouble(code)
