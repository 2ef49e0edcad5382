"""Who else sets links up, and how: systemd-networkd, ifupdown; and rules that name them.

Files are read as systemd.network(5) and interfaces(5) describe them, as far as CAN is concerned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo

_FOLDERS = ("/etc/systemd/network", "/run/systemd/network", "/usr/local/lib/systemd/network",
            "/usr/lib/systemd/network")  # fmt: skip
_UNITS = {"": 1, "K": 1_000, "M": 1_000_000}
_STANZA = re.compile(r"^iface\s+(\S+)\s+can\b")
_IFUPDOWN_RATE = re.compile(r"\bbitrate\s+(\d+)")
_CLASH = re.compile(r"ailed to rename network interface .*File exists")
_NO_RESTART = frozenset({"gs_usb", "slcan"})


class Setup(NamedTuple):
    """What a manager has for a link.

    Attributes:
        manager: "systemd-networkd", "ifupdown".
        path: of its file.
        bitrate: bit/s that it sets; None if it sets none.
        settings: all that it says, as it stands there: {"CAN.RestartSec": "100ms"}.
    """

    manager: str
    path: str
    bitrate: int | None
    settings: dict[str, str]


def look(system: System) -> Iterator[Finding]:
    """Each interface that was asked about, and names that clash."""
    for link in system.asked_links:
        setups = [*_networkd(system, link), *_ifupdown(system, link)]
        yield from _two(link, setups)
        for setup in setups:
            yield from _other_bitrate(link, setup)
            if setup.manager == "systemd-networkd":
                yield from _restart(link, setup)
                yield from _online(link, setup)
    clashes = [line for line in system.kernel_log or () if _CLASH.search(line)]
    if clashes:
        yield _clash(clashes)


# -- what they have ---------------------------------------------------------------------


def _networkd(system: System, link: LinkInfo) -> Iterator[Setup]:
    """The first file that matches counts (systemd.network(5)); a folder hides those after it."""
    seen: dict[str, str] = {}
    for folder in reversed(_FOLDERS):
        seen |= {name: f"{folder}/{name}" for name in system.names(folder)}
    for name in sorted(seen):
        if not name.endswith(".network"):
            continue
        settings = _ini(system.lines(seen[name]))
        if _matches(settings, link):
            yield Setup("systemd-networkd", seen[name], _rate(settings), settings)
            return


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
    driver = link.device.driver if link.device is not None else None
    tests = {"Match.Name": link.name, "Match.Driver": driver or "", "Match.Kind": link.kind or "",
             "Match.Type": "can"}  # fmt: skip
    given = [key for key in settings if key.startswith("Match.")]
    return bool(given) and all(
        key in tests and any(fnmatchcase(tests[key], one) for one in settings[key].split())
        for key in given
    )


def _rate(settings: dict[str, str]) -> int | None:
    found = re.fullmatch(r"(\d+)([KM]?)", settings.get("CAN.BitRate", "")[:12])
    return int(found[1]) * _UNITS[found[2]] if found else None


def _ifupdown(system: System, link: LinkInfo) -> Iterator[Setup]:
    folder = "/etc/network/interfaces.d"
    paths = ["/etc/network/interfaces", *(f"{folder}/{name}" for name in system.names(folder))]
    for path in paths:
        name = ""
        for line in system.lines(path):
            found = _STANZA.match(line)
            if found or line.startswith(("iface ", "auto ", "allow-")):
                name = found[1] if found else ""
                if name == link.name:
                    yield Setup("ifupdown", path, _stanza_rate(system.lines(path), name), {})


def _stanza_rate(lines: list[str], name: str) -> int | None:
    inside = False
    for line in lines:
        if line.startswith(("iface ", "auto ", "allow-")):
            found = _STANZA.match(line)
            inside = found is not None and found[1] == name
        elif inside and (rate := _IFUPDOWN_RATE.search(line)):
            return int(rate[1][:12])
    return None


# -- what is wrong with it ----------------------------------------------------------------


def _two(link: LinkInfo, setups: list[Setup]) -> Iterator[Finding]:
    if len({setup.manager for setup in setups}) < 2:
        return
    yield Finding(
        name="two-managers",
        severity=Severity.WARNING,
        what=f"{link.name} is set up by two: {' and '.join(setup.manager for setup in setups)}",
        evidence=tuple(setup.path for setup in setups),
        meaning="Who comes last wins, and that may be another one at every start.",
        commands=(f"sudo rm {setups[-1].path}   # or the other one",),
        likelihood=Likelihood.LIKELY,
        channel=link.name,
    )


def _other_bitrate(link: LinkInfo, setup: Setup) -> Iterator[Finding]:
    if setup.bitrate is None or link.bitrate in {None, setup.bitrate}:
        return
    yield Finding(
        name="manager-other-bitrate",
        severity=Severity.WARNING,
        what=f"{link.name} runs at {link.bitrate} bit/s, and {setup.manager} is told "
        f"{setup.bitrate}",
        evidence=(f"{setup.path}: {setup.bitrate} bit/s", f"bit rate {link.bitrate} (netlink)"),
        meaning="Somebody has set it by hand since. After the next start, or when the manager sets "
        "the link up anew, it is the other one again.",
        commands=(f"sudoedit {setup.path}",),
        likelihood=Likelihood.LIKELY,
        channel=link.name,
    )


def _restart(link: LinkInfo, setup: Setup) -> Iterator[Finding]:
    driver = link.device.driver if link.device is not None else None
    asked = setup.settings.get("CAN.RestartSec", "0")
    if driver not in _NO_RESTART or asked in {"", "0"}:
        return
    yield Finding(
        name="manager-restart",
        severity=Severity.WARNING if link.is_up else Severity.ERROR,
        what=f"systemd-networkd cannot bring {link.name} up: {driver} has no restart",
        evidence=(f"{setup.path}: RestartSec={asked[:20]}", f"its driver is {driver}"),
        meaning='The kernel refuses the setting, and networkd then leaves the link down: "Device '
        "doesn't support restart from Bus Off\".",
        commands=(
            f"sudo sed -i /^RestartSec=/d {setup.path}",
            f"sudo networkctl reload && sudo networkctl reconfigure {link.name}",
        ),
        channel=link.name,
    )


def _online(link: LinkInfo, setup: Setup) -> Iterator[Finding]:
    waits = setup.settings.get("Link.RequiredForOnline", "yes")
    has_can = any(key.startswith("CAN.") for key in setup.settings)
    if not has_can or waits in {"no", "false", "0", "off"}:
        return
    yield Finding(
        name="boot-waits",
        severity=Severity.WARNING,
        what=f"the machine's start waits for {link.name} to be online, which CAN never is",
        evidence=(f"{setup.path} has no RequiredForOnline=no",),
        meaning="systemd-networkd-wait-online counts every link that networkd manages. Services "
        "that want the network, SSH among them, start minutes late.",
        commands=(
            f"printf '[Link]\\nRequiredForOnline=no\\n' | sudo tee -a {setup.path}",
            "sudo networkctl reload",
        ),
        likelihood=Likelihood.LIKELY,
        channel=link.name,
    )


def _clash(lines: list[str]) -> Finding:
    return Finding(
        name="name-taken",
        severity=Severity.WARNING,
        what="an interface could not get its name: another one has it",
        evidence=tuple(lines[-2:]),
        meaning="Names such as can0 are given by the kernel in the order in which drivers come, "
        "so that a rule may want one that is taken by then.",
        commands=("# name them otherwise in the rules: can_front, can_rear", "canbus list"),
        likelihood=Likelihood.LIKELY,
    )
