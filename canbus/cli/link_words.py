"""A link in plain words: its state, bit rate, device, counters. Nothing is read or printed here."""

from __future__ import annotations

from canbus.link_info import LinkDevice, LinkInfo
from canbus.links.plan import VIRTUAL
from canbus.state import CanState

_BITRATE_UNSET = 0  # CAN_BITRATE_UNSET, <linux/can/bittiming.h>
_BUSES = {"usb": "USB", "pci": "PCI", "spi": "SPI"}

Row = tuple[str, str]

COUNTERS = {
    "rx_packets": "frames received",
    "tx_packets": "frames sent",
    "rx_bytes": "bytes received",
    "tx_bytes": "bytes sent",
    "rx_errors": "receive errors",
    "tx_errors": "transmit errors",
    "rx_dropped": "received and dropped",
    "tx_dropped": "dropped instead of sent",
    "rx_over_errors": "no room in the controller",
    "tx_carrier_errors": "carrier errors",
    "bus_errors": "bus errors",
    "error_warning": "times error-warning",
    "error_passive": "times error-passive",
    "bus_off": "times bus-off",
    "arbitration_lost": "lost arbitrations",
    "restarts": "restarts",
}
"""Labels of the fields of LinkStatistics."""


def plain(text: str) -> str:
    """The text on one line and harmless to a terminal: names and aliases may hold anything."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def kind_words(info: LinkInfo) -> str:
    """The driver; else the kind of link."""
    driver = None if info.device is None else info.device.driver
    return driver or info.kind or "unknown kind"


def state_words(info: LinkInfo) -> str:
    """Say "down", "up", "up, bus-off", "up, no carrier"."""
    if not info.is_up:
        return "down"
    words = ["up"]
    if info.state not in {None, CanState.ERROR_ACTIVE}:
        words.append(controller_words(info.state))
    if info.has_carrier is False and info.state is not CanState.BUS_OFF:
        words.append("no carrier")
    return ", ".join(words)


def controller_words(state: CanState | None) -> str:
    """Say "bus-off", "error-passive"."""
    return "unknown" if state is None else state.name.lower().replace("_", "-")


def bitrate_words(info: LinkInfo) -> str:
    """Say "500 kbit/s", "500 kbit/s, data 2 Mbit/s", "no bit rate", "bit rate unknown"."""
    if info.bitrate is None:
        return "bit rate unknown" if has_unknown_bitrate(info) else "no bit rate"
    if info.data_bitrate is None:
        return rate_words(info.bitrate)
    return f"{rate_words(info.bitrate)}, data {rate_words(info.data_bitrate)}"


def has_unknown_bitrate(info: LinkInfo) -> bool:
    """A controller that is up has one (open_candev refuses else), whether we are told or not."""
    if info.kind in VIRTUAL:
        return False
    if info.kind is None or info.is_up:
        return True
    return info.bit_timing is not None and info.bit_timing.bitrate != _BITRATE_UNSET


def rate_words(bitrate: int) -> str:
    """A bit rate, exactly."""
    return f"{_scaled(bitrate)}bit/s"


def clock_words(hertz: int) -> str:
    """A frequency, exactly."""
    return f"{_scaled(hertz)}Hz"


def _scaled(number: int) -> str:
    for factor, prefix in ((10**6, "M"), (10**3, "k")):
        if number >= factor:
            return f"{number / factor:.10g} {prefix}"
    return f"{number} "


def device_words(device: LinkDevice, *, with_channel: bool) -> str:
    """Say "USB 0c72:000c, serial number 12, path 1-1:1.0", "PCI 0000:00:04.0"."""
    bus = _BUSES.get(device.bus or "", device.bus or "")
    if device.usb_id:
        parts = [f"{bus} {device.usb_id}"]
        if device.serial_number:
            parts.append(f"serial number {device.serial_number}")
        parts += [f"path {device.path}"] if device.path else []
    else:
        parts = [f"{bus} {device.path or ''}".strip()]
    if with_channel:
        parts.append(f"channel {device.channel}")
    return plain(", ".join(filter(None, parts)))


def error_counter_rows(info: LinkInfo) -> list[Row]:
    """The controller's two error counters, where it has them."""
    counters = {"transmit": info.tx_errors, "receive": info.rx_errors}
    return [
        (f"{word} error counter", str(value))
        for word, value in counters.items()
        if value is not None
    ]


def counter_rows(info: LinkInfo) -> list[Row]:
    """The statistics that there are."""
    return [
        (COUNTERS[name], str(value))
        for name, value in info.statistics._asdict().items()
        if value is not None
    ]


def aligned(rows: list[Row]) -> list[str]:
    """Rows as indented lines, the values below each other."""
    width = max((len(label) for label, _ in rows), default=0)
    return [f"  {label:{width}}  {value}" for label, value in rows]
