"""Backend `socketcan`: the CAN sockets of the Linux kernel. The plugin only; opens nothing."""

from canbus.options import Option
from canbus.plugin import BackendSpec, Capability

_NOT_VERIFIED = "not verified: the link is used as it is set up"


def canbus_backend() -> BackendSpec:
    """Describe the backend."""
    return BackendSpec(
        name="socketcan",
        summary="CAN network interfaces of the Linux kernel (can0, vcan0, ...)",
        bus="canbus.backends.socketcan.bus:SocketcanBus",
        channel_help='name of a network interface, or "" for all of them',
        capabilities=Capability.FD
        | Capability.OWN_MESSAGES
        | Capability.ERROR_FRAMES
        | Capability.FILENO
        | Capability.FILTERS,
        options=(
            Option("local_loopback", bool, True, "other programs on this machine see our frames"),
            Option("ignore_rx_error_frames", bool, False, "leave out the controller's reports"),
            Option("bitrate", int, None, f"bit/s; {_NOT_VERIFIED}"),
            Option("data_bitrate", int, None, f"bit/s of the FD data phase; {_NOT_VERIFIED}"),
            Option("timing", object, None, f"BitTiming or BitTimingFd; {_NOT_VERIFIED}"),
        ),
    )
