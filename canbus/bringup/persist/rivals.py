"""Who else is told to set a link up: two that do are a fight at every boot. Read, and refused.

The readers are the doctor's (link_setups.py, networkd_files.py); this says which of what they
find is a fight, and names the file and the line. What cannot have an effect is only a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from canbus.bringup.doctor.link_setups import Setup, ifupdown_setups, is_read, script_setups
from canbus.bringup.doctor.networkd_files import networkd_setups
from canbus.bringup.doctor.system import System
from canbus.bringup.persist.files import NETWORK, RULES, UNITS, Part, body_of, read_head
from canbus.bringup.persist.site import Site
from canbus.errors import CanLinkError
from canbus.link_info import CAN_MTU, LinkInfo

NETWORKD, UNIT = "networkd", "unit"

_NM_FOLDERS = tuple(
    f"{folder}/NetworkManager/system-connections" for folder in ("/etc", "/run", "/usr/lib")
)
_NETPLAN = ("/etc/netplan", "/run/netplan", "/lib/netplan")


class Rival(NamedTuple):
    """A line that sets the link up, or names it, too.

    Attributes:
        who: "ifupdown".
        path: of its file.
        number: of the line, from 1.
        line: as it stands there.
    """

    who: str
    path: str
    number: int
    line: str

    def __str__(self) -> str:
        return f"{self.path}:{self.number}: {self.line}"

    @property
    def remedy(self) -> str:
        """What ends it, and nothing else: a file may be about other links, too."""
        name = self.path.rpartition("/")[2]
        if self.path.startswith(f"{UNITS}/"):
            return f"sudo systemctl disable --now {name}"
        if self.path.endswith((".network", ".nmconnection")):
            return f"sudo mv {self.path} /root/, if it is about nothing else"
        return f"sudoedit {self.path}, and take that out"


def refuse_rivals(site: Site, name: str, manager: str, *, is_named: bool) -> list[str]:
    """See that nobody else sets the link up; what has no effect is told, in words.

    Args:
        site: where.
        name: of the link.
        manager: who shall set it up.
        is_named: a rule of ours shall give it its name.

    Raises:
        CanLinkError: somebody else does; it names the file and the line.
    """
    for rival in (*_setters(site, name, manager), *(_namers(site, name) if is_named else ())):
        raise CanLinkError(
            f"{name} is set up by another already, {rival.who}: {rival}",
            hint=f"keep one of them; to end that: {rival.remedy}; then again",
        )
    return list(_without_effect(site, name))


def refuse_twice(site: Site, name: str, parts: list[Part]) -> None:
    """See that no other link is kept of the same adapter.

    Raises:
        CanLinkError: one is.
    """
    mine = {marks for part in parts if (marks := _marks(part.body))}
    for folder in (RULES, UNITS):
        for file in site.system.names(folder):
            text = f"{site.system.text(f'{folder}/{file}')}\n"
            head = read_head(text)
            if head is not None and head.owner != name and _marks(body_of(text)) in mine:
                raise CanLinkError(
                    f"the adapter is kept already, as {head.owner}",
                    hint=f"canbus persist --remove {head.owner}, then again",
                )


def _marks(body: str) -> frozenset[str]:
    """What a rule tells an adapter by, or the port that a unit is bound to."""
    lines = [line.strip(" ,\\") for line in body.splitlines()]
    compared = [
        line for line in lines if line.startswith(("KERNELS", "ATTR", "ENV")) and "==" in line
    ]
    ports = [line for line in lines if line.startswith("BindsTo=dev-")]
    return frozenset(compared + ports)


def _setters(site: Site, name: str, manager: str) -> Iterator[Rival]:
    system = site.system
    if site.has_networkd:
        for setup in _foreign_networkd(site, name):
            if manager == UNIT or _comes_first(setup, name) or _means_can(setup, name):
                yield _rival(system, setup, "Name=")
    if _has_ifup(site):
        for setup in ifupdown_setups(system, name):
            if is_read(system, setup):
                yield _rival(system, setup, f"iface {name} ")
    for setup in script_setups(system, name):
        if not _is_ours(system, setup.path):
            yield _rival(system, setup, f" {name} ")
    yield from _instances(system, name)
    escaped = re.escape(name)
    profile = re.compile(rf"interface-name\s*=\s*{escaped}")
    key = re.compile(rf"""["']?{escaped}["']?:""")
    yield from _in_folders(system, "NetworkManager", _NM_FOLDERS, profile)
    yield from _in_folders(system, "netplan", _NETPLAN, key)


def _namers(site: Site, name: str) -> Iterator[Rival]:
    """Rules and .link files of others that give some link this name."""
    escaped = re.escape(name)
    rule = re.compile(rf'[^#]*\bNAME:?="{escaped}".*')
    yield from _in_folders(site.system, "udev", (RULES,), rule, ".rules")
    setting = re.compile(rf"Name\s*=\s*{escaped}")
    yield from _in_folders(site.system, "udev", (NETWORK,), setting, ".link")


def _without_effect(site: Site, name: str) -> Iterator[str]:
    if not site.has_networkd:
        for setup in _foreign_networkd(site, name):
            yield (
                f"{setup.path} is for {name}, too, and has no effect while systemd-networkd is not "
                "enabled"
            )
    for setup in ifupdown_setups(site.system, name):
        if not _has_ifup(site) or not is_read(site.system, setup):
            yield f"{setup.path} is for {name}, too, and is read by nobody"


def _foreign_networkd(site: Site, name: str) -> Iterator[Setup]:
    link = site.find_link(name) or LinkInfo(name, 0, None, is_up=False, mtu=CAN_MTU)
    for setup in networkd_setups(site.system, link):
        if not _is_ours(site.system, setup.path):
            yield setup


def _comes_first(setup: Setup, name: str) -> bool:
    """Only the first file that matches counts, by its name, wherever it is."""
    return setup.path.rpartition("/")[2] < f"70-canbus-{name}.network"


def _means_can(setup: Setup, name: str) -> bool:
    """Whether it is for this link, or for CAN links; and not for whatever there is."""
    names = setup.settings.get("Match.Name", "").split()
    return (
        any(key.startswith("CAN.") for key in setup.settings)
        or name in names
        or any(fnmatchcase(name, one) and one.strip("*?") for one in names)
    )


def _has_ifup(site: Site) -> bool:
    return site.find("ifup", ("/usr/sbin", "/sbin")) is not None


def _is_ours(system: System, path: str) -> bool:
    return read_head(f"{system.text(path)}\n") is not None


def _instances(system: System, name: str) -> Iterator[Rival]:
    """Of the templates in scripts/systemd, which are for those who do not use this."""
    for folder in system.names(UNITS):
        if folder.endswith(".wants"):
            for unit in system.names(f"{UNITS}/{folder}"):
                if re.fullmatch(rf"canbus-(can|slcand)@{re.escape(name)}\.service", unit):
                    yield Rival(unit, f"{UNITS}/{folder}/{unit}", 1, "a unit that is enabled")


def _in_folders(
    system: System, who: str, folders: tuple[str, ...], wanted: re.Pattern[str], ending: str = ""
) -> Iterator[Rival]:
    for folder in folders:
        for file in system.names(folder):
            path = f"{folder}/{file}"
            if file.endswith(ending) and not _is_ours(system, path):
                for number, line in enumerate(system.lines(path), 1):
                    if wanted.fullmatch(line):
                        yield Rival(who, path, number, line)


def _rival(system: System, setup: Setup, mark: str) -> Rival:
    """With the line that has the mark; the first line, if none has."""
    lines = system.lines(setup.path)
    for number, line in enumerate(lines, 1):
        if mark in f"{line} " and not line.startswith("#"):
            return Rival(setup.manager, setup.path, number, line)
    return Rival(setup.manager, setup.path, 1, lines[0] if lines else "")
