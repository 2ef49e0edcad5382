"""CAN network interfaces of this machine: list, create, remove, bring up and down.

The public functions and their policy (what may be touched, what already being there means).
No netlink here (netlink.py) and no opening of channels: this room is below the bus.
Linux only; elsewhere every function raises CanUnsupportedError.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from canbus.errors import CanLinkError, CanLinkNotFoundError
from canbus.link_info import CAN_MTU, CANFD_MTU, CANXL_MTU, LinkInfo
from canbus.links import modules, netlink
from canbus.links.names import check_name

__all__ = [
    "LinkInfo",
    "create_vcan",
    "delete_link",
    "get_link",
    "list_links",
    "restart_link",
    "set_down",
    "set_up",
    "temporary_vcan",
]


def list_links() -> list[LinkInfo]:
    """List the CAN interfaces of this machine; other interfaces are left out.

    Raises:
        CanUnsupportedError: not Linux, or pyroute2 is missing.
        CanLinkError: the kernel refused; it says why.
    """
    return netlink.read_links()


def get_link(name: str) -> LinkInfo:
    """Return what the kernel says about one CAN interface.

    Raises:
        CanLinkNotFoundError: a LookupError; there is no interface of that name.
        CanLinkError: it is not a CAN interface, or the name cannot be one's.
        CanUnsupportedError: not Linux, or pyroute2 is missing.
    """
    return netlink.read_link(check_name(name))


def create_vcan(
    name: str,
    *,
    fd: bool = True,
    xl: bool = False,
    up: bool = True,
    exist_ok: bool = False,
    alias: str | None = None,
) -> LinkInfo:
    """Create a virtual CAN interface; needs CAP_NET_ADMIN.

    Where the kernel does not know the kind `vcan`, its module is loaded first, if this
    process may do that.

    Args:
        name: 1 to 15 characters.
        fd: carry CAN FD frames (MTU 72) rather than classic ones only (MTU 16).
        xl: carry CAN XL frames, too (MTU 2060; kernel 6.1).
        up: bring it up, too.
        exist_ok: accept a vcan of that name which is there already and fits `fd`; it is
            brought up if `up` asks for that, but never brought down or changed otherwise.
        alias: a text to put on a link that is made (`ip -details link show` shows it).

    Returns:
        The interface as it is now.

    Raises:
        CanLinkPermissionError: a PermissionError; no CAP_NET_ADMIN.
        CanLinkError: the name is taken, the existing link is of another kind or MTU, or
            this kernel has no vcan.
        CanUnsupportedError: not Linux, or pyroute2 is missing.
    """
    check_name(name)
    if exist_ok:
        try:  # first, because an unprivileged process may look, but not try to create
            return _accept(netlink.read_link(name), fd=fd, xl=xl, up=up)
        except CanLinkNotFoundError:
            pass
    try:
        _add_vcan(name, mtu=_mtu(fd, xl), up=up, alias=alias)
    except CanLinkError as exc:
        if not (exist_ok and exc.error_code == errno.EEXIST):
            raise
        # somebody else was faster
        return _accept(netlink.read_link(name), fd=fd, xl=xl, up=up)
    return netlink.read_link(name)


def _mtu(fd: bool, xl: bool) -> int:
    if xl:
        return CANXL_MTU
    return CANFD_MTU if fd else CAN_MTU


def _add_vcan(name: str, *, mtu: int, up: bool, alias: str | None) -> None:
    try:
        netlink.add_vcan(name, mtu=mtu, up=up, alias=alias)
    except netlink.KindUnknownError as exc:
        modules.load_vcan(name, exc)
        netlink.add_vcan(name, mtu=mtu, up=up, alias=alias)


def _accept(link: LinkInfo, *, fd: bool, xl: bool, up: bool) -> LinkInfo:
    """Return the link that was there already, if it is what `create_vcan` would make."""
    if link.kind != "vcan":
        raise CanLinkError(
            f"{link.name} exists, but is of kind {link.kind}, not vcan", hint="choose another name"
        )
    if xl and not link.xl:
        raise CanLinkError(
            f"{link.name} exists, but its MTU is {link.mtu}: it was not made for CAN XL frames",
            hint=f"choose another name, or remove it: ip link del {link.name}",
        )
    if fd != (link.mtu >= CANFD_MTU) and not xl:
        frames = "CAN FD frames" if fd else "classic frames only"
        raise CanLinkError(
            f"{link.name} exists, but its MTU is {link.mtu}: it was not made for {frames}",
            hint=f"choose another name, or remove it: ip link del {link.name}",
        )
    if up and not link.is_up:
        netlink.change_link(link.name, up=True)
        return netlink.read_link(link.name)
    return link


def delete_link(name: str) -> None:
    """Remove a CAN interface that software made (vcan, vxcan); needs CAP_NET_ADMIN.

    Raises:
        CanLinkNotFoundError: a LookupError; there is no interface of that name.
        CanLinkPermissionError: a PermissionError; no CAP_NET_ADMIN.
        CanLinkError: it is not a CAN interface, or one that cannot be removed (hardware).
        CanUnsupportedError: not Linux, or pyroute2 is missing.
    """
    netlink.remove_link(check_name(name))


def restart_link(name: str) -> None:
    """Bring a controller back from bus-off. Needs CAP_NET_ADMIN.

    Raises:
        CanLinkNotFoundError: a LookupError; there is no interface of that name.
        CanLinkPermissionError: a PermissionError; no CAP_NET_ADMIN.
        CanLinkError: it is not bus-off, restarts by itself, or its driver cannot restart.
    """
    from canbus.links.restart import restart

    restart(check_name(name))


def set_up(name: str) -> None:
    """Bring a CAN interface up; no effect if it is up. Needs CAP_NET_ADMIN.

    Raises:
        CanLinkNotFoundError: a LookupError; there is no interface of that name.
        CanLinkPermissionError: a PermissionError; no CAP_NET_ADMIN.
        CanLinkError: it is not a CAN interface, or the kernel refused (no bitrate, say).
        CanUnsupportedError: not Linux, or pyroute2 is missing.
    """
    netlink.change_link(check_name(name), up=True)


def set_down(name: str) -> None:
    """Take a CAN interface down; no effect if it is down. Needs CAP_NET_ADMIN.

    Raises:
        CanLinkNotFoundError: a LookupError; there is no interface of that name.
        CanLinkPermissionError: a PermissionError; no CAP_NET_ADMIN.
        CanLinkError: it is not a CAN interface, or the kernel refused.
        CanUnsupportedError: not Linux, or pyroute2 is missing.
    """
    netlink.change_link(check_name(name), up=False)


@contextmanager
def temporary_vcan(name: str | None = None, *, fd: bool = True) -> Iterator[LinkInfo]:
    """Have a virtual CAN interface, up, for the length of a `with` block.

    Args:
        name: by default a fresh one, `vcan` and eight hexadecimal digits.
        fd: carry CAN FD frames, too.

    Raises:
        CanLinkPermissionError: a PermissionError; no CAP_NET_ADMIN.
        CanLinkError: the name is taken, or this kernel has no vcan.
        CanUnsupportedError: not Linux, or pyroute2 is missing.
    """
    link = create_vcan(name if name is not None else f"vcan{os.urandom(4).hex()}", fd=fd)
    try:
        yield link
    finally:
        netlink.remove_link(link.name, missing_ok=True)
