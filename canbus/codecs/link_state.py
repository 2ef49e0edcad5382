"""The controller's state in the kernel's answer about a network interface. Bytes only.

Messages and attributes of rtnetlink(7): struct nlmsghdr, struct ifinfomsg, then attributes
{u16 length, u16 type, payload} padded to 4 bytes; the CAN ones (<linux/can/netlink.h>) lie in
IFLA_LINKINFO / IFLA_INFO_DATA. Host byte order.
"""

from __future__ import annotations

from struct import Struct, error

from canbus.errors import CanProtocolError
from canbus.state import CanState

_HEADER = Struct("=IHHII")  # length, type, flags, sequence, port
_IFINFO = Struct("=BxHiII")  # family, device type, index, flags, change
_ATTRIBUTE = Struct("=HH")
_INT = Struct("=i")

NLMSG_ERROR = 2
RTM_NEWLINK = 16
RTM_GETLINK = 18
NLM_F_REQUEST = 1
NLA_TYPE_MASK = 0x3FFF

IFLA_LINKINFO = 18
IFLA_INFO_DATA = 2
IFLA_CAN_STATE = 4


def encode_link_request(index: int) -> bytes:
    """Encode the question for one interface, by its index."""
    size = _HEADER.size + _IFINFO.size
    return _HEADER.pack(size, RTM_GETLINK, NLM_F_REQUEST, 1, 0) + _IFINFO.pack(0, 0, index, 0, 0)


def decode_can_state(answer: bytes) -> CanState | None:
    """Decode the answer: the state, or None for an interface that has none (vcan).

    Raises:
        OSError: the answer is a refusal; with its errno.
        CanProtocolError: a ValueError; not the kernel's answer to that question.
    """
    try:
        _, kind, _, _, _ = _HEADER.unpack_from(answer)
        if kind == NLMSG_ERROR:
            (code,) = _INT.unpack_from(answer, _HEADER.size)
            raise OSError(-code, "netlink refusal")
        if kind != RTM_NEWLINK:
            raise CanProtocolError(f"netlink message {kind} is no answer about a link")
        payload = answer[_HEADER.size + _IFINFO.size :]
        for wanted in (IFLA_LINKINFO, IFLA_INFO_DATA, IFLA_CAN_STATE):
            found = _find(payload, wanted)
            if found is None:
                return None
            payload = found
        return CanState(_INT.unpack_from(payload)[0])
    except (error, ValueError) as exc:
        raise CanProtocolError(f"netlink answer {answer.hex()} makes no sense: {exc}") from exc


def _find(attributes: bytes, wanted: int) -> bytes | None:
    """The payload of the first attribute of a type, or None."""
    offset = 0
    while offset + _ATTRIBUTE.size <= len(attributes):
        length, kind = _ATTRIBUTE.unpack_from(attributes, offset)
        if length < _ATTRIBUTE.size or offset + length > len(attributes):
            raise CanProtocolError(f"attribute of {length} bytes at offset {offset}")
        if kind & NLA_TYPE_MASK == wanted:
            return attributes[offset + _ATTRIBUTE.size : offset + length]
        offset += length + 3 & ~3
    return None
