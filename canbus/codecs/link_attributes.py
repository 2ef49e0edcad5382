"""Attributes of a CAN interface in rtnetlink(7): each number and structure, once. Bytes only.

Numbers of <linux/if_link.h>, <linux/if.h>, <linux/if_arp.h> and <linux/can/netlink.h>; which
attribute lies in which is told by `can_fill_info` and `can_fill_xstats` of
drivers/net/can/dev/netlink.c and `rtnl_fill_ifinfo` of net/core/rtnetlink.c. What is made of
them is in link_info.py and link_state.py.
"""

from __future__ import annotations

from enum import IntEnum
from struct import Struct
from typing import Any

from canbus.errors import CanProtocolError

ARPHRD_CAN = 280
IFF_UP = 0x1
IFF_LOWER_UP = 0x10000


class _Attribute(IntEnum):
    def __str__(self) -> str:
        return f"{type(self).__name__}_{self.name}"


class IFLA(_Attribute):
    """Of every interface."""

    IFNAME = 3
    MTU = 4
    LINK = 5
    STATS = 7
    TXQLEN = 13
    LINKINFO = 18
    IFALIAS = 20
    STATS64 = 23


class IFLA_INFO(_Attribute):  # noqa: N801 - the kernel's spelling, as below
    """In IFLA_LINKINFO."""

    KIND = 1
    DATA = 2
    XSTATS = 3


class IFLA_CAN(_Attribute):  # noqa: N801
    """In IFLA_INFO_DATA of the kind "can"."""

    BITTIMING = 1
    BITTIMING_CONST = 2
    CLOCK = 3
    STATE = 4
    CTRLMODE = 5
    RESTART_MS = 6
    RESTART = 7
    BERR_COUNTER = 8
    DATA_BITTIMING = 9
    DATA_BITTIMING_CONST = 10
    TERMINATION = 11
    TERMINATION_CONST = 12
    BITRATE_CONST = 13
    DATA_BITRATE_CONST = 14
    BITRATE_MAX = 15
    CTRLMODE_EXT = 17


class IFLA_CAN_CTRLMODE(_Attribute):  # noqa: N801
    """In IFLA_CAN_CTRLMODE_EXT."""

    SUPPORTED = 1


U16 = Struct("=H")
U32 = Struct("=I")  # also struct can_clock
S32 = Struct("=i")  # enum can_state
BITTIMING = Struct("=8I")
"""struct can_bittiming: bitrate, sample_point, tq, prop_seg, phase_seg1, phase_seg2, sjw, brp."""
BITTIMING_CONST = Struct("=16s8I")
"""struct can_bittiming_const: name, tseg1_min, tseg1_max, tseg2_min, tseg2_max, sjw_max, brp_min,
brp_max, brp_inc."""
CTRLMODE = Struct("=II")
"""struct can_ctrlmode: mask, flags."""
BERR_COUNTER = Struct("=HH")
"""struct can_berr_counter: txerr, rxerr."""
DEVICE_STATS = Struct("=6I")
"""struct can_device_stats: bus_error, error_warning, error_passive, bus_off, arbitration_lost,
restarts."""
LINK_STATS64 = Struct("=8Q24xQ40xQ")
"""struct rtnl_link_stats64 as far as it matters: rx_packets, tx_packets, rx_bytes, tx_bytes,
rx_errors, tx_errors, rx_dropped, tx_dropped, rx_over_errors, tx_carrier_errors."""
LINK_STATS = Struct("=8I12xI20xI")
"""struct rtnl_link_stats: the same in 32 bits."""


def unpack(layout: Struct, payload: bytes, kind: IntEnum) -> tuple[Any, ...]:
    """The fields of a structure, which newer kernels may have made longer.

    Args:
        layout: of the structure.
        payload: of the attribute `kind`.
        kind: for the error.

    Raises:
        CanProtocolError: a ValueError; there is less than the structure.
    """
    if len(payload) < layout.size:
        raise CanProtocolError(f"{kind} has {len(payload)} bytes, not {layout.size}")
    return layout.unpack_from(payload)
