"""LinkInfo: one CAN network interface as a value. Nothing is read or changed here."""

from typing import NamedTuple

CAN_MTU = 16
"""MTU of an interface for classic frames: sizeof(struct can_frame), <linux/can.h>."""

CANFD_MTU = 72
"""MTU of an interface for CAN FD, too: sizeof(struct canfd_frame)."""


class LinkInfo(NamedTuple):
    """What the kernel says about a CAN network interface.

    Attributes:
        name: "can0".
        index: the kernel's number for it; never used twice while the machine runs.
        kind: "can" (a controller), "vcan", "vxcan"; None where the driver names none.
        is_up: it was brought up (administratively; a controller may still be bus-off).
        mtu: 16 classic CAN, 72 CAN FD, more CAN XL.
    """

    name: str
    index: int  # type: ignore[assignment]  # hides tuple.index(), of no use here
    kind: str | None
    is_up: bool
    mtu: int
