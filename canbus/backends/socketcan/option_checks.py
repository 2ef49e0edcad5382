"""Which options of a socketcan bus go together, and which a device can fulfil."""

from __future__ import annotations

from canbus.backends.socketcan import constants as c
from canbus.backends.socketcan.ethtool import timestamping_of
from canbus.backends.socketcan.raw_socket import SocketOptions
from canbus.plugin import CanConfigError, CanUnsupportedError

_HARDWARE = c.SOF_TIMESTAMPING_RX_HARDWARE | c.SOF_TIMESTAMPING_RAW_HARDWARE


def check_options(channel: str, options: SocketOptions) -> None:
    """Refuse what cannot be.

    Raises:
        CanConfigError: options contradict each other, or are out of range.
        CanUnsupportedError: the interface has no time stamps of its own.
    """
    shown = channel or "any CAN interface"
    if options.receive_own_messages and not options.local_loopback:
        raise CanConfigError(
            f"{shown}: receive_own_messages needs local_loopback",
            hint="own frames come back by the loopback; leave local_loopback=False out",
        )
    if options.vcid is not None and not options.xl:
        raise CanConfigError(f"{shown}: vcid is for CAN XL", hint="open the bus with xl=True")
    if options.vcid is not None and not 0 <= options.vcid <= 0xFF:
        raise CanConfigError(f"{shown}: vcid={options.vcid} is not 0..255")
    if options.hardware_stamps:
        _check_hardware_stamps(channel)


def _check_hardware_stamps(channel: str) -> None:
    if not channel:
        raise CanUnsupportedError(
            "timestamping='hardware' needs a bus on one interface, not on all",
            hint='open it with channel="can0"',
        )
    if timestamping_of(channel) & _HARDWARE != _HARDWARE:
        raise CanUnsupportedError(
            f"{channel} takes no time stamps in hardware",
            hint=f"`ethtool -T {channel}` says what it can; timestamping='software' always works",
        )
