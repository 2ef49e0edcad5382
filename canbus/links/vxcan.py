"""Making a vxcan: two ends in one request, through a plain netlink socket.

Not through pyroute2: it does not know the kind, and would leave the peer's name out.
"""

from __future__ import annotations

from canbus.codecs.link_attributes import IFLA, IFLA_INFO, IFLA_VXCAN, U32
from canbus.codecs.netlink import (
    decode_acknowledgement,
    encode_attribute,
    encode_link_creation,
    encode_peer,
)
from canbus.links import route_socket
from canbus.links.reading import asking
from canbus.links.refusals import refusal


def add_vxcan(name: str, peer: str, *, mtu: int, namespace_fd: int | None) -> None:
    """Create both ends, down; the peer in the namespace behind a descriptor.

    Raises:
        CanLinkError: the kernel refuses.
        CanUnsupportedError: not Linux.
    """
    far = _end(peer, mtu)
    if namespace_fd is not None:
        far += encode_attribute(IFLA.NET_NS_FD, U32.pack(namespace_fd))
    data = encode_attribute(IFLA_VXCAN.PEER, encode_peer(far), nested=True)
    info = encode_attribute(IFLA_INFO.KIND, b"vxcan") + encode_attribute(
        IFLA_INFO.DATA, data, nested=True
    )
    request = _end(name, mtu) + encode_attribute(IFLA.LINKINFO, info, nested=True)
    what = f"create {name} and {peer}"
    with asking(what, name), route_socket.RouteSocket() as asker:
        asker.send(encode_link_creation(request))
        code = decode_acknowledgement(asker.receive())
    if code:
        raise refusal(what, "", code, creating=True)


def _end(name: str, mtu: int) -> bytes:
    return encode_attribute(IFLA.IFNAME, name.encode() + b"\0") + encode_attribute(
        IFLA.MTU, U32.pack(mtu)
    )
