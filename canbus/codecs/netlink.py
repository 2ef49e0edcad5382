"""Messages and attributes of rtnetlink(7) about one network interface. Bytes only, no meaning.

struct nlmsghdr, struct ifinfomsg, then attributes {u16 length, u16 type, payload} padded to 4
bytes, which may hold attributes in turn. Host byte order. Which attributes there are is in
link_attributes.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct, error
from typing import NamedTuple

from canbus.errors import CanProtocolError

_HEADER = Struct("=IHHII")  # length, type, flags, sequence, port
_IFINFO = Struct("=BxHiII")  # family, device type, index, flags, change
_ATTRIBUTE = Struct("=HH")
_INT = Struct("=i")

NLMSG_ERROR = 2
NLMSG_DONE = 3
NLMSG_OVERRUN = 4
RTM_NEWLINK = 16
RTM_DELLINK = 17
RTM_GETLINK = 18

NLM_F_REQUEST = 1
NLM_F_MULTI = 2
NLM_F_ACK = 4
NLM_F_DUMP_INTR = 0x10
NLM_F_EXCL = 0x200
NLM_F_DUMP = 0x300
NLM_F_CREATE = 0x400

NLA_F_NESTED = 0x8000
NLA_TYPE_MASK = 0x3FFF


class NetlinkMessage(NamedTuple):
    """One message: its type (RTM_*, NLMSG_*), its flags (NLM_F_*), and what follows the header."""

    kind: int
    flags: int
    sequence: int
    payload: bytes


class LinkAnswer(NamedTuple):
    """The answer about a link.

    Attributes:
        ifindex: the kernel's number for it.
        hardware: ARPHRD_* of <linux/if_arp.h>.
        flags: IFF_* of <linux/if.h>.
        attributes: their bytes.
    """

    ifindex: int
    hardware: int
    flags: int
    attributes: bytes


def encode_link_request(index: int, attributes: bytes = b"") -> bytes:
    """Encode the question for one interface: by its index, or 0 and what attributes say."""
    return _encode_link(RTM_GETLINK, NLM_F_REQUEST, index, attributes)


def encode_link_dump(sequence: int) -> bytes:
    """Encode the question for all interfaces; answers carry `sequence` (0 to 0xFFFFFFFF).

    No IFLA_EXT_MASK: without it the kernel leaves the virtual functions of network cards out.
    """
    return _encode_link(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 0, b"", sequence)


def encode_attribute(kind: int, payload: bytes, *, nested: bool = False) -> bytes:
    """Encode one attribute, padded to 4 bytes."""
    size = _ATTRIBUTE.size + len(payload)
    head = _ATTRIBUTE.pack(size, kind | (NLA_F_NESTED if nested else 0))
    return (head + payload).ljust(size + 3 & ~3, b"\0")


def encode_link_change(index: int, attributes: bytes, *, switch_on: int = 0) -> bytes:
    """Encode a change of one interface, by its index, that asks for an acknowledgement.

    Args:
        index: the kernel's number for it.
        attributes: the new values.
        switch_on: flags (IFF_*) to set, too.
    """
    return _encode_link(
        RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, index, attributes, switch_on=switch_on
    )


def encode_link_creation(attributes: bytes) -> bytes:
    """Encode the making of an interface that may not be there yet, to be acknowledged."""
    flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL
    return _encode_link(RTM_NEWLINK, flags, 0, attributes)


def encode_peer(attributes: bytes) -> bytes:
    """Encode the other end of a pair: struct ifinfomsg, and attributes of its own."""
    return _IFINFO.pack(0, 0, 0, 0, 0) + attributes


def encode_link_removal(index: int) -> bytes:
    """Encode the removal of one interface, by its index, that asks for an acknowledgement."""
    return _encode_link(RTM_DELLINK, NLM_F_REQUEST | NLM_F_ACK, index, b"")


def _encode_link(
    kind: int,
    flags: int,
    index: int,
    attributes: bytes,
    sequence: int = 1,
    *,
    switch_on: int = 0,
) -> bytes:
    size = _HEADER.size + _IFINFO.size + len(attributes)
    header = _HEADER.pack(size, kind, flags, sequence, 0)
    return header + _IFINFO.pack(0, 0, index, switch_on, switch_on) + attributes


def split_messages(datagram: bytes) -> Iterator[NetlinkMessage]:
    """Split what was received at once into its messages.

    Raises:
        CanProtocolError: a ValueError; a message is cut, or there is something behind the last.
    """
    offset = 0
    while offset < len(datagram):
        if offset + _HEADER.size > len(datagram):
            raise CanProtocolError(f"{len(datagram) - offset} bytes are no netlink message")
        size, kind, flags, sequence, _ = _HEADER.unpack_from(datagram, offset)
        if not _HEADER.size <= size <= len(datagram) - offset:
            raise CanProtocolError(
                f"{len(datagram) - offset} bytes are no netlink message of {size}"
            )
        payload = datagram[offset + _HEADER.size : offset + size]
        yield NetlinkMessage(kind, flags, sequence, payload)
        offset += size + 3 & ~3


def decode_acknowledgement(answer: bytes) -> int:
    """Decode struct nlmsgerr: 0 for done, else the errno of the refusal.

    Raises:
        CanProtocolError: a ValueError; not an acknowledgement.
    """
    try:
        _, kind, _, _, _ = _HEADER.unpack_from(answer)
        (code,) = _INT.unpack_from(answer, _HEADER.size)
    except error as exc:
        raise CanProtocolError(f"netlink answer {answer.hex()} makes no sense: {exc}") from exc
    if kind != NLMSG_ERROR:
        raise CanProtocolError(f"netlink message {kind} is no acknowledgement")
    return -int(code)


def decode_link_answer(answer: bytes) -> LinkAnswer:
    """Decode the answer; what follows the message that it starts with is not looked at.

    Raises:
        OSError: the answer is a refusal; with its errno.
        CanProtocolError: a ValueError; not the kernel's answer to that question.
    """
    try:
        message = next(split_messages(answer), None)
        if message is None:
            raise CanProtocolError("there is nothing in it")
        if message.kind == NLMSG_ERROR:
            raise_refusal(message.payload)
        if message.kind != RTM_NEWLINK:
            raise CanProtocolError(f"netlink message {message.kind} is no answer about a link")
        return decode_link(message.payload)
    except CanProtocolError as exc:
        raise CanProtocolError(f"netlink answer {answer.hex()} makes no sense: {exc}") from exc


def decode_link(payload: bytes) -> LinkAnswer:
    """Decode the payload of RTM_NEWLINK or RTM_DELLINK.

    Raises:
        CanProtocolError: a ValueError; it is too short.
    """
    if len(payload) < _IFINFO.size:
        raise CanProtocolError(f"struct ifinfomsg has {len(payload)} bytes, not {_IFINFO.size}")
    _, hardware, index, flags, _ = _IFINFO.unpack_from(payload)
    return LinkAnswer(index, hardware, flags, payload[_IFINFO.size :])


def raise_refusal(payload: bytes) -> None:
    """Raise what the payload of NLMSG_ERROR, or of NLMSG_DONE, says; nothing if that is 0.

    Raises:
        OSError: a refusal; with its errno.
        CanProtocolError: a ValueError; there is no error number in it.
    """
    if len(payload) < _INT.size:
        raise CanProtocolError(f"struct nlmsgerr has {len(payload)} bytes")
    (code,) = _INT.unpack_from(payload)
    if code > 0:
        raise CanProtocolError(f"{code} is no error number of the kernel: those are negative")
    if code:
        raise OSError(-code, "netlink refusal")


def attribute(attributes: bytes | None, *path: int) -> bytes | None:
    """The payload of the first attribute of a type, inside that the next of the path, or None.

    Raises:
        CanProtocolError: a ValueError; these are no attributes.
    """
    for wanted in path:
        attributes = None if attributes is None else _find(attributes, wanted)
    return attributes


def _find(attributes: bytes, wanted: int) -> bytes | None:
    return next((payload for kind, payload in each_attribute(attributes) if kind == wanted), None)


def each_attribute(attributes: bytes) -> Iterator[tuple[int, bytes]]:
    """Types and payloads, in their order.

    Raises:
        CanProtocolError: a ValueError; these are no attributes.
    """
    offset = 0
    while offset + _ATTRIBUTE.size <= len(attributes):
        length, kind = _ATTRIBUTE.unpack_from(attributes, offset)
        if length < _ATTRIBUTE.size or offset + length > len(attributes):
            raise CanProtocolError(f"attribute of {length} bytes at offset {offset}")
        yield kind & NLA_TYPE_MASK, attributes[offset + _ATTRIBUTE.size : offset + length]
        offset += length + 3 & ~3
