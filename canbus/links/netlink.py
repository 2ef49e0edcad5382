"""Netlink through pyroute2: the only file that imports it. No policy: that is in __init__.

pyroute2 is imported on first use (150 ms). Its errors are mapped here, by one table.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from canbus.errors import (
    CanLinkError,
    CanLinkNotFoundError,
    CanLinkPermissionError,
    CanUnsupportedError,
)
from canbus.link_info import LinkInfo

ARPHRD_CAN = 280  # <linux/if_arp.h>
IFF_UP = 1  # <linux/if.h>

T = TypeVar("T")


class KindUnknownError(CanLinkError):
    """The kernel does not know this kind of link (EOPNOTSUPP): its module is not loaded."""


def read_links() -> list[LinkInfo]:
    """Every interface of hardware type CAN."""
    return _with_netlink(
        "list CAN interfaces",
        lambda ipr: [_info(answer) for answer in ipr.get_links() if _is_can(answer)],
    )


def read_link(name: str) -> LinkInfo:
    """The CAN interface of that name."""
    return _with_netlink(f"read {name}", lambda ipr: _find_can(ipr, name), name)


def add_vcan(name: str, *, mtu: int, up: bool, alias: str | None = None) -> None:
    """Create it in one request, so that a failure leaves nothing behind."""
    facts: dict[str, object] = {} if alias is None else {"ifalias": alias}
    _with_netlink(
        f"create {name}",
        lambda ipr: ipr.link("add", ifname=name, kind="vcan", mtu=mtu, state=_word(up), **facts),
        name,
        creating=True,
    )


def add_vxcan(name: str, peer: str, *, mtu: int, netns_fd: int | None) -> None:
    """Create both ends, down; the peer in the namespace behind a descriptor."""
    far: dict[str, object] = {"ifname": peer, "mtu": mtu}
    if netns_fd is not None:
        far["net_ns_fd"] = netns_fd
    _with_netlink(
        f"create {name} and {peer}",
        lambda ipr: ipr.link("add", ifname=name, kind="vxcan", mtu=mtu, peer=far),
        name,
        creating=True,
    )


def remove_link(name: str, *, missing_ok: bool = False) -> None:
    """Remove the CAN interface of that name."""

    def remove(ipr: Any) -> None:
        ipr.link("del", index=_find_can(ipr, name).index)

    try:
        _with_netlink(f"remove {name}", remove, name)
    except CanLinkNotFoundError:
        if not missing_ok:
            raise


def change_link(name: str, *, up: bool) -> None:
    """Bring the CAN interface of that name up or down."""

    def change(ipr: Any) -> None:
        # By index: a name could meanwhile belong to another interface.
        ipr.link("set", index=_find_can(ipr, name).index, state=_word(up))

    _with_netlink(f"bring {name} {_word(up)}", change, name)


def _word(up: bool) -> str:
    return "up" if up else "down"


def _find_can(ipr: Any, name: str) -> LinkInfo:
    (answer,) = ipr.link("get", ifname=name)
    if not _is_can(answer):
        raise CanLinkError(
            f"{name} is not a CAN interface: it is left alone",
            hint="canbus.links.list_links() names the CAN interfaces",
        )
    return _info(answer)


def _is_can(answer: Any) -> bool:
    return bool(answer["ifi_type"] == ARPHRD_CAN)


def _info(answer: Any) -> LinkInfo:
    return LinkInfo(
        name=answer.get_attr("IFLA_IFNAME"),
        index=answer["index"],
        kind=answer.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND"),
        is_up=bool(answer["flags"] & IFF_UP),
        mtu=answer.get_attr("IFLA_MTU"),
    )


def _with_netlink(
    action: str, work: Callable[[Any], T], name: str = "", *, creating: bool = False
) -> T:
    """Run `work` with an open netlink socket; its errors become ours."""
    iproute, netlink_error = _import_pyroute2()

    def run() -> T:
        try:
            with iproute() as ipr:
                return work(ipr)
        except netlink_error as exc:
            _refuse(action, name, exc.code, exc, creating=creating)
        except OSError as exc:  # the netlink socket itself
            _refuse(action, name, exc.errno, exc, creating=False)

    return _off_loop(run)


def _import_pyroute2() -> tuple[Any, type[Any]]:
    if sys.platform != "linux":
        raise CanUnsupportedError(
            f"CAN network interfaces exist on Linux only, not on {sys.platform}",
            hint="interface='virtual' works everywhere",
        )
    try:
        from pyroute2 import IPRoute
        from pyroute2.netlink.exceptions import NetlinkError
    except ImportError as exc:
        raise CanUnsupportedError(
            f"network interfaces are managed through pyroute2, which does not import: {exc}",
            hint="pip install pyroute2",
        ) from exc
    return IPRoute, NetlinkError


def _off_loop(run: Callable[[], T]) -> T:
    """Run it; in a thread of its own if this one runs an event loop.

    IPRoute drives an event loop of its own, and two cannot run in one thread.
    """
    import asyncio  # pyroute2 has imported it

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run()
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1, thread_name_prefix="canbus netlink") as pool:
        return pool.submit(run).result()


_ROOT_HINT = "run it with sudo, or give the process CAP_NET_ADMIN"


def _refuse(
    action: str, name: str, code: int | None, cause: Exception, *, creating: bool
) -> NoReturn:
    what = f"cannot {action}"
    if code in {errno.EPERM, errno.EACCES}:
        raise CanLinkPermissionError(
            f"{what}: changing network interfaces needs CAP_NET_ADMIN", code, hint=_ROOT_HINT
        ) from cause
    if code == errno.ENODEV:
        raise CanLinkNotFoundError(
            f"{what}: there is no interface {name}",
            code,
            hint="`ip link show type can` and `ip link show type vcan` list them",
        ) from cause
    if code == errno.EEXIST:
        raise CanLinkError(
            f"{what}: there is an interface {name} already",
            code,
            hint="choose another name; create_vcan(..., exist_ok=True) takes a vcan that is there",
        ) from cause
    if code == errno.EOPNOTSUPP:
        kind = KindUnknownError if creating else CanLinkError
        hint = "modprobe vcan" if creating else None
        raise kind(f"{what}: the kernel does not support it", code, hint=hint) from cause
    text = os.strerror(code) if code else str(cause)
    raise CanLinkError(f"{what}: {text}", code) from cause
