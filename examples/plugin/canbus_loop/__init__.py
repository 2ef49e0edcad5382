"""Backend `loop`: its description. The channel itself is bus.py, imported when it is opened."""

from canbus.plugin import BackendSpec, Capability, Option


def canbus_backend() -> BackendSpec:
    """Describe the backend."""
    return BackendSpec(
        name="loop",
        summary="frames go round inside this process, with a delay",
        bus="canbus_loop.bus:LoopBus",
        options=(Option("delay_ms", int, 0, "milliseconds before a frame arrives"),),
        capabilities=Capability.FD | Capability.ESI | Capability.ERROR_FRAMES,
        channel_help="any text; buses with the same one hear each other",
    )
