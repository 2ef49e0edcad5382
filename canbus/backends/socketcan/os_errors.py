"""What each errno means on a CAN socket, and what to do about it: one table per action."""

from __future__ import annotations

import errno
import socket

from canbus.plugin import (
    CanChannelNotFoundError,
    CanConfigError,
    CanError,
    CanInitializationError,
    CanKernelSupportError,
    CanLinkDownError,
    CanMessageError,
    CanOperationError,
    CanPermissionError,
    CanTxQueueFullError,
    Message,
)

_Row = tuple[type[CanError], str, str | None]

_MAX_NAME = 15
_LIST = "`ip -details link show {0}` says what the interface takes"
_UP = "ip link set {0} up; where no bit rate is set yet: canbus up {0} --bitrate 500k"
_GONE = "plug the adapter in again and open a new bus; `ip link` lists what there is"

_RIGHTS = (
    "CAN sockets need no capability; something forbids them: a container's seccomp profile, "
    "SELinux, or a service's RestrictAddressFamilies= (add AF_CAN)"
)
_NO_CAN = (
    "modprobe can; where the kernel was built without it, use interface='virtual' "
    "(in a systemd service, RestrictAddressFamilies= may hide AF_CAN)"
)
_QUEUE = (
    "nobody may be acknowledging: check bitrate, wiring and termination; "
    "or the bus is busy: ip link set {0} txqueuelen 1000"
)

_SINCE = {
    "fd": "Linux 3.6 and later do",
    "join_filters": "Linux 4.1 and later do",
    "xl": "Linux 6.1 and later do",
    "vcid": "Linux 6.12 and later do",
}

_OPEN: dict[int, _Row] = {
    errno.EAFNOSUPPORT: (
        CanKernelSupportError,
        "this kernel has no CAN (AF_CAN)",
        _NO_CAN,
    ),
    errno.EPROTONOSUPPORT: (
        CanKernelSupportError,
        "this kernel has no raw CAN sockets (CAN_RAW)",
        "modprobe can_raw",
    ),
    errno.EPERM: (CanPermissionError, "not permitted", _RIGHTS),
    errno.EACCES: (CanPermissionError, "access denied", _RIGHTS),
    errno.EMFILE: (CanInitializationError, "too many open files", "raise `ulimit -n`"),
}

_RECEIVE: dict[int, _Row] = {
    errno.ENETDOWN: (CanLinkDownError, "the link is down", _UP),
    errno.ENODEV: (CanChannelNotFoundError, "the interface is gone", _GONE),
    errno.ENXIO: (CanChannelNotFoundError, "the interface is gone", _GONE),
}

_SEND: dict[int, _Row] = {
    **_RECEIVE,
    errno.ENOBUFS: (
        CanTxQueueFullError,
        "the transmit queue is full",
        _QUEUE,
    ),
    errno.EPERM: (CanChannelNotFoundError, "it is not a CAN interface", _LIST),
    errno.EMSGSIZE: (CanMessageError, "the frame is too long for this interface", _LIST),
}


def open_error(exc: OSError, channel: str) -> CanError:
    """The named error for a failure to open `channel`."""
    if exc.errno == errno.ENODEV:
        return _no_such_interface(exc, channel, "open")
    return _look_up(_OPEN, CanInitializationError, exc, f"cannot open {channel}", channel)


def option_error(exc: OSError, channel: str, option: str) -> CanError:
    """The named error for a socket option that was asked for and that the kernel refuses."""
    if exc.errno in {errno.EPERM, errno.EACCES}:
        return CanPermissionError(
            f"{channel}: {option} needs a right that this process has not",
            exc.errno,
            hint="give it CAP_NET_ADMIN, or run it as root",
        )
    if exc.errno in {errno.ENOPROTOOPT, errno.EOPNOTSUPP}:
        return CanKernelSupportError(
            f"{channel}: the kernel refuses {option}: it does not know it",
            exc.errno,
            hint=_SINCE.get(option, f"leave {option} out, or use a newer kernel"),
        )
    return CanInitializationError(
        f"{channel}: the kernel refuses {option}: {exc.strerror}",
        exc.errno,
        hint=f"leave {option} out, or use a newer kernel",
    )


def channel_name(channel: object) -> str:
    """Return what can be the name of an interface (IFNAMSIZ of <linux/if.h>), "" included.

    Raises:
        CanConfigError: a ValueError; it cannot.
    """
    if not isinstance(channel, str):
        problem = "it must be a string"
    elif len(channel.encode(errors="surrogatepass")) > _MAX_NAME:
        problem = f"it has more than {_MAX_NAME} characters"
    elif not channel.isprintable() or set(channel) & {"/", " "}:
        problem = "it has a character that no name can have"
    else:
        return channel
    raise CanConfigError(
        f"channel {channel!r} cannot be the name of an interface: {problem}",
        hint='for example "can0"; "" opens all interfaces',
    )


def receive_error(number: int, channel: str, action: str = "receive on") -> CanError:
    """The named error for a failure to receive on `channel`, or to read something about it."""
    exc = OSError(number, _text(number))
    return _look_up(_RECEIVE, CanOperationError, exc, f"cannot {action} {channel}", channel)


def send_error(exc: OSError, channel: str, msg: Message, *, is_open: bool) -> CanError:
    """The named error for a failure to send on `channel`.

    Args:
        exc: what the kernel said.
        channel: name of the interface.
        msg: the frame.
        is_open: the bus was opened on this interface, so that it was there.
    """
    if exc.errno in {errno.ENODEV, errno.ENXIO} and not is_open:
        return _no_such_interface(exc, channel, "send on")
    if exc.errno == errno.EINVAL and msg.is_xl:
        return CanMessageError(
            f"cannot send on {channel}: the link does not take CAN XL frames of this length",
            exc.errno,
            hint=f"only a controller for CAN XL does (a vcan: ip link set {channel} mtu 2060)",
        )
    if exc.errno == errno.EINVAL and msg.is_fd:
        return CanMessageError(
            f"cannot send on {channel}: the link does not take CAN FD frames",
            exc.errno,
            hint=f"ip link set {channel} type can bitrate 500000 dbitrate 2000000 fd on  "
            f"(a vcan: ip link set {channel} mtu 72)",
        )
    return _look_up(_SEND, CanOperationError, exc, f"cannot send on {channel}", channel)


def _look_up(
    table: dict[int, _Row], default: type[CanError], exc: OSError, what: str, channel: str
) -> CanError:
    number = exc.errno or 0
    kind, why, hint = table.get(number, (default, _text(number), None))
    name = errno.errorcode.get(number, str(number))
    return kind(f"{what}: {why} ({name})", number, hint=hint.format(channel) if hint else None)


def _text(number: int) -> str:
    import os

    return os.strerror(number)


def _exists(channel: str) -> bool:
    try:
        return any(name == channel for _, name in socket.if_nameindex())
    except OSError:  # no descriptor left to ask with; it only decides between two hints
        return False


def _no_such_interface(exc: OSError, channel: str, action: str) -> CanError:
    if _exists(channel):
        return CanChannelNotFoundError(
            f"cannot {action} {channel}: it is not a CAN interface (ENODEV)",
            exc.errno,
            hint="`ip link show type can; ip link show type vcan` lists those that are",
        )
    hint = f"plug the adapter in, or load its driver; then {_UP.format(channel)}"
    if channel.startswith("vcan"):
        hint = f"modprobe vcan; ip link add dev {channel} type vcan; ip link set {channel} up"
    elif channel.startswith("slcan"):
        hint = f"slcand -o -c -s6 /dev/ttyACM0 {channel}; ip link set {channel} up"
    return CanChannelNotFoundError(
        f"cannot {action} {channel}: there is no such interface (ENODEV)", exc.errno, hint=hint
    )
