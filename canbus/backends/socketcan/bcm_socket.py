"""BcmSocket: a socket of the kernel's broadcast manager, and the thread that reads from it.

It knows messages as bytes and hands them on; what they ask and tell is for who opens it
(bcm_sender.py). All tasks of the socket end when it is closed, in whatever way (net/can/bcm.c,
bcm_release).
"""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import threading
from collections import deque
from time import sleep
from typing import Protocol

from canbus import thread_ends, thread_errors
from canbus.backends.socketcan import constants as c
from canbus.backends.socketcan.buffers import set_buffers
from canbus.backends.socketcan.link_watch import IFF_UP, LINK_ERRORS, SIOCGIFFLAGS, WITH_FLAGS
from canbus.backends.socketcan.raw_socket import stamps_option
from canbus.place import HERE, Place

_LONGEST = 1 << 15  # bytes; a message with 257 CAN FD frames has 18,560
_ANCILLARY = 256
_LOOK_EVERY = 4096  # messages
_INSTANT = 1e-4  # seconds
_MOMENT = 0.5


class BcmReader(Protocol):
    """Who is told what the socket receives, by its thread, which must not be kept waiting."""

    def message(
        self, data: bytes, ancillary: list[tuple[int, int, bytes]], flags: int, channel: str
    ) -> None:
        """A message came: data, control messages, MSG_ flags, interface it is about."""

    def lost(self, number: int) -> None:
        """So many messages found the receive buffer full since the last call."""

    def draining(self) -> None:
        """All that waits is about to be handed on; also said after each `wake`."""

    def drained(self) -> None:
        """It was handed on."""

    def trouble(self, code: int) -> None:
        """The interface went down (ENETDOWN), or is gone (another): then nothing comes any more."""


class BcmSocket:
    """An open socket on one interface.

    Args:
        channel: name of the interface.
        reader: is told what comes.
        place: where the interface is.

    Raises:
        OSError: the kernel has no broadcast manager, or there is no such interface.

    Attributes:
        is_gone: the interface is gone; nothing can be done with the socket any more.
    """

    def __init__(self, channel: str, reader: BcmReader, place: Place = HERE) -> None:
        from fcntl import ioctl  # not on every system that may import this file

        self._reader = reader
        self._drops = 0
        self._lock = threading.RLock()
        self._is_closing = self._is_ending = False
        self.is_gone = False
        self._waiting: deque[threading.Lock] = deque()
        self._request = WITH_FLAGS.pack(channel.encode(), 0)
        self._ioctl = ioctl
        self._is_read_out = False  # of which is_gone says nothing: a sender may notice it first
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
        self._socket = place.socket(c.AF_CAN, kind, c.CAN_BCM)
        try:
            self._socket.setsockopt(*stamps_option(hardware=False)[1:])
            set_buffers(self._socket, channel, None, None)
            self._socket.connect((channel,))
            self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        except BaseException:
            self._socket.close()
            raise
        self._thread = threading.Thread(
            target=self._read_all, name=f"canbus bcm {channel}", daemon=True
        )
        try:
            self._thread.start()
        except BaseException:
            self._release()
            raise

    def send(self, message: bytes) -> None:
        """Hand a message to the kernel; it is done when this returns.

        Raises:
            OSError: the kernel refuses it, or the socket is closed.
        """
        with self._lock:  # so that nobody closes it meanwhile
            if self._is_closing:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            try:
                self._socket.send(message)
            except OSError as exc:
                if exc.errno == errno.ENOTCONN:  # gone before anybody was told (bcm_sendmsg)
                    self.is_gone = True
                raise

    def send_from_reader(self, message: bytes) -> None:
        """`send` for the reader, in its own thread: it closes the socket, and takes no lock."""
        self._socket.send(message)

    def is_reading_thread(self) -> bool:
        """Whether the caller is called by the reading thread."""
        return threading.current_thread() is self._thread

    def catch_up(self) -> None:
        """Wait until all that the kernel had said by now was handed on; at most a moment."""
        if self.is_reading_thread() or not thread_ends.is_alive(self._thread):
            return
        done = threading.Lock()
        done.acquire()
        self._waiting.append(done)
        self.wake()
        done.acquire(timeout=_MOMENT)

    def wake(self) -> None:
        """Have the reader told that all is handed on, though nothing may come."""
        if self.is_reading_thread():  # takes no lock: who has it may wait for this thread
            os.eventfd_write(self._wake, 1)
            return
        with self._lock:
            if not self._is_closing and thread_ends.is_alive(self._thread):
                os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """Close it, and with it all that the kernel does for it; not waited for."""
        if not thread_ends.is_alive(self._thread):
            # Ended by an error; or in a forked child, maybe with the lock.
            self._is_closing = True
            self._release()
            return
        with self._lock:
            if self._is_closing:
                return
            self._is_ending = True
            os.eventfd_write(self._wake, 1)  # afterwards the number may be another's
            self._is_closing = True

    def join(self, seconds: float) -> None:
        """Wait (so long at most) until it is closed, unless its own thread asks."""
        if thread_ends.is_alive(self._thread) and not self.is_reading_thread():
            thread_ends.join(self._thread, seconds)

    # -- the reading thread -----------------------------------------------------------

    def _read_all(self) -> None:
        try:
            poller = select.poll()
            poller.register(self._socket, select.POLLIN)
            poller.register(self._wake, select.POLLIN)
            while self._is_open():
                events = poller.poll()
                if any(fd == self._wake for fd, _ in events):
                    os.eventfd_read(self._wake)  # before the look at what there is
                while self._is_ending and not self._is_closing:
                    sleep(_INSTANT)  # who closes it has not left `_wake` alone yet
                try:
                    self._hand_on(poller)
                except Exception:  # noqa: BLE001 - reported; what else there is goes on
                    thread_errors.report()
        finally:
            self._leave()

    def _leave(self) -> None:
        """The thread ends: because it is to, or by an error that nothing should have raised."""
        is_wanted, self._is_closing = self._is_closing, True
        self.is_gone = True
        try:
            if not is_wanted:
                self._reader.trouble(errno.ENODEV)
        finally:
            while self._waiting:
                self._waiting.popleft().release()
            self._release()

    def renew_lock(self) -> None:
        """In a forked child: who held the lock is not here to give it back."""
        self._lock = threading.RLock()

    def is_up(self) -> bool:
        """Whether the interface is up, asked for now: the thread may not have been told yet."""
        try:
            _, flags = WITH_FLAGS.unpack(self._ioctl(self._socket, SIOCGIFFLAGS, self._request))
        except (OSError, ValueError):  # gone, or closed
            return False
        return bool(flags & IFF_UP)

    def _hand_on(self, poller: select.poll) -> None:
        """All that waits, and tell those who wait for that."""
        waiting = []
        while self._waiting:  # who comes later waits for the next time
            waiting.append(self._waiting.popleft())
        self._reader.draining()
        if not self._is_read_out:
            self.drain()
            self._leave_out_if_read(poller)
        self._reader.drained()
        for done in waiting:
            done.release()

    def _leave_out_if_read(self, poller: select.poll) -> None:
        if self._is_read_out:  # else it is readable for ever
            poller.unregister(self._socket)

    def drain(self) -> None:
        """Hand on all that waits, and count what was lost. In the reading thread only.

        The kernel tells an error before the messages that waited when it came
        (net/core/datagram.c, __skb_recv_datagram); here it is told after them.
        """
        receive, message = self._socket.recvmsg, self._reader.message
        troubles: list[int] = []
        taken = 0
        while self._is_open():
            try:
                data, ancillary, flags, address = receive(_LONGEST, _ANCILLARY)
            except BlockingIOError:
                break
            except OSError as exc:
                troubles.append(exc.errno or errno.EIO)
                self._note(troubles[-1])
                if exc.errno not in LINK_ERRORS:
                    break
            else:
                message(data, ancillary, flags, address[0])
                taken += 1
                if not taken % _LOOK_EVERY:
                    self._count_losses()  # a slow reader may never come to the end
        self._count_losses()
        for code in troubles:
            if self._is_open():
                self._reader.trouble(code)

    def _note(self, code: int) -> None:
        if code != errno.ENETDOWN:
            self.is_gone = self._is_read_out = True

    def _is_open(self) -> bool:
        return not self._is_closing

    def _count_losses(self) -> None:
        if not self._is_open():
            return
        sizes = self._socket.getsockopt(c.SOL_SOCKET, c.SO_MEMINFO, 4 * c.SK_MEMINFO_VARS)
        drops = struct.unpack(f"={c.SK_MEMINFO_VARS}I", sizes)[c.SK_MEMINFO_DROPS]
        if drops != self._drops:
            lost, self._drops = drops - self._drops, drops
            self._reader.lost(lost)

    def _release(self) -> None:
        self._socket.close()
        wake, self._wake = self._wake, -1
        if wake >= 0:
            os.close(wake)
