"""Which bus `canbus demo` runs on: the best that this machine offers, and why."""

from __future__ import annotations

import errno
import os
import socket
import sys
from contextlib import ExitStack
from typing import NamedTuple

from canbus import links
from canbus.errors import CanLinkError, CanLinkPermissionError, CanUnsupportedError

_VIRTUAL_CHANNEL = "demo"
_FD_MTU = 72  # sizeof(struct canfd_frame)


class DemoChannel(NamedTuple):
    """What to open, and one line that says so.

    Attributes:
        interface: name of the backend.
        channel: None for the backend's default.
        fd: whether CAN FD frames can be sent there.
        why: one line for people.
    """

    interface: str
    channel: str | None
    fd: bool
    why: str


def choose(interface: str | None, channel: str | None, stack: ExitStack) -> DemoChannel:
    """Choose the bus.

    Args:
        interface: the backend that the user named, or None.
        channel: the channel that the user named, or None.
        stack: removes a temporary link when it closes.

    Raises:
        CanError: what the user named cannot be had.
    """
    if channel is not None:
        return _named(interface or "socketcan", channel)
    if interface == "socketcan":
        return _temporary_vcan(stack)
    if interface is not None:
        return _named(interface, _VIRTUAL_CHANNEL if interface == "virtual" else None)
    problem = _kernel_problem()
    if problem is None:
        try:
            return _temporary_vcan(stack)
        except CanLinkPermissionError:
            problem = (
                "there is no right to create a vcan link: run as root, or name an existing "
                "link with --channel"
            )
        except (CanLinkError, CanUnsupportedError) as exc:
            problem = str(exc)
    return DemoChannel(
        "virtual",
        _VIRTUAL_CHANNEL,
        fd=True,
        why=f"demo on a virtual bus inside this process, because {problem}",
    )


def _temporary_vcan(stack: ExitStack) -> DemoChannel:
    link = stack.enter_context(links.temporary_vcan())
    why = f"demo on socketcan {link.name}, a virtual link of the kernel made for this run"
    return DemoChannel("socketcan", link.name, fd=True, why=why)


def _named(interface: str, channel: str | None) -> DemoChannel:
    from canbus.options import Capability
    from canbus.registry import get_spec

    if interface == "socketcan" and channel:
        fd = links.get_link(channel).mtu >= _FD_MTU
    else:
        fd = Capability.FD in get_spec(interface).capabilities
    where = interface if channel is None else f"{interface} {channel}"
    frames = "" if fd else "; it carries no CAN FD frames"
    return DemoChannel(interface, channel, fd, f"demo on {where}, as asked for{frames}")


def _kernel_problem() -> str | None:
    """Why this machine can have no vcan at all; None if it may."""
    family = getattr(socket, "AF_CAN", None)
    if family is None:
        return f"this Python on {sys.platform} has no CAN sockets"
    try:
        socket.socket(family, socket.SOCK_RAW, socket.CAN_RAW).close()
    except OSError as exc:
        number = exc.errno or 0
        name = errno.errorcode.get(number, str(number))
        if number == errno.EAFNOSUPPORT:
            return f"this kernel has no CAN (socket: {name})"
        return f"the kernel refuses a CAN socket (socket: {name}, {os.strerror(number)})"
    return None
