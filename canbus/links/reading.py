"""Reading links: what the kernel says about CAN interfaces, through a plain netlink socket.

Nothing is changed here, and pyroute2 is not needed. Works without any right, and inside a
running event loop: the kernel answers in microseconds, at once.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from canbus.codecs.link_dump import LinkDump
from canbus.codecs.link_info import decode_link_info, encode_link_query
from canbus.codecs.netlink import encode_link_dump
from canbus.errors import CanLinkError, CanLinkNotFoundError, CanUnsupportedError
from canbus.link_info import LinkInfo
from canbus.links import route_socket
from canbus.links.device import read_device

_ATTEMPTS = 20
"""So often links are listed while they change meanwhile: a storm of changes, or a fault."""


def read_links() -> list[LinkInfo]:
    """The CAN interfaces of this network namespace, by their index.

    Raises:
        CanUnsupportedError: not Linux.
        CanLinkError: the kernel does not answer, or not without changes meanwhile.
        CanProtocolError: a ValueError; an answer makes no sense.
    """
    return [_with_device(link) for link in read_bare_links()]


def read_bare_links() -> list[LinkInfo]:
    """As `read_links`, without `device`: what takes no look at sysfs."""
    with asking("list CAN interfaces"):
        return sorted(_list(), key=lambda link: link.index)


def read_link(name: str) -> LinkInfo:
    """The CAN interface of that name.

    Raises:
        CanUnsupportedError: not Linux.
        CanLinkNotFoundError: a LookupError; there is no interface of that name.
        CanLinkError: it is not a CAN interface, or the kernel does not answer.
        CanProtocolError: a ValueError; the answer makes no sense.
    """
    with asking(f"read {name}", name), route_socket.RouteSocket() as asker:
        asker.send(encode_link_query(name))
        link = decode_link_info(asker.receive())
    if link is None:
        raise CanLinkError(
            f"{name} is not a CAN interface: it is left alone",
            hint="`canbus list` shows the CAN interfaces",
        )
    return _with_device(link)


def _list() -> list[LinkInfo]:
    for attempt in range(_ATTEMPTS):
        try:
            dump = _dump(attempt + 1)
        except OSError as exc:
            if exc.errno != errno.ENOBUFS:
                raise
            continue
        if not dump.was_interrupted:
            return dump.links
    raise CanLinkError(
        f"cannot list CAN interfaces: in {_ATTEMPTS} attempts they changed meanwhile",
        errno.EAGAIN,
        hint="try again; `ip monitor link` shows what changes",
    )


def _dump(sequence: int) -> LinkDump:
    """Ask for all once, on a socket of its own: answers left in another one do not disturb."""
    dump = LinkDump(sequence)
    with route_socket.RouteSocket() as asker:
        asker.send(encode_link_dump(sequence))
        while not dump.is_done:
            dump.feed(asker.receive())
    return dump


def _with_device(link: LinkInfo) -> LinkInfo:
    device = read_device(link.name, index=link.index)
    return link if device is None else replace(link, device=device)


@contextmanager
def asking(action: str, name: str = "") -> Iterator[None]:
    """Turn what the operating system says into the errors of this room.

    Args:
        action: "list CAN interfaces".
        name: of the interface that is asked for.
    """
    if not sys.platform.startswith("linux"):
        raise CanUnsupportedError(
            f"CAN network interfaces exist on Linux only, not on {sys.platform}",
            hint="interface='virtual' works everywhere",
        )
    try:
        yield
    except OSError as exc:
        raise _error(f"cannot {action}", name, exc) from exc


def _error(what: str, name: str, exc: OSError) -> CanLinkError:
    code = exc.errno
    if code == errno.ENODEV:
        return CanLinkNotFoundError(
            f"{what}: there is no interface {name}",
            code,
            hint="`ip link show type can` and `ip link show type vcan` list them",
        )
    if code in {errno.EPERM, errno.EACCES, errno.EAFNOSUPPORT}:
        return CanLinkError(
            f"{what}: this process may not use netlink sockets: {os.strerror(code)}",
            code,
            hint="a filter of system calls forbids AF_NETLINK: RestrictAddressFamilies= of a "
            "systemd unit, or the profile of a container",
        )
    if code is None:
        return CanLinkError(f"{what}: the kernel does not answer: {exc}")
    return CanLinkError(f"{what}: {os.strerror(code)}", code)
