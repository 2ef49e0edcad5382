"""Backend `vcan`: a virtual CAN interface that comes and goes with its users. The plugin only."""

from canbus.backends import socketcan
from canbus.backends.vcan.options import OPTIONS
from canbus.plugin import BackendSpec


def canbus_backend() -> BackendSpec:
    """Describe the backend: socketcan's, with an interface of its own."""
    base = socketcan.canbus_backend()
    return BackendSpec(
        name="vcan",
        summary="a virtual CAN interface, made for its first user and removed after its last",
        bus="canbus.backends.vcan.bus:VcanBus",
        channel_help='name of a virtual interface, there already or not ("vcan0")',
        capabilities=base.capabilities,
        options=(*base.options, *OPTIONS),
    )
