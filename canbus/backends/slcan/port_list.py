"""The serial ports of this machine, as the system lists them. Nothing is opened or judged here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serial.tools.list_ports_common import ListPortInfo


def serial_ports() -> list[ListPortInfo]:
    """All serial ports that pyserial finds, by name; [] where it cannot look."""
    try:
        from serial.tools.list_ports import comports
    except ImportError:  # pyserial is missing, or knows nothing of this platform
        return []
    return sorted(port for port in comports() if _is_there(port.name))


def _is_there(name: str, folder: str = "/sys/class/tty") -> bool:
    """Not a ttyS that the kernel keeps for hardware that is not there, as most of them are.

    Its type is PORT_UNKNOWN then (<linux/serial_core.h>; Documentation/ABI/testing/sysfs-tty).
    """
    try:
        return (Path(folder) / name / "type").read_text().strip() != "0"
    except OSError:  # USB, or not Linux
        return True


def nearest_ports(name: str) -> list[str]:
    """The names of the serial ports that there are, those most like `name` first."""
    from difflib import SequenceMatcher

    names = [port.device for port in serial_ports()]
    return sorted(names, key=lambda one: -SequenceMatcher(None, name, one).ratio())
