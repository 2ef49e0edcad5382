"""Making and removing links that are software: vcan, and vxcan, a pair of ends.

The policy: what may be touched, and what already being there means. No netlink here.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from canbus.errors import CanLinkError, CanLinkNotFoundError
from canbus.link_info import CAN_MTU, CANFD_MTU, CANXL_MTU, LinkInfo
from canbus.links import modules, netlink
from canbus.links.names import check_name
from canbus.links.plan import VIRTUAL
from canbus.links.reading import read_link
from canbus.links.refusals import KindUnknownError
from canbus.links.steps import LinkStep
from canbus.links.vxcan import add_vxcan


def create_vcan(
    name: str,
    *,
    fd: bool = True,
    xl: bool = False,
    up: bool = True,
    exist_ok: bool = False,
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
            return _accept(read_link(name), fd=fd, xl=xl, up=up)
        except CanLinkNotFoundError:
            pass
    try:
        _add_vcan(name, mtu=_mtu(fd, xl), up=up)
    except CanLinkError as exc:
        if not (exist_ok and exc.error_code == errno.EEXIST):
            raise
        # somebody else was faster
        return _accept(read_link(name), fd=fd, xl=xl, up=up)
    return read_link(name)


def _mtu(fd: bool, xl: bool) -> int:
    if xl:
        return CANXL_MTU
    return CANFD_MTU if fd else CAN_MTU


def _add_vcan(name: str, *, mtu: int, up: bool) -> None:
    try:
        netlink.add_vcan(name, mtu=mtu, up=up)
    except KindUnknownError as exc:
        modules.load_kind("vcan", name, exc)
        netlink.add_vcan(name, mtu=mtu, up=up)


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
        netlink.take_step(link, LinkStep(link.name, "up"))
        return read_link(link.name)
    return link


def create_vxcan(
    name: str, peer: str, *, peer_netns: str | int | None = None, fd: bool = True, xl: bool = False
) -> LinkInfo:
    """Create a vxcan: two ends, down, what is sent into one comes out of the other.

    Bring both up before use; `set_up` does that for an end in this namespace. Removing one end
    removes both. Needs CAP_NET_ADMIN, for another namespace there, too.

    Args:
        name: of the end here, 1 to 15 characters.
        peer: name of the other end.
        peer_netns: the network namespace of the other end, as for `canbus.links.namespaces`:
            a name of `ip netns`, a path, or a process id; None for this one.
        fd: carry CAN FD frames, too.
        xl: carry CAN XL frames, too (kernel 6.1).

    Returns:
        The end here.

    Raises:
        CanLinkPermissionError: a PermissionError; no CAP_NET_ADMIN.
        CanChannelNotFoundError: there is no such namespace.
        CanLinkError: a name is taken, or this kernel has no vxcan
            (Raspberry Pi OS builds none).
        CanUnsupportedError: not Linux, or pyroute2 is missing.
    """
    check_name(name)
    check_name(peer)
    mtu = _mtu(fd, xl)
    if peer_netns is None:
        _add_vxcan(name, peer, mtu, None)
        return read_link(name)
    from canbus.links.namespaces import open_namespace

    namespace = open_namespace(peer_netns)
    try:
        _add_vxcan(name, peer, mtu, namespace)
    finally:
        os.close(namespace)
    return read_link(name)


def _add_vxcan(name: str, peer: str, mtu: int, namespace_fd: int | None) -> None:
    try:
        add_vxcan(name, peer, mtu=mtu, namespace_fd=namespace_fd)
    except KindUnknownError as exc:
        modules.load_kind("vxcan", name, exc)
        add_vxcan(name, peer, mtu=mtu, namespace_fd=namespace_fd)


def delete_link(name: str) -> None:
    """Remove a CAN interface that software made (vcan, vxcan); needs CAP_NET_ADMIN.

    Raises:
        CanLinkNotFoundError: a LookupError; there is no interface of that name.
        CanLinkPermissionError: a PermissionError; no CAP_NET_ADMIN.
        CanLinkError: it is not a CAN interface, or one that cannot be removed (hardware).
        CanUnsupportedError: not Linux, or pyroute2 is missing.
    """
    link = read_link(check_name(name))
    if link.kind not in VIRTUAL:  # the kernel says yes, and does nothing (can_dellink)
        raise CanLinkError(
            f"cannot remove {name}: there is hardware behind it",
            hint=f"take it down: canbus down {name}; or unplug it",
        )
    netlink.remove_link(link)


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
    name = name if name is not None else f"vcan{os.urandom(4).hex()}"
    is_taken = name in {there for _, there in socket.if_nameindex()}
    try:
        link = create_vcan(name, fd=fd)
    except CanLinkError:
        raise
    except BaseException:  # Ctrl-C, maybe when the kernel had made it
        if not is_taken:
            with suppress(CanLinkNotFoundError):
                netlink.remove_link(read_link(name))
        raise
    try:
        yield link
    finally:
        with suppress(CanLinkNotFoundError):  # by its index: it may have another name by now
            netlink.remove_link(link)
