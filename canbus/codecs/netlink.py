"""Messages and attributes of rtnetlink(7) about one network interface. Bytes only, no meaning.

struct nlmsghdr, struct ifinfomsg, then attributes {u16 length, u16 type, payload} padded to 4
bytes, which may hold attributes in turn. Host byte order.
"""

from __future__ import annotations

from struct import Struct, error
from typing import NamedTuple

from canbus.errors import CanProtocolError

_HEADER = Struct("=IHHII")  # length, type, flags, sequence, port
_IFINFO = Struct("=BxHiII")  # family, device type, index, flags, change
_ATTRIBUTE = Struct("=HH")
_INT = Struct("=i")

NLMSG_ERROR = 2
RTM_NEWLINK = 16
RTM_GETLINK = 18
NLM_F_REQUEST = 1
NLA_TYPE_MASK = 0x3FFF


NLM_F_ACK = 4
NLA_F_NESTED = 0x8000


class LinkAnswer(NamedTuple):
    """The answer about a link: its flags (IFF_*) and the bytes of its attributes."""

    flags: int
    attributes: bytes


def encode_link_request(index: int) -> bytes:
    """Encode the question for one interface, by its index."""
    size = _HEADER.size + _IFINFO.size
    return _HEADER.pack(size, RTM_GETLINK, NLM_F_REQUEST, 1, 0) + _IFINFO.pack(0, 0, index, 0, 0)


def encode_attribute(kind: int, payload: bytes, *, nested: bool = False) -> bytes:
    """Encode one attribute, padded to 4 bytes."""
    size = _ATTRIBUTE.size + len(payload)
    head = _ATTRIBUTE.pack(size, kind | (NLA_F_NESTED if nested else 0))
    return (head + payload).ljust(size + 3 & ~3, b"\0")


def encode_link_change(index: int, attributes: bytes) -> bytes:
    """Encode a change of one interface, by its index, that asks for an acknowledgement."""
    size = _HEADER.size + _IFINFO.size + len(attributes)
    header = _HEADER.pack(size, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0)
    return header + _IFINFO.pack(0, 0, index, 0, 0) + attributes


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
        size, kind, _, _, _ = _HEADER.unpack_from(answer)
        if kind == NLMSG_ERROR:
            (code,) = _INT.unpack_from(answer, _HEADER.size)
            raise OSError(-code, "netlink refusal")
        if kind != RTM_NEWLINK:
            raise CanProtocolError(f"netlink message {kind} is no answer about a link")
        if not _HEADER.size + _IFINFO.size <= size <= len(answer):
            raise CanProtocolError(f"{len(answer)} bytes are no netlink message of {size}")
        _, _, _, flags, _ = _IFINFO.unpack_from(answer, _HEADER.size)
    except (error, CanProtocolError) as exc:
        raise CanProtocolError(f"netlink answer {answer.hex()} makes no sense: {exc}") from exc
    return LinkAnswer(flags, answer[_HEADER.size + _IFINFO.size : size])


def attribute(attributes: bytes | None, *path: int) -> bytes | None:
    """The payload of the first attribute of a type, inside that the next of the path, or None.

    Raises:
        CanProtocolError: a ValueError; these are no attributes.
    """
    for wanted in path:
        attributes = None if attributes is None else _find(attributes, wanted)
    return attributes


def _find(attributes: bytes, wanted: int) -> bytes | None:
    offset = 0
    while offset + _ATTRIBUTE.size <= len(attributes):
        length, kind = _ATTRIBUTE.unpack_from(attributes, offset)
        if length < _ATTRIBUTE.size or offset + length > len(attributes):
            raise CanProtocolError(f"attribute of {length} bytes at offset {offset}")
        if kind & NLA_TYPE_MASK == wanted:
            return attributes[offset + _ATTRIBUTE.size : offset + length]
        offset += length + 3 & ~3
    return None
