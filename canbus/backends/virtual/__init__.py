"""Backend `virtual`: buses of one process joined by the name of their channel. The plugin only."""

from canbus.options import Option
from canbus.plugin import BackendSpec, Capability
from canbus.state import CanProtocol


def canbus_backend() -> BackendSpec:
    """Describe the backend."""
    return BackendSpec(
        name="virtual",
        summary="in process, no kernel or adapter needed",
        bus="canbus.backends.virtual.bus:VirtualBus",
        detect="canbus.backends.virtual.detection:detect",
        channel_help="any name; buses of one process with the same name hear each other",
        capabilities=Capability.FD
        | Capability.ESI
        | Capability.OWN_MESSAGES
        | Capability.ERROR_FRAMES
        | Capability.FILENO,
        options=(
            Option(
                "rx_queue_size",
                int,
                0,
                "frames kept for recv(); more are lost and counted; 0 keeps all",
            ),
            Option("preserve_timestamps", bool, False, "deliver the sender's time stamps"),
            Option("protocol", CanProtocol, CanProtocol.CAN_20, "CAN_FD is the same as fd=True"),
        ),
    )
