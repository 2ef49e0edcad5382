"""A system of tables for the doctor; its twin is the real one in tests/kernel/test_doctor.py.

A situation is a TOML file in situations/: see its README.
"""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from canbus.bringup.doctor.system import System
from canbus.link_info import LinkDevice, LinkInfo, LinkStatistics, LinkTiming, TimingLimits
from canbus.state import CanState

SITUATIONS = Path(__file__).with_name("situations")
_RELEASE = "6.1.0-18-amd64"
_HEALTHY_KERNEL = {
    f"/lib/modules/{_RELEASE}/modules.dep": "\n".join(
        f"kernel/{path}.ko:"
        for path in (
            "net/can/can", "net/can/can-raw", "net/can/can-bcm", "drivers/net/can/vcan",
            "drivers/net/can/slcan/slcan", "drivers/net/can/usb/gs_usb",
            "drivers/net/can/usb/peak_usb/peak_usb", "drivers/net/can/spi/mcp251x",
            "drivers/net/can/spi/mcp251xfd/mcp251xfd",
        )
    ),
    "/proc/sys/kernel/osrelease": _RELEASE,
}  # fmt: skip


class FakeSystem(System):
    """A folder of texts, and tables for the rest.

    Args:
        root: an empty folder, for the files.
        facts: of the situation, as its TOML has them.
        channel: that is asked about.

    Attributes:
        read: the paths that were looked at.
    """

    def __init__(self, root: Path, facts: dict[str, Any], channel: str | None = None) -> None:
        super().__init__(channel or facts.get("channel"), str(root))
        self.facts = facts
        self.read: set[str] = set()
        self.__dict__["links"] = tuple(_links(facts.get("link", [])))
        earlier = _links(
            [one | one["earlier"] for one in facts.get("link", []) if "earlier" in one]
        )
        self.earlier = {link.index: link for link in earlier}
        log = facts.get("kernel_log", "")
        self.__dict__["kernel_log"] = None if log is False else tuple(log.strip().splitlines())
        moment = datetime(facts.get("year", 2026), 6, 1, tzinfo=UTC)
        self.__dict__["time_ns"] = int(moment.timestamp()) * 10**9
        self.__dict__["release"] = facts.get("release", _RELEASE)
        self.__dict__["has_can_sockets"] = facts.get("has_can_sockets", True)
        for path, text in ((_HEALTHY_KERNEL if facts.get("kernel", True) else {})
                           | facts.get("files", {})).items():  # fmt: skip
            place = root / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        for path, target in facts.get("symlinks", {}).items():
            place = root / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(target)

    def _at(self, path):
        self.read.add(path)
        return super()._at(path)

    def modified(self, path):
        return self.facts.get("modified", {}).get(path)

    def may_open(self, path):
        return path not in self.facts.get("denied", [])

    def has_capability(self, name):
        return name in self.facts.get("capabilities", ["CAP_NET_ADMIN", "CAP_SYS_MODULE"])

    def find_program(self, name):
        return f"/usr/bin/{name}" if name in self.facts.get("programs", []) else None

    def ask(self, *command):
        return str(self.facts.get("says", {}).get(" ".join(command), ""))


def load(name: str) -> dict[str, Any]:
    """The facts of a situation."""
    return tomllib.loads((SITUATIONS / f"{name}.toml").read_text())


def _links(tables: list[dict[str, Any]]) -> list[LinkInfo]:
    return [_link(number, table) for number, table in enumerate(tables, 1)]


def _link(number: int, table: dict[str, Any]) -> LinkInfo:
    facts: dict[str, Any] = {"index": number, "kind": "can", "is_up": True, "mtu": 16} | table
    facts.pop("earlier", None)
    bitrate, point = facts.pop("bitrate", None), facts.pop("sample_point", 87.5)
    if bitrate is not None:
        facts["bit_timing"] = LinkTiming(bitrate, point, 125, 6, 7, 2, 1, 1)
    limits = facts.pop("limits", facts["kind"] == "can" and ["sja1000", 1, 16, 1, 8, 4, 1, 64, 1])
    if limits:
        facts["bit_timing_limits"] = TimingLimits(*limits)
    if "device" in facts:
        facts["device"] = LinkDevice(**facts["device"])
    if "state" in facts:
        facts["state"] = CanState[facts["state"]]
    if "statistics" in facts:
        facts["statistics"] = LinkStatistics(**facts["statistics"])
    for name in ("modes", "supported_modes"):
        if name in facts:
            facts[name] = frozenset(facts[name])
    return LinkInfo(**facts)
