"""Restarting a controller after bus-off: one change, through a plain netlink socket.

Not through pyroute2: it sends IFLA_CAN_RESTART without the number that the kernel's policy
wants (drivers/net/can/dev/netlink.c, can_policy: NLA_U32), and is refused.
"""

from __future__ import annotations

import errno
import os

from canbus.codecs.link_attributes import IFLA, IFLA_CAN, IFLA_INFO, U32
from canbus.codecs.netlink import decode_acknowledgement, encode_attribute, encode_link_change
from canbus.errors import CanLinkError, CanLinkPermissionError
from canbus.links.plan import VIRTUAL
from canbus.links.reading import asking, read_link
from canbus.links.refusals import ROOT_HINT
from canbus.links.route_socket import RouteSocket

_REFUSALS: dict[int, tuple[type[CanLinkError], str, str | None]] = {
    errno.EPERM: (
        CanLinkPermissionError,
        "changing network interfaces needs CAP_NET_ADMIN",
        ROOT_HINT,
    ),
    errno.EBUSY: (
        CanLinkError,
        "the controller is not bus-off",
        "there is nothing to restart from",
    ),
    # can_restart_now() refuses this way while the driver restarts by itself
    errno.EINVAL: (
        CanLinkError,
        "it restarts by itself (restart-ms), or the link is down",
        "`ip -details link show {0}` says which",
    ),
    errno.EOPNOTSUPP: (
        CanLinkError,
        "its driver has no restart",
        "take it down and up again: ip link set {0} down; ip link set {0} up",
    ),
}


def restart(name: str) -> None:
    """Restart the controller behind an interface; `restart_link` tells the errors."""
    link = read_link(name)
    if link.kind in VIRTUAL:
        raise CanLinkError(
            f"cannot restart {name}: a {link.kind} link has no controller",
            errno.EOPNOTSUPP,
            hint="only a controller goes bus-off; `canbus list` shows which links have one",
        )
    data = encode_attribute(IFLA_CAN.RESTART, U32.pack(1))
    info = encode_attribute(IFLA_INFO.KIND, b"can") + encode_attribute(
        IFLA_INFO.DATA, data, nested=True
    )
    request = encode_link_change(link.index, encode_attribute(IFLA.LINKINFO, info, nested=True))
    with asking(f"restart {name}", name), RouteSocket() as asker:
        asker.send(request)
        code = decode_acknowledgement(asker.receive())
    if code:
        kind, why, hint = _REFUSALS.get(code, (CanLinkError, os.strerror(code), None))
        text = f"cannot restart {name}: {why}"
        raise kind(text, code, hint=hint.format(name) if hint else None)
