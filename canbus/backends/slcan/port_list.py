"""The serial ports of this machine, as the system lists them. Nothing is opened or judged here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serial.tools.list_ports_common import ListPortInfo


def serial_ports() -> list[ListPortInfo]:
    """All serial ports that pyserial finds, by name; [] where it cannot look."""
    try:
        from serial.tools.list_ports import comports
    except ImportError:  # pyserial is missing, or knows nothing of this platform
        return []
    return sorted(comports())


def nearest_ports(name: str) -> list[str]:
    """The names of the serial ports that there are, those most like `name` first."""
    from difflib import SequenceMatcher

    names = [port.device for port in serial_ports()]
    return sorted(names, key=lambda one: -SequenceMatcher(None, name, one).ratio())
