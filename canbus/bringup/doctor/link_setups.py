"""Who is told to set a link up, and how: ifupdown, units, rc.local. Read, not judged.

systemd-networkd's files are read by networkd_files.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from canbus.bringup.doctor.system import System

NETWORKD, IFUPDOWN = "systemd-networkd", "ifupdown"

_INTERFACES, _PARTS = "/etc/network/interfaces", "/etc/network/interfaces.d"
_UNITS = "/etc/systemd/system"
_STANZA = re.compile(r"^iface\s+(\S+)\s+(?:can|inet)\b")
_BEGINS = ("iface ", "auto ", "allow-", "mapping ", "source")
_RATE = re.compile(r"\bbitrate[ =](\d{1,9})(k|M)?\b")
_UNIT = {None: 1, "k": 1_000, "M": 1_000_000}


class Setup(NamedTuple):
    """What somebody has for a link.

    Attributes:
        manager: "systemd-networkd", "ifupdown", "can0.service", "rc.local".
        path: of its file.
        bitrate: bit/s that it sets; None if it sets none.
        settings: all that networkd's says, as it stands there: {"CAN.RestartSec": "100ms"}.
    """

    manager: str
    path: str
    bitrate: int | None
    settings: dict[str, str]


def ifupdown_setups(system: System, name: str) -> Iterator[Setup]:
    """Stanzas of interfaces(5) for the link, whether ifupdown reads them or not."""
    for path in (_INTERFACES, *(f"{_PARTS}/{part}" for part in system.names(_PARTS))):
        lines = system.lines(path)
        for at, line in enumerate(lines):
            found = _STANZA.match(line)
            if found and found[1] == name:
                yield Setup(IFUPDOWN, path, _stanza_rate(lines[at + 1 :]), {})


def is_read(system: System, setup: Setup) -> bool:
    """Whether a stanza is in interfaces, or in what interfaces says to read, too."""
    return setup.path == _INTERFACES or any(
        line.startswith("source") and _PARTS in line for line in system.lines(_INTERFACES)
    )


def is_automatic(system: System, setup: Setup, name: str) -> bool:
    """Whether `auto` names the link, which then is brought up at boot, there or not."""
    words = [line.split() for line in system.lines(setup.path)]
    return any(line[0] == "auto" and name in line for line in words if line)


def script_setups(system: System, name: str) -> Iterator[Setup]:
    """Units of /etc, and rc.local, that set the link up by a command."""
    units = [unit for unit in system.names(_UNITS) if unit.endswith(".service")]
    command = re.compile(
        rf"\bip\s+(?:-\S+\s+)*link\s+set\s+(?:dev\s+)?{re.escape(name)}\b.*\bbitrate\b"
        rf"|\bcanbus\s+up\s+{re.escape(name)}\b"
    )
    for path in ("/etc/rc.local", *(f"{_UNITS}/{unit}" for unit in units)):
        for line in system.lines(path):
            if not line.startswith("#") and command.search(line):
                yield Setup(path.rpartition("/")[2], path, _rate(line), {})
                break


def _stanza_rate(lines: list[str]) -> int | None:
    for line in lines:
        if line.startswith(_BEGINS):
            return None
        if (rate := _rate(line)) is not None and not line.startswith("#"):
            return rate
    return None


def _rate(line: str) -> int | None:
    found = _RATE.search(line)
    return int(found[1]) * _UNIT[found[2]] if found else None
