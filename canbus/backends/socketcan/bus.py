"""SocketcanBus: a CAN socket as a bus. Reading a frame is receiver.py's, opening raw_socket.py's.

One system call for a frame that waits and one for a frame that is sent; poll() only when
there is nothing to read or no room to write, and never after a deadline.
"""

from __future__ import annotations

import errno
import struct
import threading
from collections.abc import Sequence
from time import monotonic_ns

from canbus.backends.socketcan import constants as c
from canbus.backends.socketcan.link_state import read_can_state
from canbus.backends.socketcan.os_errors import channel_name, open_error, receive_error, send_error
from canbus.backends.socketcan.raw_socket import install_filters, open_raw_socket
from canbus.backends.socketcan.receiver import Channels, make_reader
from canbus.codecs.can_filter import MAX_FILTERS
from canbus.codecs.can_frame import encode_can_frame
from canbus.frame_flags import FDF
from canbus.plugin import (
    BusABC,
    BusStatistics,
    CanChannelNotFoundError,
    CanConfigError,
    CanError,
    CanFilter,
    CanProtocol,
    CanState,
    Filters,
    Message,
    normalise,
)
from canbus.waiting import POLLIN, POLLOUT, Waiter, deadline_after
from canbus.warn import warn

# ENOBUFS: the queue of the device is full, which poll() cannot see; so look again after a
# while that grows. The default queue of 10 frames lasts 1.3 ms at 1 Mbit/s; poll() sleeps
# whole milliseconds.
_FIRST_PAUSE_NS = 1_000_000
_LONGEST_PAUSE_NS = 10_000_000
_FULL = (errno.ENOBUFS, errno.EAGAIN)


class SocketcanBus(BusABC):
    """A bus on a CAN network interface of the Linux kernel.

    Args:
        channel: name of the interface ("can0"); "" opens all of them, `msg.channel` then
            says where a frame came from, and where one that is sent shall go.
        can_filters: which frames the kernel delivers; in force before the first frame.
        receive_own_messages: also receive what this bus sends.
        local_loopback: other programs of this machine see what this bus sends.
        fd: send and receive CAN FD frames.
        ignore_rx_error_frames: do not receive the controller's error frames.
        bitrate: bit/s; not verified.
        data_bitrate: bit/s of the FD data phase; not verified.
        timing: not verified.

    Raises:
        CanKernelSupportError: the kernel has no CAN.
        CanChannelNotFoundError: there is no such CAN interface.
        CanConfigError: an argument makes no sense.
        CanInitializationError: the kernel refuses what was asked for; it says what.
    """

    def __init__(
        self,
        channel: str = "",
        can_filters: Filters | None = None,
        receive_own_messages: bool = False,
        local_loopback: bool = True,
        fd: bool = False,
        ignore_rx_error_frames: bool = False,
        bitrate: int | None = None,
        data_bitrate: int | None = None,
        timing: object = None,
    ) -> None:
        channel = channel_name(channel)
        if receive_own_messages and not local_loopback:
            raise CanConfigError(
                f"{channel}: receive_own_messages needs local_loopback",
                hint="own frames come back by the loopback; leave local_loopback=False out",
            )
        _warn_not_verified(bitrate=bitrate, data_bitrate=data_bitrate, timing=timing)
        filters = normalise(can_filters)
        self._channels = Channels(channel)
        self.channel_info = f"socketcan {self._channels.shown}"
        self.socket = open_raw_socket(
            channel,
            filters=filters,
            receive_own_messages=receive_own_messages,
            local_loopback=local_loopback,
            fd=fd,
            error_frames=not ignore_rx_error_frames,
        )
        self._read_lock = threading.RLock()
        self._write_lock = threading.RLock()
        self._gone: CanError | None = None
        self._write = self.socket.send
        try:
            self._read = make_reader(self.socket, self._channels)
            self._waiter = Waiter(self.socket.fileno(), self._release)
        except BaseException as exc:
            self.socket.close()
            if isinstance(exc, OSError):
                raise open_error(exc, self._channels.shown) from exc
            raise
        super().__init__(
            channel,
            filters,
            protocol=CanProtocol.CAN_FD if fd else CanProtocol.CAN_20,
            already_filtered=filters is None or len(filters) <= MAX_FILTERS,
        )

    # -- receiving --------------------------------------------------------------------

    def _recv_frame(self, timeout: float | None) -> Message | None:
        if timeout != 0:
            return self._wait_for_frame(deadline_after(timeout))
        try:
            with self._read_lock:  # the reader has one arena
                if self._is_shutdown:
                    raise self._closed()
                if self._gone is not None:
                    raise self._gone.with_traceback(None)
                return self._read()
        except CanError as exc:  # not within the lock: the waiter has one of its own
            raise self._read_failed(exc) from exc.__cause__

    def _read_failed(self, exc: CanError) -> CanError:
        if self._is_shutdown:  # a signal handler closed the socket under the reader
            return self._closed()
        if isinstance(exc, CanChannelNotFoundError) and self._gone is None:
            # The kernel tells this once, and nothing ever after (net/can/raw.c, raw_notify).
            self._gone = exc
            self._waiter.wake()
        return exc

    def _wait_for_frame(self, deadline_ns: int | None) -> Message | None:
        while self._waiter.wait(POLLIN, deadline_ns):
            msg = self._recv_frame(0)
            if msg is not None:
                return msg
            # Another thread was faster; look at the clock before waiting again.
            if deadline_ns is not None and monotonic_ns() >= deadline_ns:
                return None
        return None

    def fileno(self) -> int:
        """The socket's descriptor: readable whenever a frame waits."""
        if self._is_shutdown:
            raise self._closed()
        return self.socket.fileno()

    def _apply_filters(self, filters: Sequence[CanFilter] | None) -> bool:
        try:
            install_filters(self.socket, filters, self._channels.shown)
        except CanError:
            if self._is_shutdown:
                raise self._closed() from None
            raise
        # Frames queued under the old filters are still to come, so each is looked at.
        return False

    # -- sending ----------------------------------------------------------------------

    def _send_frame(self, msg: Message, timeout: float | None) -> None:
        frame = encode_can_frame(msg)
        try:
            self._put(frame, msg)
        except OSError as exc:
            self._send_when_room(msg, frame, timeout, exc)

    def _put(self, frame: bytes, msg: Message) -> None:
        # The lock keeps the socket from being closed, and its number from being reused,
        # between here and the system call. It is never held for long: nothing blocks.
        with self._write_lock:
            if self._channels.fixed:
                self._write(frame)
            else:
                self.socket.sendto(frame, (self._target(msg),))

    def _target(self, msg: Message) -> str:
        """Where a frame goes on a bus that serves all interfaces."""
        if isinstance(msg.channel, str) and msg.channel:
            return channel_name(msg.channel)
        raise CanConfigError(
            "cannot send: this bus serves all interfaces and the frame does not say which",
            hint='set msg.channel = "can0"',
        )

    def _send_failed(self, exc: OSError, msg: Message) -> Exception:
        if self._is_shutdown:
            return self._closed()
        fixed = self._channels.fixed
        is_fd = bool(msg._flags & FDF)
        return send_error(exc, fixed or str(msg.channel), is_fd=is_fd, is_open=fixed is not None)

    def _send_when_room(
        self, msg: Message, frame: bytes, timeout: float | None, refusal: OSError
    ) -> None:
        """Try again until the kernel takes the frame or the deadline has passed."""
        deadline_ns = deadline_after(timeout)
        pause_ns = _FIRST_PAUSE_NS
        while True:
            if self._is_shutdown or refusal.errno not in _FULL:
                raise self._send_failed(refusal, msg) from refusal
            if deadline_ns is not None and monotonic_ns() >= deadline_ns:
                raise self._send_failed(OSError(errno.ENOBUFS, ""), msg) from refusal
            if refusal.errno == errno.EAGAIN:  # the socket's own buffer: poll() sees that
                self._waiter.wait(POLLOUT, deadline_ns)
            else:
                end_ns = monotonic_ns() + pause_ns
                self._waiter.wait(0, end_ns if deadline_ns is None else min(end_ns, deadline_ns))
                pause_ns = min(2 * pause_ns, _LONGEST_PAUSE_NS)
            try:
                self._put(frame, msg)
            except OSError as again:
                refusal = again
            else:
                return

    # -- state and lifetime -----------------------------------------------------------

    @property
    def can_state(self) -> CanState | None:
        """The controller's state as the kernel knows it, asked for now.

        None for an interface without a controller (vcan), and for a bus on all interfaces.

        Raises:
            CanChannelNotFoundError: the interface is gone.
        """
        self._check_open()
        if self._channels.fixed is None:
            return None
        try:
            return read_can_state(self._channels.fixed)
        except OSError as exc:
            raise receive_error(exc.errno or 0, self._channels.shown, "ask the state of") from exc

    def _read_statistics(self) -> BusStatistics:
        try:
            counters = self.socket.getsockopt(c.SOL_SOCKET, c.SO_MEMINFO, 4 * c.SK_MEMINFO_VARS)
        except OSError as exc:
            if self._is_shutdown:
                raise self._closed() from None
            raise receive_error(exc.errno or 0, self._channels.shown, "count on") from exc
        drops = struct.unpack(f"={c.SK_MEMINFO_VARS}I", counters)[c.SK_MEMINFO_DROPS]
        return BusStatistics(rx_dropped=drops)

    def _close(self) -> None:
        self._waiter.close()

    def _release(self) -> None:
        """Close the socket; called by the waiter when nobody waits on it any more."""
        with self._read_lock, self._write_lock:
            self.socket.close()


def _warn_not_verified(**settings: object) -> None:
    given = [f"{name}={value!r}" for name, value in settings.items() if value is not None]
    if given:
        warn(
            f"{', '.join(given)} not verified: the link is used as it is set up "
            "(ip -details link show says how)",
        )
