"""Backends of python-can and of its plugins, as ours: `interface="python-can:pcan"`.

python-can is imported when a bus is opened, not before. The description of them only; how
frames go to and fro is in bus.py and frames.py.
"""

from __future__ import annotations

from canbus.backends.python_can.names import PREFIX
from canbus.options import Capability, Option
from canbus.plugin import BackendSpec

_ANY = Capability.FD | Capability.ESI | Capability.OWN_MESSAGES | Capability.BITRATE
_ANY |= Capability.LISTEN_ONLY


_OURS = {"slcan", "socketcan", "virtual"}
"""What these find, our own backends of that name find."""


def spec_of(name: str) -> BackendSpec:
    """The description of one of them.

    Args:
        name: as python-can calls it: "pcan".
    """
    return BackendSpec(
        name=PREFIX + name,
        summary=f"{name} of python-can",
        bus="canbus.backends.python_can.bus:PythonCanBus",
        detect="" if name in _OURS else f"canbus.backends.python_can.detection:detect_{name}",
        options=(Option("timing", object, None, "BitTiming or BitTimingFd, ours or python-can's"),),
        capabilities=_ANY,
        channel_help="what python-can takes for it",
        takes_any_option=True,
        presets={"interface_name": name},
    )
