"""The controller's state and status in the kernel's answer about a network interface. Bytes only.

Only what a bus wants to know, at little cost; all of it is in link_info.py, and the numbers are
in link_attributes.py.
"""

from __future__ import annotations

from struct import Struct

from canbus.codecs.link_attributes import (
    BERR_COUNTER,
    DEVICE_STATS,
    IFF_UP,
    IFLA,
    IFLA_CAN,
    IFLA_INFO,
    LINK_STATS64,
    S32,
    U32,
    Attribute,
    unpack,
)
from canbus.codecs.netlink import attribute, decode_link_answer
from canbus.controller_status import ControllerStatus
from canbus.errors import CanProtocolError
from canbus.state import CanState


def decode_can_state(answer: bytes) -> CanState | None:
    """Decode the answer: the state, or None for an interface that has none (vcan).

    Raises:
        OSError: the answer is a refusal; with its errno.
        CanProtocolError: a ValueError; not the kernel's answer to that question.
    """
    attributes = decode_link_answer(answer).attributes
    try:
        return _state(attribute(attributes, IFLA.LINKINFO, IFLA_INFO.DATA))
    except ValueError as exc:
        raise CanProtocolError(f"netlink answer {answer.hex()} makes no sense: {exc}") from exc


def decode_controller_status(answer: bytes) -> ControllerStatus:
    """Decode all that the same answer says of the controller and its link.

    Raises:
        OSError: the answer is a refusal; with its errno.
        CanProtocolError: a ValueError; not the kernel's answer to that question.
    """
    _, _, flags, attributes = decode_link_answer(answer)
    try:
        info = attribute(attributes, IFLA.LINKINFO)
        data = attribute(info, IFLA_INFO.DATA)
        tx_errors, rx_errors = _numbers(BERR_COUNTER, data, IFLA_CAN.BERR_COUNTER)
        (restart_ms,) = _numbers(U32, data, IFLA_CAN.RESTART_MS)
        device = _numbers(DEVICE_STATS, info, IFLA_INFO.XSTATS)
        bus_errors, warnings, passives, bus_offs, lost, restarts = device
        rx_dropped, tx_dropped, rx_over_errors = _numbers(LINK_STATS64, attributes, IFLA.STATS64)[
            6:9
        ]
        return ControllerStatus(
            is_up=flags & IFF_UP != 0,
            state=_state(data),
            tx_errors=tx_errors,
            rx_errors=rx_errors,
            restart_ms=restart_ms,
            bus_errors=bus_errors,
            error_warning=warnings,
            error_passive=passives,
            bus_off=bus_offs,
            arbitration_lost=lost,
            restarts=restarts,
            rx_dropped=rx_dropped,
            rx_over_errors=rx_over_errors,
            tx_dropped=tx_dropped,
        )
    except ValueError as exc:
        raise CanProtocolError(f"netlink answer {answer.hex()} makes no sense: {exc}") from exc


def _state(data: bytes | None) -> CanState | None:
    (number,) = _numbers(S32, data, IFLA_CAN.STATE)
    return None if number is None else CanState(number)


def _numbers(layout: Struct, attributes: bytes | None, kind: Attribute) -> tuple[int | None, ...]:
    """The fields of the structure in one of the attributes; all None without it."""
    payload = attribute(attributes, kind)
    if payload is None:
        return (None,) * len(layout.unpack(bytes(layout.size)))
    return unpack(layout, payload, kind)
