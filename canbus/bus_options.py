"""The options of the built-in backends, for type checkers. The tables of the backends say the same.

Nothing here is looked at when a bus is opened (tests compare this file with the tables).
"""

from __future__ import annotations

from typing import Any, TypedDict

from canbus.filters import Filters
from canbus.state import BusState, CanProtocol


class AnyOptions(TypedDict, total=False):
    """What every backend takes."""

    can_filters: Filters | None
    single_handle: bool


class CommonOptions(AnyOptions, total=False):
    """What a backend takes if it can fulfil it."""

    receive_own_messages: bool
    fd: bool
    bitrate: int | None
    data_bitrate: int | None
    timing: Any
    state: BusState | str


class SocketcanOptions(AnyOptions, total=False):
    """Of `socketcan`."""

    receive_own_messages: bool
    fd: bool
    bitrate: int | None
    data_bitrate: int | None
    timing: Any
    sample_point: float | None
    data_sample_point: float | None
    configure: bool
    listen_only: bool | None
    restart_ms: int | None
    local_loopback: bool
    ignore_rx_error_frames: bool
    error_mask: int | None
    join_filters: bool
    xl: bool
    vcid: int | None
    timestamping: str
    on_loss: str
    rcvbuf: int | None
    sndbuf: int | None
    priority: int | None
    mark: int | None
    netns: str | int | None


class VcanOptions(SocketcanOptions, total=False):
    """Of `vcan`."""

    persist: bool


class SlcanOptions(AnyOptions, total=False):
    """Of `slcan`."""

    fd: bool
    bitrate: int | None
    data_bitrate: int | None
    timing: Any
    bitrate_code: str | None
    btr: str | None
    dialect: str
    exclusive: bool
    handshake: str
    listen_only: bool
    loopback: bool
    rtscts: bool
    sleep_after_open: float
    state: BusState | str
    timeout: float | None
    timestamping: str
    ttyBaudrate: int | None
    tty_baudrate: int | None
    window: int | None


class VirtualOptions(AnyOptions, total=False):
    """Of `virtual`."""

    receive_own_messages: bool
    fd: bool
    protocol: CanProtocol
    preserve_timestamps: bool
    rx_queue_size: int
