"""Links as real drivers show them."""

from canbus.link_info import (
    LinkDevice,
    LinkInfo,
    LinkStatistics,
    LinkTiming,
    TimingLimits,
)
from canbus.state import CanState

VCAN0 = LinkInfo(
    "vcan0", 3, "vcan", is_up=True, mtu=72, txqueuelen=1000, has_carrier=True,
    statistics=LinkStatistics(5, 7, 40, 56),
)  # fmt: skip
PCAN = LinkInfo(
    "can0",
    4,
    "can",
    is_up=True,
    mtu=16,
    alias="left door",
    bit_timing=LinkTiming(500_000, 87.5, 125, 6, 7, 2, 1, 1),
    bit_timing_limits=TimingLimits("pcan_usb", 1, 16, 1, 8, 4, 1, 64, 1),
    clock=8_000_000,
    modes=frozenset({"one_shot", "berr_reporting"}),
    supported_modes=frozenset({"one_shot", "listen_only", "berr_reporting"}),
    restart_ms=0,
    device=LinkDevice("peak_usb", "usb", "1-1:1.0", "0c72:000c", "00AB", "PCAN-USB"),
    state=CanState.BUS_OFF,
    tx_errors=248,
    rx_errors=3,
    has_carrier=False,
    statistics=LinkStatistics(1, 2, 8, 16, 0, 4, 0, 1, 0, 0, 9, 1, 1, 1, 0, 0),
)
FD = LinkInfo(
    "can1",
    5,
    "can",
    is_up=True,
    mtu=72,
    bit_timing=LinkTiming(500_000, 80.0, 25, 31, 32, 16, 1, 1),
    data_bit_timing=LinkTiming(2_000_000, 75.0, 25, 7, 7, 5, 1, 1),
    data_bit_timing_limits=TimingLimits("gs_usb", 1, 16, 1, 8, 4, 1, 1024, 1),
    bitrate_max=5_000_000,
    modes=frozenset({"fd"}),
    restart_ms=100,
    termination=120,
    termination_choices=(0, 120),
    device=LinkDevice("gs_usb", "usb", "1-2:1.0", "1d50:606f", None, "candleLight", 1),
    state=CanState.ERROR_ACTIVE,
    has_carrier=True,
)
UNSET = LinkInfo(
    "can2", 6, "can", is_up=False, mtu=16, restart_ms=0, state=CanState.STOPPED, has_carrier=False,
    device=LinkDevice("mcp251x", "spi", "spi0.0"), clock=8_000_000,
)  # fmt: skip
"""Nobody has set a bit rate."""
