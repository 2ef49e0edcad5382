"""BcmSender: the cyclic tasks of one interface in the kernel, by their numbers.

A task's number stands where the kernel has a can_id: it is only the name of the task, the
frames have ids of their own (net/can/bcm.c, bcm_tx_setup). So two tasks may send the same id.
What a task is to do is bcm_task.py's.
"""

from __future__ import annotations

import errno
import itertools
from typing import Protocol

from canbus.backends.socketcan.bcm_operations import CAN_FD_FRAME, Ancillary, BcmOperations
from canbus.codecs.bcm import BcmOpcode, decode_bcm, encode_bcm
from canbus.logs import logger
from canbus.place import HERE, Place

_TX_EXPIRED = int(BcmOpcode.TX_EXPIRED)
_TX_STATUS = int(BcmOpcode.TX_STATUS)
_TX_READ = int(BcmOpcode.TX_READ)


class KernelRun(Protocol):
    """A task that the kernel times.

    Attributes:
        is_counted: it comes to an end by itself.
    """

    is_counted: bool

    def expired(self) -> None:
        """All its frames were sent."""

    def trouble(self, code: int) -> None:
        """The interface went down (ENETDOWN) or is gone (another)."""


class BcmSender(BcmOperations[KernelRun]):
    """The tasks of one interface.

    Attributes:
        number: call it for the number of a new task; none is used twice.
    """

    def __init__(self, channel: str, place: Place = HERE) -> None:
        self.number = itertools.count(1).__next__
        self._is_asking = self._has_lost = False
        super().__init__(channel, place, int(BcmOpcode.TX_DELETE))

    def message(self, data: bytes, ancillary: Ancillary, flags: int, channel: str) -> None:
        """A task has sent all its frames, or tells how many are left."""
        head, _ = decode_bcm(data)
        run = self._operations.get((head.can_id, head.flags & CAN_FD_FRAME))
        if run is None:  # it was stopped meanwhile
            return
        if head.opcode == _TX_EXPIRED or (head.opcode == _TX_STATUS and not head.count):
            run.expired()

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
        for key, run in list(self._operations.items()):
            if run.is_counted and key in self._operations:
                try:
                    self._tell(encode_bcm(_TX_READ, key[0], key[1]))
                except OSError as exc:
                    if exc.errno != errno.EINVAL:  # it ended meanwhile
                        return  # gone, and about to be told
                self._socket.drain()  # one answer at a time: they need room, too

    def trouble(self, code: int) -> None:
        """The interface went down, or is gone: tell all tasks."""
        number = len(self._operations)
        super().trouble(code)
        if code == errno.ENETDOWN and number:
            logger().warning(
                "%s is down, with %d cyclic task(s) on it: the kernel goes on when it is up again",
                self.channel,
                number,
            )
