"""Opening a CAN_RAW socket: options, then filters, then bind, in the one order that is right.

A raw socket receives nothing until it is bound (net/can/raw.c, raw_bind), so a filter that
is installed before cannot be too late. Every option asked for must be granted.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from canbus.backends.socketcan import constants as c
from canbus.backends.socketcan.buffers import set_buffers
from canbus.backends.socketcan.os_errors import open_error, option_error
from canbus.codecs.can_filter import MAX_FILTERS, encode_can_filters
from canbus.codecs.canxl_frame import encode_vcid_options
from canbus.plugin import CanFilter, CanKernelSupportError, superset

NATIVE_64_BIT = struct.calcsize("l") == 8


class SocketOptions(NamedTuple):
    """What a socket shall be set up with.

    Attributes:
        filters: which frames the kernel shall deliver; None for all.
        join_filters: a frame must match all of them.
        receive_own_messages: also deliver what is sent through this socket.
        local_loopback: other sockets of this machine see what is sent through this one.
        fd: send and receive CAN FD frames.
        xl: send and receive CAN XL frames (and FD ones, as the kernel says).
        vcid: the virtual network to send to and receive from, with xl; None for all.
        error_mask: classes of error frames to deliver; bits of <linux/can/error.h>.
        hardware_stamps: deliver the device's time stamps, too.
        rcvbuf: bytes of the receive buffer; None for as much as is granted without rights.
        sndbuf: bytes of the send buffer; None leaves it.
        priority: of what is sent, for queueing disciplines (SO_PRIORITY); None leaves it.
        mark: of what is sent, for filters of the kernel (SO_MARK); None leaves it.
    """

    filters: Sequence[CanFilter] | None = None
    join_filters: bool = False
    receive_own_messages: bool = False
    local_loopback: bool = True
    fd: bool = False
    xl: bool = False
    vcid: int | None = None
    error_mask: int = c.CAN_ERR_MASK
    hardware_stamps: bool = False
    rcvbuf: int | None = None
    sndbuf: int | None = None
    priority: int | None = None
    mark: int | None = None


class RawSocket(socket.socket):
    """A socket that says before it closes: to who calls the C library with its number.

    Attributes:
        before_close: called, each once, while the number is still its own.
    """

    def __init__(self) -> None:
        super().__init__(c.AF_CAN, socket.SOCK_RAW | socket.SOCK_NONBLOCK, c.CAN_RAW)
        self.before_close: list[Callable[[], None]] = []

    def close(self) -> None:
        """Close it; may be called any number of times."""
        while self.before_close:
            self.before_close.pop()()
        super().close()


def open_raw_socket(channel: str, options: SocketOptions) -> RawSocket:
    """Open, set up and bind a socket; it does not block.

    Args:
        channel: name of the interface, "" for all.
        options: how to set it up.

    Raises:
        CanKernelSupportError: the kernel has no CAN.
        CanChannelNotFoundError: there is no such CAN interface.
        CanPermissionError: an option needs a right that this process has not.
        CanInitializationError: the kernel refuses something else; it says what.
    """
    shown = channel or "any CAN interface"
    if sys.platform != "linux":
        raise CanKernelSupportError(
            f"cannot open {shown}: CAN sockets exist on Linux only",
            hint="interface='virtual' works everywhere",
        )
    try:
        sock = RawSocket()
    except OSError as exc:
        raise open_error(exc, shown) from exc
    try:
        _set_options(sock, shown, options)
        set_buffers(sock, shown, options.rcvbuf, options.sndbuf)
        install_filters(sock, options.filters, shown)
        if options.join_filters:
            join_filters(sock, True, shown)
        try:
            sock.bind((channel,))
        except OSError as exc:
            raise open_error(exc, shown) from exc
    except BaseException:
        sock.close()
        raise
    return sock


def _set_options(sock: socket.socket, shown: str, wanted: SocketOptions) -> None:
    raw, sol = c.SOL_CAN_RAW, c.SOL_SOCKET
    settings: list[tuple[str, int, int, int | bytes]] = [
        ("local_loopback", raw, c.CAN_RAW_LOOPBACK, int(wanted.local_loopback)),
        ("receive_own_messages", raw, c.CAN_RAW_RECV_OWN_MSGS, int(wanted.receive_own_messages)),
        ("error frames", raw, c.CAN_RAW_ERR_FILTER, wanted.error_mask),
        ("the count of lost frames", sol, c.SO_RXQ_OVFL, 1),
        stamps_option(wanted.hardware_stamps),
    ]
    if wanted.fd or wanted.xl:
        settings.append(("fd", raw, c.CAN_RAW_FD_FRAMES, 1))
    if wanted.xl:
        settings.append(("xl", raw, c.CAN_RAW_XL_FRAMES, 1))
    if wanted.vcid is not None:
        one = encode_vcid_options(tx_vcid=wanted.vcid, rx_vcid=wanted.vcid)
        settings.append(("vcid", raw, c.CAN_RAW_XL_VCID_OPTS, one))
    if wanted.priority is not None:
        settings.append(("priority", sol, c.SO_PRIORITY, wanted.priority))
    if wanted.mark is not None:
        settings.append(("mark", sol, c.SO_MARK, wanted.mark))
    for name, level, number, value in settings:
        try:
            sock.setsockopt(level, number, value)
        except OSError as exc:
            raise option_error(exc, shown, name) from exc


def stamps_option(hardware: bool) -> tuple[str, int, int, int]:
    """The socket option for time stamps: its name for people, level, number and value."""
    if not hardware:
        kind = c.SO_TIMESTAMPNS_OLD if NATIVE_64_BIT else c.SO_TIMESTAMPNS_NEW
        return ("nanosecond time stamps", c.SOL_SOCKET, kind, 1)
    kind = c.SO_TIMESTAMPING_OLD if NATIVE_64_BIT else c.SO_TIMESTAMPING_NEW
    flags = (
        c.SOF_TIMESTAMPING_RX_HARDWARE
        | c.SOF_TIMESTAMPING_RX_SOFTWARE
        | c.SOF_TIMESTAMPING_SOFTWARE
        | c.SOF_TIMESTAMPING_RAW_HARDWARE
    )
    return ("timestamping", c.SOL_SOCKET, kind, flags)


def pass_all_vcids(sock: socket.socket) -> bool:
    """Send and receive CAN XL frames of every virtual network; False where the kernel cannot.

    Without it a kernel that knows them (6.12) clears the field when sending and drops
    frames that have it set when receiving (net/can/raw.c, raw_put_canxl_vcid, raw_rcv).
    """
    passing = encode_vcid_options(tx_pass=True, rx_vcid=0, rx_vcid_mask=0)
    try:
        sock.setsockopt(c.SOL_CAN_RAW, c.CAN_RAW_XL_VCID_OPTS, passing)
    except OSError as exc:
        if exc.errno != errno.ENOPROTOOPT:
            raise
        return False
    return True


def install_filters(sock: socket.socket, filters: Sequence[CanFilter] | None, shown: str) -> bool:
    """Give the kernel the filters, replacing those it has.

    The kernel has the new ones in force before it drops the old (net/can/raw.c,
    raw_setsockopt), so nothing is lost in between.

    Returns:
        True if the kernel now passes exactly what the filters pass; False if they are more
        than it takes, so that it passes a superset and each frame has to be looked at.
    """
    exact = filters is None or len(filters) <= MAX_FILTERS
    wanted = filters if exact or filters is None else (superset(filters),)
    try:
        sock.setsockopt(c.SOL_CAN_RAW, c.CAN_RAW_FILTER, encode_can_filters(wanted))
    except OSError as exc:
        raise option_error(exc, shown, "can_filters") from exc
    return exact


def join_filters(sock: socket.socket, joined: bool, shown: str) -> None:
    """Let a frame pass only if all filters match (CAN_RAW_JOIN_FILTERS), or if any does."""
    try:
        sock.setsockopt(c.SOL_CAN_RAW, c.CAN_RAW_JOIN_FILTERS, int(joined))
    except OSError as exc:
        raise option_error(exc, shown, "join_filters") from exc
