"""Restarting a controller after bus-off: one change, through a plain netlink socket.

Not through pyroute2: it sends IFLA_CAN_RESTART without the number that the kernel's policy
wants (drivers/net/can/dev/netlink.c, can_policy: NLA_U32), and is refused.
"""

from __future__ import annotations

import errno
import os
import socket

from canbus.codecs.link_attributes import IFLA, IFLA_CAN, IFLA_INFO, U32
from canbus.codecs.netlink import decode_acknowledgement, encode_attribute, encode_link_change
from canbus.errors import CanLinkError, CanLinkNotFoundError, CanLinkPermissionError

_ANSWER_SIZE = 4096

_REFUSALS: dict[int, tuple[type[CanLinkError], str, str | None]] = {
    errno.EPERM: (
        CanLinkPermissionError,
        "changing network interfaces needs CAP_NET_ADMIN",
        "run it with sudo, or give the process CAP_NET_ADMIN",
    ),
    errno.EBUSY: (CanLinkError, "the controller is not bus-off", None),
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
    try:
        index = socket.if_nametoindex(name)
    except OSError as exc:
        raise CanLinkNotFoundError(
            f"cannot restart {name}: there is no interface {name}",
            errno.ENODEV,
            hint="`ip link show type can` lists them",
        ) from exc
    data = encode_attribute(IFLA_CAN.RESTART, U32.pack(1))
    info = encode_attribute(IFLA_INFO.KIND, b"can") + encode_attribute(
        IFLA_INFO.DATA, data, nested=True
    )
    request = encode_link_change(index, encode_attribute(IFLA.LINKINFO, info, nested=True))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as asker:
        asker.send(request)
        code = decode_acknowledgement(asker.recv(_ANSWER_SIZE))
    if code:
        kind, why, hint = _REFUSALS.get(code, (CanLinkError, os.strerror(code), None))
        text = f"cannot restart {name}: {why}"
        raise kind(text, code, hint=hint.format(name) if hint else None)
