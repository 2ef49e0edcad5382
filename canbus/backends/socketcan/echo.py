"""EchoWatch: a private socket that sees when a frame of ours has been sent.

The kernel gives a sent frame back to every other socket of the machine when the driver says
that it left. Ours is told from an equal one of another program by a mark in the reserved byte
of struct can_frame (`__res0` of <linux/can.h>), which the kernel carries along and no wire
does. The user's socket, its filters and its descriptor have no part in this.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic_ns, time_ns

from canbus.backends.socketcan import constants as c
from canbus.backends.socketcan.arrivals import Arrivals
from canbus.backends.socketcan.channels import Channels
from canbus.backends.socketcan.os_errors import open_error, receive_error
from canbus.backends.socketcan.plain_reader import CANXL_MTU
from canbus.backends.socketcan.raw_socket import SocketOptions, install_filters, open_raw_socket
from canbus.filters import NOTHING
from canbus.frame_flags import EFF, RTR
from canbus.plugin import (
    POLLIN,
    CanChannelNotFoundError,
    CanError,
    CanFilter,
    CanLinkDownError,
    Message,
    Waiter,
)

_CONTROL_SPACE = 128
_MARK_AT = 6  # __res0, in struct can_frame and canfd_frame alike; CAN XL has none
_XL_FLAGS_AT, _XLF = 4, 0x80


class EchoWatch:
    """Watches for the echo of one frame at a time; the caller locks.

    Attributes:
        is_lost: the controller was reset since the frame was sent, so it may never come.

    Args:
        channels: the interface.
        fd: CAN FD frames may be sent.
        xl: CAN XL frames may be sent.
        hardware_stamps: take the device's stamps where there are any.
        closed: the error for who waits when it is closed.
    """

    def __init__(
        self,
        channels: Channels,
        closed: Callable[[], CanError],
        *,
        fd: bool,
        xl: bool,
        hardware_stamps: bool,
    ) -> None:
        self._channels = channels
        options = SocketOptions(
            filters=NOTHING,
            fd=fd,
            xl=xl,
            error_mask=c.CAN_ERR_BUSOFF | c.CAN_ERR_RESTARTED,
            hardware_stamps=hardware_stamps,
        )
        with channels.place.entered():
            self._socket = open_raw_socket(channels.fixed or "", options)
        self._arrivals = Arrivals()
        self._lock = threading.RLock()
        self._is_closed = False
        self._closed = closed
        try:
            self._waiter = Waiter(self._socket.fileno(), self._release)
        except BaseException as exc:
            self._socket.close()
            if isinstance(exc, OSError):
                raise open_error(exc, channels.shown) from exc
            raise
        self._mark = os.urandom(1)[0]
        self._expected: bytes | None = None
        self.is_lost = False

    def marked(self, frame: bytes) -> bytes:
        """The frame with a mark of its own."""
        if frame[_XL_FLAGS_AT] & _XLF:
            return frame
        self._mark = self._mark % 255 + 1
        return frame[:_MARK_AT] + bytes((self._mark,)) + frame[_MARK_AT + 1 :]

    def expect(self, frame: bytes, msg: Message) -> None:
        """From now on look out for this frame, and forget what was before."""
        wide = bool(msg._flags & EFF)
        exact = CanFilter(
            msg.arbitration_id,
            0x1FFFFFFF if wide else 0x7FF,
            extended=wide,
            remote=bool(msg._flags & RTR),
        )
        try:
            install_filters(self._socket, (exact,), self._channels.shown)
        except CanError:
            if self._is_closed:
                raise self._closed() from None
            raise
        self._expected = None
        with suppress(CanLinkDownError, CanChannelNotFoundError):
            # Of before this frame; whether it still is so, handing over will say.
            while self._read() is not None:
                pass
        self._expected = frame
        self.is_lost = False

    def wait(self, deadline_ns: int | None) -> Message | None:
        """The echo, or None if it has not come by then.

        Raises:
            CanLinkDownError: the link went down, and the frame with it.
            CanChannelNotFoundError: the interface is gone.
        """
        while True:
            echo = self._look()
            if echo is not None:
                return echo
            if deadline_ns is not None and monotonic_ns() >= deadline_ns:
                return None
            if not self._waiter.wait(POLLIN, deadline_ns):
                return self._look()

    def _look(self) -> Message | None:
        while (found := self._read()) is not None:
            frame, msg = found
            if frame == self._expected:
                return msg
            # Bus-off and restart throw away what the controller had (can_flush_echo_skb).
            self.is_lost = self.is_lost or msg.is_error_frame
        return None

    def _read(self) -> tuple[bytes, Message] | None:
        """The next frame that waits."""
        try:
            with self._lock:  # which closing takes, too
                if self._is_closed:
                    raise self._closed()
                frame, control, flags, _ = self._socket.recvmsg(
                    CANXL_MTU, _CONTROL_SPACE, c.MSG_DONTWAIT
                )
        except BlockingIOError:
            return None
        except OSError as exc:
            raise receive_error(
                exc.errno or 0, self._channels.shown, "wait for the echo on"
            ) from exc
        name = self._channels.shown
        msg = self._arrivals.message(frame, control, flags, name, time_ns())
        return (frame, msg) if msg is not None else self._read()

    def close(self) -> None:
        """Close the socket; whoever waits gets the error for that."""
        self._is_closed = True
        self._waiter.close()

    def _release(self) -> None:
        with self._lock:
            self._socket.close()
