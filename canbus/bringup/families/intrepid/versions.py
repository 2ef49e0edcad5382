"""Versions of Intrepid's module and daemon: which pairs work, and what they can. Pure.

The module decides itself which daemon it takes (SIOCGCLIENTVEROK in intrepid.c, as of 2.0.2, 3.0.2,
3.0.3 and 3.1.1), and the daemon which module (src/main.cpp of icsscand). Only what those say is
refused here: of versions that are newer than this file, they know more than we do.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_NUMBERS = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_BANNER = re.compile(r"^Daemon v(\d+\.\d+\.\d+)", re.MULTILINE)
_NEWEST_KNOWN = 3  # major


class Version(NamedTuple):
    """A version of either."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return ".".join(map(str, self))


def parse(text: str | None) -> Version | None:
    """A version as the module has it: "3.1.1"."""
    found = _NUMBERS.match(text or "")
    return Version(*map(int, found.groups())) if found else None


def parse_banner(text: str) -> Version | None:
    """The version in what the daemon says at its start: "Daemon v3.2.0"."""
    found = _BANNER.search(text)
    return parse(found[1]) if found else None


def conflict(module: Version, daemon: Version) -> str | None:
    """Why the two do not work together; None if they do, or nobody here knows."""
    needed = _needed(module)
    if needed is None or _is_taken(module, daemon):
        return None
    return (
        f"the kernel module intrepid is {module}, the daemon {daemon}, and they do not work "
        f"together: that module needs a daemon {needed}"
    )


def sets_bitrate(module: Version, daemon: Version) -> bool:
    """Whether the bit rate can be set from here (client_version in intrepid_add_can_if)."""
    return module >= (3, 1, 0) and daemon >= (3, 2, 0)


def _needed(module: Version) -> str | None:
    """In words; None for a module of which nothing is known."""
    if module.major > _NEWEST_KNOWN:
        return None
    if module.major < 2:
        return "of version 1"
    if module.major == 2:
        return "2.0.1 to 2.x" if module >= (2, 0, 2) else "2.x"
    if module < (3, 0, 3):
        return "3.0.x"
    return "3.1.x" if module < (3, 1, 0) else "3.1 or newer"


def _is_taken(module: Version, daemon: Version) -> bool:
    if module.major != daemon.major:
        return False
    if module.major == 2:
        return module < (2, 0, 2) or daemon != (2, 0, 0)
    if module < (3, 0, 3):
        return daemon.minor == 0
    return daemon.minor == 1 if module < (3, 1, 0) else daemon.minor >= 1
