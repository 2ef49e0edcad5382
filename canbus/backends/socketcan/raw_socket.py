"""Opening a CAN_RAW socket: options, then filters, then bind, in the one order that is right.

A raw socket receives nothing until it is bound (net/can/raw.c, raw_bind), so a filter that
is installed before cannot be too late. Every option asked for must be granted.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Sequence

from canbus.backends.socketcan import constants as c
from canbus.backends.socketcan.os_errors import open_error, option_error
from canbus.codecs.can_filter import MAX_FILTERS, encode_can_filters
from canbus.plugin import CanFilter, CanKernelSupportError, superset

NATIVE_64_BIT = struct.calcsize("l") == 8


def open_raw_socket(
    channel: str,
    *,
    filters: Sequence[CanFilter] | None,
    receive_own_messages: bool,
    local_loopback: bool,
    fd: bool,
    error_frames: bool,
) -> socket.socket:
    """Open, set up and bind a socket; it does not block.

    Args:
        channel: name of the interface, "" for all.
        filters: which frames the kernel shall deliver.
        receive_own_messages: also deliver what is sent through this socket.
        local_loopback: other sockets of this machine see what is sent through this one.
        fd: send and receive CAN FD frames.
        error_frames: deliver error frames.

    Raises:
        CanKernelSupportError: the kernel has no CAN.
        CanChannelNotFoundError: there is no such CAN interface.
        CanInitializationError: the kernel refuses something else; it says what.
    """
    shown = channel or "any CAN interface"
    if sys.platform != "linux":
        raise CanKernelSupportError(
            f"cannot open {shown}: CAN sockets exist on Linux only",
            hint="interface='virtual' works everywhere",
        )
    try:
        sock = socket.socket(c.AF_CAN, socket.SOCK_RAW | socket.SOCK_NONBLOCK, c.CAN_RAW)
    except OSError as exc:
        raise open_error(exc, shown) from exc
    try:
        _set_options(sock, shown, receive_own_messages, local_loopback, fd, error_frames)
        install_filters(sock, filters, shown)
        try:
            sock.bind((channel,))
        except OSError as exc:
            raise open_error(exc, shown) from exc
    except BaseException:
        sock.close()
        raise
    return sock


def _set_options(
    sock: socket.socket,
    shown: str,
    receive_own_messages: bool,
    local_loopback: bool,
    fd: bool,
    error_frames: bool,
) -> None:
    stamp = c.SO_TIMESTAMPNS_OLD if NATIVE_64_BIT else c.SO_TIMESTAMPNS_NEW
    options = [
        ("local_loopback", c.SOL_CAN_RAW, c.CAN_RAW_LOOPBACK, int(local_loopback)),
        ("receive_own_messages", c.SOL_CAN_RAW, c.CAN_RAW_RECV_OWN_MSGS, int(receive_own_messages)),
        ("error frames", c.SOL_CAN_RAW, c.CAN_RAW_ERR_FILTER, c.CAN_ERR_MASK * error_frames),
        ("nanosecond time stamps", c.SOL_SOCKET, stamp, 1),
    ]
    if fd:
        options.append(("fd", c.SOL_CAN_RAW, c.CAN_RAW_FD_FRAMES, 1))
    for name, level, number, value in options:
        try:
            sock.setsockopt(level, number, value)
        except OSError as exc:
            raise option_error(exc, shown, name) from exc


def install_filters(sock: socket.socket, filters: Sequence[CanFilter] | None, shown: str) -> bool:
    """Give the kernel the filters, replacing those it has.

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
