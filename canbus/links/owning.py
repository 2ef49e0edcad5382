"""Whose a link is: a mark on one that was made to go with its last user; and its removal.

The mark is the link's alias, so that any program can tell. No pyroute2: what a bus does when
it closes has to work while the interpreter ends, which imports nothing then. Which links are
made and removed, and when, is decided elsewhere.
"""

from __future__ import annotations

import errno
import os

from canbus.codecs.link_attributes import IFF_UP, IFLA
from canbus.codecs.netlink import (
    decode_acknowledgement,
    encode_attribute,
    encode_link_change,
    encode_link_removal,
)
from canbus.link_info import LinkInfo
from canbus.links import route_socket


def mark_and_bring_up(link: LinkInfo, mark: str | None) -> None:
    """Put a mark on a link and bring it up, in one request, and in this order.

    Not when it is made: the kernel passes over the alias then (net/core/rtnetlink.c:
    rtnl_create_link has no IFLA_IFALIAS; do_setlink has, before the flags).

    Args:
        link: which.
        mark: what its alias shall be; "" for none, None for what it is.

    Raises:
        OSError: the kernel refuses; EPERM without CAP_NET_ADMIN.
    """
    attributes = b"" if mark is None else encode_attribute(IFLA.IFALIAS, mark.encode())
    _tell(encode_link_change(link.index, attributes, switch_on=IFF_UP))


def remove(link: LinkInfo) -> None:
    """Remove a link, by its index, lest it be another one of the same name; fine if it is gone.

    Raises:
        OSError: the kernel refuses; EPERM without CAP_NET_ADMIN.
    """
    try:
        _tell(encode_link_removal(link.index))
    except OSError as exc:
        if exc.errno != errno.ENODEV:
            raise


def _tell(request: bytes) -> None:
    with route_socket.RouteSocket() as asker:
        asker.send(request)
        code = decode_acknowledgement(asker.receive())
    if code:
        raise OSError(code, os.strerror(code))
