"""The controller's state and status in the kernel's answer about a network interface. Bytes only.

The attributes of <linux/can/netlink.h> lie in IFLA_LINKINFO / IFLA_INFO_DATA, struct
can_device_stats in IFLA_LINKINFO / IFLA_INFO_XSTATS (`can_fill_info` and `can_fill_xstats`,
drivers/net/can/dev/netlink.c), struct rtnl_link_stats64 of <linux/if_link.h> in IFLA_STATS64.
"""

from __future__ import annotations

from struct import Struct, error

from canbus.codecs.netlink import attribute, decode_link_answer
from canbus.controller_status import ControllerStatus
from canbus.errors import CanProtocolError
from canbus.state import CanState

IFF_UP = 1

IFLA_LINKINFO = 18
IFLA_STATS64 = 23
IFLA_INFO_DATA = 2
IFLA_INFO_XSTATS = 3
IFLA_CAN_STATE = 4
IFLA_CAN_RESTART_MS = 6
IFLA_CAN_BERR_COUNTER = 8

_STATE = Struct("=i")  # enum can_state
_MILLISECONDS = Struct("=I")
_BERR_COUNTER = Struct("=HH")  # struct can_berr_counter: txerr, rxerr
# struct can_device_stats: bus_error, error_warning, error_passive, bus_off, arbitration_lost,
# restarts.
_DEVICE_STATS = Struct("=6I")
# struct rtnl_link_stats64 as far as rx_over_errors; rx_dropped and tx_dropped are the 7th and 8th.
_LINK_STATS = Struct("=48xQQ24xQ")


def decode_can_state(answer: bytes) -> CanState | None:
    """Decode the answer: the state, or None for an interface that has none (vcan).

    Raises:
        OSError: the answer is a refusal; with its errno.
        CanProtocolError: a ValueError; not the kernel's answer to that question.
    """
    attributes = decode_link_answer(answer).attributes
    try:
        return _state(attribute(attributes, IFLA_LINKINFO, IFLA_INFO_DATA, IFLA_CAN_STATE))
    except (error, ValueError) as exc:
        raise CanProtocolError(f"netlink answer {answer.hex()} makes no sense: {exc}") from exc


def decode_controller_status(answer: bytes) -> ControllerStatus:
    """Decode all that the same answer says of the controller and its link.

    Raises:
        OSError: the answer is a refusal; with its errno.
        CanProtocolError: a ValueError; not the kernel's answer to that question.
    """
    flags, attributes = decode_link_answer(answer)
    try:
        info = attribute(attributes, IFLA_LINKINFO)
        data = attribute(info, IFLA_INFO_DATA)
        tx_errors, rx_errors = _numbers(_BERR_COUNTER, attribute(data, IFLA_CAN_BERR_COUNTER))
        (restart_ms,) = _numbers(_MILLISECONDS, attribute(data, IFLA_CAN_RESTART_MS))
        device = _numbers(_DEVICE_STATS, attribute(info, IFLA_INFO_XSTATS))
        bus_errors, warnings, passives, bus_offs, lost, restarts = device
        rx_dropped, tx_dropped, rx_over_errors = _numbers(
            _LINK_STATS, attribute(attributes, IFLA_STATS64)
        )
        return ControllerStatus(
            is_up=flags & IFF_UP != 0,
            state=_state(attribute(data, IFLA_CAN_STATE)),
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
    except (error, ValueError) as exc:
        raise CanProtocolError(f"netlink answer {answer.hex()} makes no sense: {exc}") from exc


def _state(payload: bytes | None) -> CanState | None:
    return None if payload is None else CanState(_STATE.unpack_from(payload)[0])


def _numbers(layout: Struct, payload: bytes | None) -> tuple[int | None, ...]:
    """The fields of a structure, which newer kernels may have made longer; all None without it."""
    if payload is None:
        return (None,) * len(layout.unpack(bytes(layout.size)))
    return layout.unpack_from(payload)
