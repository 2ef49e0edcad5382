"""Backend `slcan`: serial adapters that speak LAWICEL's language. The plugin only."""

from canbus.backends.slcan.options import OPTIONS
from canbus.plugin import BackendSpec, Capability


def canbus_backend() -> BackendSpec:
    """Describe the backend."""
    return BackendSpec(
        name="slcan",
        summary="serial adapters: CANable, USBtin, LAWICEL CANUSB and their like",
        bus="canbus.backends.slcan.bus:SlcanBus",
        detect="canbus.backends.slcan.detection:detect",
        channel_help="a serial port (/dev/ttyACM0, /dev/ttyUSB0@1000000), adapter (usb:SERIAL) "
        "or URL (socket://...)",
        capabilities=Capability.FD
        | Capability.FILENO
        | Capability.BITRATE
        | Capability.LISTEN_ONLY
        | Capability.CONFIRM
        | Capability.TX_QUEUE,
        options=OPTIONS,
    )
