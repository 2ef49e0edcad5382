"""Attributes of a CAN interface in rtnetlink(7): each number and structure, once. Bytes only.

Numbers of <linux/if_link.h>, <linux/if.h>, <linux/if_arp.h> and <linux/can/netlink.h>; which
attribute lies in which is told by `can_fill_info` and `can_fill_xstats` of
drivers/net/can/dev/netlink.c and `rtnl_fill_ifinfo` of net/core/rtnetlink.c. What is made of
them is in link_info.py and link_state.py.
"""

from __future__ import annotations

from struct import Struct
from typing import Any

from canbus.errors import CanProtocolError

ARPHRD_CAN = 280
IFF_UP = 0x1
IFF_LOWER_UP = 0x10000


class Attribute(int):
    """The number of an attribute; `str` of it is the kernel's name.

    No enum: those four would cost a millisecond of every import of the socketcan backend.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = f"{owner.__name__}_{name}"

    def __str__(self) -> str:
        return self._name


class IFLA:
    """Of every interface."""

    IFNAME = Attribute(3)
    MTU = Attribute(4)
    LINK = Attribute(5)
    QDISC = Attribute(6)
    STATS = Attribute(7)
    TXQLEN = Attribute(13)
    LINKINFO = Attribute(18)
    IFALIAS = Attribute(20)
    STATS64 = Attribute(23)
    NET_NS_FD = Attribute(28)


class IFLA_INFO:  # noqa: N801 - the kernel's spelling, as below
    """In IFLA_LINKINFO."""

    KIND = Attribute(1)
    DATA = Attribute(2)
    XSTATS = Attribute(3)


class IFLA_VXCAN:  # noqa: N801
    """In IFLA_INFO_DATA of the kind "vxcan" (VXCAN_INFO_* of <linux/can/vxcan.h>)."""

    PEER = Attribute(1)


class IFLA_CAN:  # noqa: N801
    """In IFLA_INFO_DATA of the kind "can"."""

    BITTIMING = Attribute(1)
    BITTIMING_CONST = Attribute(2)
    CLOCK = Attribute(3)
    STATE = Attribute(4)
    CTRLMODE = Attribute(5)
    RESTART_MS = Attribute(6)
    RESTART = Attribute(7)
    BERR_COUNTER = Attribute(8)
    DATA_BITTIMING = Attribute(9)
    DATA_BITTIMING_CONST = Attribute(10)
    TERMINATION = Attribute(11)
    TERMINATION_CONST = Attribute(12)
    BITRATE_CONST = Attribute(13)
    DATA_BITRATE_CONST = Attribute(14)
    BITRATE_MAX = Attribute(15)
    CTRLMODE_EXT = Attribute(17)


class IFLA_CAN_CTRLMODE:  # noqa: N801
    """In IFLA_CAN_CTRLMODE_EXT."""

    SUPPORTED = Attribute(1)


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


def unpack(layout: Struct, payload: bytes, kind: Attribute) -> tuple[Any, ...]:
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
