"""LinkInfo and its parts: what the kernel says about a CAN network interface. Values only.

Reading them is the work of `canbus.links`; what one may be changed to is link_config.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from canbus.state import CanState

CAN_MTU = 16
"""MTU of an interface for classic frames: sizeof(struct can_frame), <linux/can.h>."""

CANFD_MTU = 72
"""MTU of an interface for CAN FD, too: sizeof(struct canfd_frame)."""

CANXL_MTU = 2060
"""MTU of an interface for CAN XL, too: sizeof(struct canxl_frame)."""

UNKNOWN_BITRATE = frozenset({0, 0xFFFFFFFF})
"""What the kernel says where it does not know: nothing set, or slcand set it on the serial line
(CAN_BITRATE_UNKNOWN, <linux/can/bittiming.h>)."""

MODES = {
    "loopback": 0x1,
    "listen_only": 0x2,
    "triple_sampling": 0x4,
    "one_shot": 0x8,
    "berr_reporting": 0x10,
    "fd": 0x20,
    "presume_ack": 0x40,
    "fd_non_iso": 0x80,
    "cc_len8_dlc": 0x100,
}
"""Control modes of a controller: CAN_CTRLMODE_* of <linux/can/netlink.h>."""


class LinkTiming(NamedTuple):
    """The bit timing in force (struct can_bittiming of <linux/can/netlink.h>).

    Attributes:
        bitrate: bit/s.
        sample_point: percent of a bit.
        tq: the time quantum in nanoseconds.
        prop_seg: propagation segment in quanta.
        phase_seg1: in quanta.
        phase_seg2: in quanta.
        sjw: synchronisation jump width in quanta.
        brp: the prescaler of the controller's clock.
    """

    bitrate: int
    sample_point: float
    tq: int
    prop_seg: int
    phase_seg1: int
    phase_seg2: int
    sjw: int
    brp: int

    @property
    def is_known(self) -> bool:
        """Whether the kernel knows the bit rate; it does not for slcand, or before it is set."""
        return self.bitrate not in UNKNOWN_BITRATE


class TimingLimits(NamedTuple):
    """What a controller can do (struct can_bittiming_const of <linux/can/netlink.h>).

    Segments are in quanta; `tseg1` is the propagation segment and phase segment 1 together.
    """

    name: str
    tseg1_min: int
    tseg1_max: int
    tseg2_min: int
    tseg2_max: int
    sjw_max: int
    brp_min: int
    brp_max: int
    brp_inc: int


class LinkStatistics(NamedTuple):
    """Counters since the interface was made; None where there is no controller to count.

    The first ten are those of every interface (struct rtnl_link_stats64), the others of its
    controller (struct can_device_stats).
    """

    rx_packets: int = 0
    tx_packets: int = 0
    rx_bytes: int = 0
    tx_bytes: int = 0
    rx_errors: int = 0
    tx_errors: int = 0
    rx_dropped: int = 0
    tx_dropped: int = 0
    rx_over_errors: int = 0
    tx_carrier_errors: int = 0
    bus_errors: int | None = None
    error_warning: int | None = None
    error_passive: int | None = None
    bus_off: int | None = None
    arbitration_lost: int | None = None
    restarts: int | None = None


class LinkDevice(NamedTuple):
    """The device behind an interface, as sysfs shows it; None where there is nothing to show.

    Attributes:
        driver: of the kernel: "peak_usb", "mcp251x".
        bus: "usb", "pci", "spi", "platform", "tty".
        path: of the device on its bus: "1-1.4:1.0", "0000:00:04.0", "spi0.0".
        usb_id: vendor and product, as lsusb shows them: "0c72:000c".
        serial_number: of a USB adapter.
        product: what a USB adapter calls itself.
        channel: which channel of the device this is, from 0.
    """

    driver: str | None = None
    bus: str | None = None
    path: str | None = None
    usb_id: str | None = None
    serial_number: str | None = None
    product: str | None = None
    channel: int = 0


@dataclass(frozen=True, slots=True)
class LinkInfo:
    """What the kernel says about a CAN network interface. None: it does not say.

    Two are equal if they are set up alike: what changes by itself (`state`, error counters,
    `has_carrier`, `qdisc`, `statistics`) is not compared.

    Attributes:
        name: "can0".
        index: the kernel's number for it; never used twice while the machine runs.
        kind: "can" (a controller), "vcan", "vxcan"; None where the driver names none.
        is_up: it was brought up (administratively; a controller may still be bus-off).
        mtu: 16 classic CAN, 72 CAN FD, 2060 CAN XL.
        txqueuelen: frames that the transmit queue holds.
        alias: a text that somebody has put on it (`ip link set ... alias`).
        peer: index of the other end of a vxcan, in its own namespace.
        bit_timing: in force; its bit rate may be unknown.
        bit_timing_limits: what the controller can do.
        data_bit_timing: of the FD data phase.
        data_bit_timing_limits: of the FD data phase.
        clock: of the controller, Hz.
        bitrate_choices: the only bit rates there are, where a driver has a list.
        data_bitrate_choices: the same for the data phase.
        bitrate_max: of the transceiver, bit/s; 0 for no limit.
        modes: the control modes that are on (keys of MODES).
        supported_modes: the control modes that the driver has; kernel 5.18 and newer.
        restart_ms: milliseconds from bus-off to the automatic restart; 0 for never.
        termination: ohms of the resistor that is switched in; 0 for none.
        termination_choices: what it can be.
        device: the hardware behind it.
        state: of the controller.
        tx_errors: the controller's transmit error counter.
        rx_errors: the controller's receive error counter.
        has_carrier: frames can pass: up, and not bus-off.
        qdisc: how the transmit queue is kept: "pfifo_fast"; "noop" while it was never up.
        statistics: counters.
    """

    name: str
    index: int
    kind: str | None
    is_up: bool
    mtu: int
    txqueuelen: int = 10
    alias: str | None = None
    peer: int | None = None
    bit_timing: LinkTiming | None = None
    bit_timing_limits: TimingLimits | None = None
    data_bit_timing: LinkTiming | None = None
    data_bit_timing_limits: TimingLimits | None = None
    clock: int | None = None
    bitrate_choices: tuple[int, ...] = ()
    data_bitrate_choices: tuple[int, ...] = ()
    bitrate_max: int = 0
    modes: frozenset[str] = frozenset()
    supported_modes: frozenset[str] | None = None
    restart_ms: int | None = None
    termination: int | None = None
    termination_choices: tuple[int, ...] = ()
    device: LinkDevice | None = None
    state: CanState | None = field(default=None, compare=False)
    tx_errors: int | None = field(default=None, compare=False)
    rx_errors: int | None = field(default=None, compare=False)
    has_carrier: bool | None = field(default=None, compare=False)
    qdisc: str | None = field(default=None, compare=False)
    statistics: LinkStatistics = field(default=LinkStatistics(), compare=False)

    @property
    def fd(self) -> bool:
        """Whether it carries CAN FD frames."""
        return self.mtu >= CANFD_MTU

    @property
    def xl(self) -> bool:
        """Whether it carries CAN XL frames."""
        return self.mtu > CANFD_MTU

    @property
    def bitrate(self) -> int | None:
        """The bit rate, where the kernel knows it."""
        timing = self.bit_timing
        return timing.bitrate if timing is not None and timing.is_known else None

    @property
    def data_bitrate(self) -> int | None:
        """The bit rate of the FD data phase, where the kernel knows it."""
        timing = self.data_bit_timing
        return timing.bitrate if timing is not None and timing.is_known else None
