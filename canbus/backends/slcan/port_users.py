"""Which programs have a serial port open, as far as /proc tells. Nothing is opened here.

Facts: proc(5). The descriptors of other users' processes are hidden from who is not root,
so an empty answer does not mean that nobody has it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class PortUser(NamedTuple):
    """A process that has the port open: its number, and its name (15 bytes at most)."""

    pid: int
    name: str


def users_of(path: str) -> list[PortUser]:
    """Who has the device open now, by process number.

    This very process is among them only if it has it open twice or more: once is what the
    caller may have done himself.

    Args:
        path: of the device, or a link to it.

    Returns:
        What could be found out; [] where there is no /proc. Never raises.
    """
    device = os.path.realpath(path)
    users = []
    for pid in _processes():
        count = _times_open(pid, device)
        if count > 1 or (count and pid != os.getpid()):
            users.append(PortUser(pid, _name_of(pid)))
    return users


def _processes() -> list[int]:
    with suppress(OSError):
        return sorted(int(one.name) for one in Path("/proc").iterdir() if one.name.isdecimal())
    return []


def _times_open(pid: int, device: str) -> int:
    count = 0
    with suppress(OSError):  # it has ended, or is somebody else's
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):  # it was closed meanwhile
                count += str(link.readlink()) == device
    return count


def _name_of(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
    return "?"
