"""The kernel's message about a network interface -> LinkInfo, and the question by name. Bytes only.

Numbers and structures are in link_attributes.py. Attributes that are not known are passed over,
and so are unknown mode bits and states: a newer kernel shall not break the listing.
"""

from __future__ import annotations

from struct import Struct
from typing import Any

from canbus.codecs.link_attributes import (
    ARPHRD_CAN,
    BERR_COUNTER,
    BITTIMING,
    BITTIMING_CONST,
    CTRLMODE,
    DEVICE_STATS,
    IFF_LOWER_UP,
    IFF_UP,
    IFLA,
    IFLA_CAN,
    IFLA_CAN_CTRLMODE,
    IFLA_INFO,
    LINK_STATS,
    LINK_STATS64,
    S32,
    U16,
    U32,
    Attribute,
    unpack,
)
from canbus.codecs.netlink import (
    LinkAnswer,
    decode_link_answer,
    each_attribute,
    encode_attribute,
    encode_link_request,
)
from canbus.errors import CanProtocolError
from canbus.link_info import MODES, LinkInfo, LinkStatistics, LinkTiming, TimingLimits
from canbus.state import CanState

_STATES = frozenset(CanState)


def encode_link_query(name: str) -> bytes:
    """Encode the question for the interface of that name."""
    text = name.encode("utf-8", "surrogateescape") + b"\0"
    return encode_link_request(0, encode_attribute(IFLA.IFNAME, text))


def decode_link_info(answer: bytes) -> LinkInfo | None:
    """Decode the answer about one interface; see `link_info`.

    Raises:
        OSError: the answer is a refusal; with its errno.
        CanProtocolError: a ValueError; not the kernel's answer to that question.
    """
    return link_info(decode_link_answer(answer))


def link_info(link: LinkAnswer) -> LinkInfo | None:
    """What the kernel says of a CAN interface, without `device`; None for one of another kind.

    Raises:
        CanProtocolError: a ValueError; an attribute makes no sense, or is missing.
    """
    if link.hardware != ARPHRD_CAN:
        return None
    try:
        return _link_info(link)
    except CanProtocolError as exc:
        raise CanProtocolError(
            f"what the kernel says of interface {link.ifindex} makes no sense: {exc}"
        ) from exc


def _link_info(link: LinkAnswer) -> LinkInfo:
    own = _Attributes(link.attributes)
    info = _Attributes(own.payloads.get(IFLA.LINKINFO))
    kind = info.text(IFLA_INFO.KIND)
    # What another kind has in there would mean something else.
    can = _Attributes(info.payloads.get(IFLA_INFO.DATA) if kind == "can" else None)
    ext = _Attributes(can.payloads.get(IFLA_CAN.CTRLMODE_EXT))
    supported = ext.number(IFLA_CAN_CTRLMODE.SUPPORTED)
    tx_errors, rx_errors = can.fields(IFLA_CAN.BERR_COUNTER, BERR_COUNTER) or (None, None)
    return LinkInfo(
        name=_text(own.needed(IFLA.IFNAME), "surrogateescape"),  # as the os module does
        index=link.ifindex,
        kind=kind,
        is_up=link.flags & IFF_UP != 0,
        mtu=unpack(U32, own.needed(IFLA.MTU), IFLA.MTU)[0],
        txqueuelen=unpack(U32, own.needed(IFLA.TXQLEN), IFLA.TXQLEN)[0],
        alias=own.text(IFLA.IFALIAS),
        peer=own.number(IFLA.LINK) or None,
        bit_timing=_timing(can.fields(IFLA_CAN.BITTIMING, BITTIMING)),
        bit_timing_limits=_limits(can.fields(IFLA_CAN.BITTIMING_CONST, BITTIMING_CONST)),
        data_bit_timing=_timing(can.fields(IFLA_CAN.DATA_BITTIMING, BITTIMING)),
        data_bit_timing_limits=_limits(can.fields(IFLA_CAN.DATA_BITTIMING_CONST, BITTIMING_CONST)),
        clock=can.number(IFLA_CAN.CLOCK) or None,
        bitrate_choices=can.numbers(IFLA_CAN.BITRATE_CONST, U32),
        data_bitrate_choices=can.numbers(IFLA_CAN.DATA_BITRATE_CONST, U32),
        bitrate_max=can.number(IFLA_CAN.BITRATE_MAX) or 0,
        modes=_modes((can.fields(IFLA_CAN.CTRLMODE, CTRLMODE) or (0, 0))[1]),
        supported_modes=None if supported is None else _modes(supported),
        restart_ms=can.number(IFLA_CAN.RESTART_MS),
        termination=can.number(IFLA_CAN.TERMINATION, U16),
        termination_choices=can.numbers(IFLA_CAN.TERMINATION_CONST, U16),
        state=_state(can.number(IFLA_CAN.STATE, S32)),
        tx_errors=tx_errors,
        rx_errors=rx_errors,
        has_carrier=link.flags & IFF_LOWER_UP != 0,
        qdisc=own.text(IFLA.QDISC),
        statistics=_statistics(own, info),
    )


class _Attributes:
    """Payloads by their type; of several of one type the first counts."""

    def __init__(self, attributes: bytes | None) -> None:
        self.payloads: dict[int, bytes] = {}
        for kind, payload in each_attribute(attributes or b""):
            self.payloads.setdefault(kind, payload)

    def needed(self, kind: Attribute) -> bytes:
        if kind not in self.payloads:
            raise CanProtocolError(f"{kind} is missing")
        return self.payloads[kind]

    def text(self, kind: Attribute) -> str | None:
        payload = self.payloads.get(kind)
        return None if payload is None else _text(payload)

    def fields(self, kind: Attribute, layout: Struct) -> tuple[Any, ...] | None:
        payload = self.payloads.get(kind)
        return None if payload is None else unpack(layout, payload, kind)

    def number(self, kind: Attribute, layout: Struct = U32) -> int | None:
        found = self.fields(kind, layout)
        return None if found is None else found[0]

    def numbers(self, kind: Attribute, layout: Struct) -> tuple[int, ...]:
        payload = self.payloads.get(kind, b"")
        if len(payload) % layout.size:
            raise CanProtocolError(f"{kind} has {len(payload)} bytes, not {layout.size} for each")
        return tuple(number for (number,) in layout.iter_unpack(payload))


def _text(payload: bytes, unreadable: str = "backslashreplace") -> str:
    return payload.partition(b"\0")[0].decode("utf-8", unreadable)


def _timing(fields: tuple[Any, ...] | None) -> LinkTiming | None:
    if fields is None:
        return None
    bitrate, tenths, *others = fields
    return LinkTiming(bitrate, tenths / 10, *others)


def _limits(fields: tuple[Any, ...] | None) -> TimingLimits | None:
    return None if fields is None else TimingLimits(_text(fields[0]), *fields[1:])


def _modes(bits: int) -> frozenset[str]:
    return frozenset(name for name, bit in MODES.items() if bits & bit)


def _state(number: int | None) -> CanState | None:
    return None if number is None or number not in _STATES else CanState(number)


def _statistics(own: _Attributes, info: _Attributes) -> LinkStatistics:
    counts = own.fields(IFLA.STATS64, LINK_STATS64) or own.fields(IFLA.STATS, LINK_STATS)
    device = info.fields(IFLA_INFO.XSTATS, DEVICE_STATS)
    return LinkStatistics(*(counts or (0,) * 10), *(device or (None,) * 6))
