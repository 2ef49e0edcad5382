"""take_down(): undo a bring-up. What we did not make or start is only taken down."""

from __future__ import annotations

from typing import NamedTuple

from canbus import links
from canbus.bringup.families.vcan import ALIAS
from canbus.links.names import check_name


class TakenDown(NamedTuple):
    """What `take_down` has done with a link.

    Attributes:
        link: its name.
        what: "nothing", as it was down already; "down"; "removed", as we had made it; "stopped",
            with the daemon behind it.
    """

    link: str
    what: str


def take_down(name: str) -> TakenDown:
    """Take a link down; remove it if it is a vcan that `bring_up` made, stop its daemon.

    Modules stay loaded: others may use them. Needs CAP_NET_ADMIN, if there is something to do.

    Raises:
        CanLinkNotFoundError: a LookupError; there is no interface of that name, nor a daemon
            that keeps one.
        CanLinkPermissionError: a PermissionError; no CAP_NET_ADMIN.
        CanLinkError: it is not a CAN interface, or the kernel refused.
    """
    from canbus.bringup import keepers

    keeper = keepers.find(check_name(name))
    if keeper is not None:
        keeper.stop()
        return TakenDown(name, "stopped")
    link = links.get_link(name)
    if link.kind == "vcan" and link.alias == ALIAS:
        links.delete_link(name)
        return TakenDown(name, "removed")
    if not link.is_up:
        return TakenDown(name, "nothing")
    links.set_down(name)
    return TakenDown(name, "down")
