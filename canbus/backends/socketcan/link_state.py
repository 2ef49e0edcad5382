"""Asking the kernel for a controller's state, through a plain netlink socket. Changes nothing."""

from __future__ import annotations

import errno
import socket

from canbus.codecs.link_state import decode_can_state, decode_controller_status
from canbus.codecs.netlink import encode_link_request
from canbus.controller_status import ControllerStatus
from canbus.plugin import CanState

_ANSWER_SIZE = 65536  # one message about one link is a few kilobytes


def read_can_state(channel: str) -> CanState | None:
    """The state of the controller behind an interface; None if it has none (vcan).

    Raises:
        OSError: there is no such interface, or the kernel does not answer.
        CanProtocolError: a ValueError; the answer makes no sense.
    """
    return decode_can_state(_ask(channel))


def read_controller_status(channel: str) -> ControllerStatus:
    """State, error counters and event counts of the controller, and losses of the link.

    Raises:
        OSError: there is no such interface, or the kernel does not answer.
        CanProtocolError: a ValueError; the answer makes no sense.
    """
    return decode_controller_status(_ask(channel))


def _ask(channel: str) -> bytes:
    try:
        index = socket.if_nametoindex(channel)
    except OSError as exc:  # which has no errno
        raise OSError(errno.ENODEV, f"no interface {channel}") from exc
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as asker:
        asker.send(encode_link_request(index))
        return asker.recv(_ANSWER_SIZE)
