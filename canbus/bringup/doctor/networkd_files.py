"""What systemd-networkd is told about a link, and what it has made of it. Read, not judged.

Files as in systemd.network(5); its state as sd-network reads it, in /run/systemd/netif/links
(src/network/networkd-state-file.c).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from canbus.bringup.doctor.driver_habits import driver_of
from canbus.bringup.doctor.link_setups import NETWORKD, Setup
from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo

_FOLDERS = ("/etc/systemd/network", "/run/systemd/network", "/usr/local/lib/systemd/network",
            "/usr/lib/systemd/network", "/lib/systemd/network")  # fmt: skip
_UNITS = {"": 1, "K": 1_000, "M": 1_000_000}


def networkd_setup(system: System, link: LinkInfo) -> Setup | None:
    """The file that counts for the link, with its drop-ins; None if there is none.

    That which networkd says it has taken; else the first, by name, that matches.
    """
    taken = networkd_state(system, link).get("NETWORK_FILE", "")
    if taken:
        return _setup(system, taken)
    return next(networkd_setups(system, link), None)


def networkd_setups(system: System, link: LinkInfo) -> Iterator[Setup]:
    """All files that match the link, in the order in which networkd looks: the first one counts."""
    files = _files(system)
    for name in sorted(files):
        setup = _setup(system, files[name])
        if _matches(setup.settings, link):
            yield setup


def _setup(system: System, path: str) -> Setup:
    settings = _settings(system, path)
    return Setup(NETWORKD, path, _rate(settings), settings)


def networkd_state(system: System, link: LinkInfo) -> dict[str, str]:
    """What networkd says of the link: {"ADMIN_STATE": "failed"}; {} if it does not run."""
    lines = system.lines(f"/run/systemd/netif/links/{link.index}")
    pairs = (line.partition("=") for line in lines if not line.startswith("#"))
    return {key: value for key, _, value in pairs if value}


def _files(system: System) -> dict[str, str]:
    """The path of each name; a folder hides those of the same name in folders after it."""
    found: dict[str, str] = {}
    for folder in reversed(_FOLDERS):
        names = [name for name in system.names(folder) if name.endswith(".network")]
        found |= {name: f"{folder}/{name}" for name in names}
    return found


def _settings(system: System, path: str) -> dict[str, str]:
    settings = _ini(system.lines(path))
    folder = f"{path.rpartition('/')[2]}.d"
    for place in reversed(_FOLDERS):
        for name in system.names(f"{place}/{folder}"):
            settings |= _ini(system.lines(f"{place}/{folder}/{name}"))
    return settings


def _ini(lines: list[str]) -> dict[str, str]:
    section, found = "", {}
    for line in lines:
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif "=" in line and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            found[f"{section}.{key.strip()}"] = value.strip()
    return found


def _matches(settings: dict[str, str], link: LinkInfo) -> bool:
    """By what a CAN file is matched as a rule; one that matches by anything else is not taken."""
    facts = {
        "Match.Name": link.name,
        "Match.OriginalName": link.name,
        "Match.Driver": driver_of(link) or "",
        "Match.Kind": link.kind or "",
        "Match.Type": "can",
    }
    given = [key for key in settings if key.startswith("Match.")]
    return bool(given) and all(
        key in facts and _is_one_of(facts[key], settings[key].split()) for key in given
    )


def _is_one_of(fact: str, patterns: list[str]) -> bool:
    """With a "!" in front, all that the patterns do not fit (systemd.network(5), [Match])."""
    is_inverted = bool(patterns) and patterns[0].startswith("!")
    bare = [pattern.removeprefix("!") for pattern in patterns]
    return any(fnmatchcase(fact, pattern) for pattern in bare) is not is_inverted


def _rate(settings: dict[str, str]) -> int | None:
    found = re.fullmatch(r"(\d{1,10})([KM]?)", settings.get("CAN.BitRate", ""))
    return int(found[1]) * _UNITS[found[2]] if found else None
