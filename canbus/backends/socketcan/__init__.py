"""Backend `socketcan`: the CAN sockets of the Linux kernel. The plugin only; opens nothing."""

from canbus.backends.socketcan.options import OPTIONS
from canbus.plugin import BackendSpec, Capability


def canbus_backend() -> BackendSpec:
    """Describe the backend."""
    return BackendSpec(
        name="socketcan",
        summary="CAN network interfaces of the Linux kernel (can0, vcan0, ...)",
        bus="canbus.backends.socketcan.bus:SocketcanBus",
        detect="canbus.backends.socketcan.detection:detect",
        channel_help='name of a network interface, or "" for all of them',
        capabilities=Capability.FD
        | Capability.ESI
        | Capability.OWN_MESSAGES
        | Capability.ERROR_FRAMES
        | Capability.FILENO
        | Capability.FILTERS
        | Capability.CONFIRM
        | Capability.TTL
        | Capability.WATCH
        | Capability.TX_QUEUE,
        options=OPTIONS,
    )
