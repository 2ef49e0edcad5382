"""CAN network interfaces of this machine: list, watch, create, remove, set up, bring up and down.

The public names, and the functions that are one line each. Deciding what to do is in plan.py,
doing it in applying.py and creating.py; changes go through netlink.py, or where pyroute2 does
not serve through owning.py, vxcan.py and restart.py; looking is reading.py's.
No opening of channels: this room is below the bus. Linux only; elsewhere every function raises
CanUnsupportedError.
"""

from __future__ import annotations

from canbus.link_config import LinkConfig
from canbus.link_info import LinkDevice, LinkInfo, LinkStatistics, LinkTiming, TimingLimits
from canbus.links import netlink
from canbus.links.applying import Applied, apply
from canbus.links.creating import create_vcan, create_vxcan, delete_link, temporary_vcan
from canbus.links.link_change import LinkChange
from canbus.links.names import check_name
from canbus.links.plan import Refusal, plan
from canbus.links.reading import read_link, read_links
from canbus.links.steps import LinkStep
from canbus.links.watching import wait_for_link, watch_links

__all__ = [
    "Applied",
    "LinkChange",
    "LinkConfig",
    "LinkDevice",
    "LinkInfo",
    "LinkStatistics",
    "LinkStep",
    "LinkTiming",
    "Refusal",
    "TimingLimits",
    "apply",
    "create_vcan",
    "create_vxcan",
    "delete_link",
    "get_link",
    "list_links",
    "plan",
    "restart_link",
    "set_down",
    "set_up",
    "temporary_vcan",
    "wait_for_link",
    "watch_links",
]


def list_links() -> list[LinkInfo]:
    """List the CAN interfaces of this machine; other interfaces are left out.

    Raises:
        CanUnsupportedError: not Linux.
        CanLinkError: the kernel refused; it says why.
        CanProtocolError: a ValueError; an answer of the kernel makes no sense.
    """
    return read_links()


def get_link(name: str) -> LinkInfo:
    """Return what the kernel says about one CAN interface.

    Raises:
        CanLinkNotFoundError: a LookupError; there is no interface of that name.
        CanLinkError: it is not a CAN interface, or the name cannot be one's.
        CanUnsupportedError: not Linux.
        CanProtocolError: a ValueError; the answer of the kernel makes no sense.
    """
    return read_link(check_name(name))


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
    _bring(read_link(check_name(name)), "up")


def set_down(name: str) -> None:
    """Take a CAN interface down; no effect if it is down. Needs CAP_NET_ADMIN.

    Raises:
        CanLinkNotFoundError: a LookupError; there is no interface of that name.
        CanLinkPermissionError: a PermissionError; no CAP_NET_ADMIN.
        CanLinkError: it is not a CAN interface, or the kernel refused.
        CanUnsupportedError: not Linux, or pyroute2 is missing.
    """
    _bring(read_link(check_name(name)), "down")


def _bring(link: LinkInfo, state: str) -> None:
    netlink.take_step(link, LinkStep(link.name, state))
