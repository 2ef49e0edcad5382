"""Site: the system that files are written for, and the machine whose adapters are looked at.

Both are one, unless files are written below another root: an image for another machine. What
manages links there, which version of systemd it has, where its programs are. Nothing is changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from canbus.bringup.doctor.system import System
from canbus.bringup.persist.units import Programs
from canbus.link_info import LinkInfo

NEWEST = 1000
"""A version of systemd that knows everything: where none can be read."""

_SBIN = ("/usr/sbin", "/sbin", "/usr/bin", "/bin")
_BIN = ("/usr/bin", "/bin", "/usr/local/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")
_LIBRARIES = ("/usr/lib/systemd", "/lib/systemd", "/usr/lib64/systemd")
_SHARED = re.compile(r"libsystemd-shared-(\d+)\b.*\.so")
_WANTS = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
_NETWORKD = ("systemd-networkd.service", "systemd-networkd.socket")
_WAITS = "/etc/systemd/system/network-online.target.wants/systemd-networkd-wait-online.service"
_MASK = "/etc/systemd/system/systemd-networkd.service"


@dataclass(frozen=True)
class Site:
    """Where something is to outlive a reboot.

    Attributes:
        system: whose files are read and written.
        hardware: what is plugged in, and which links there are.
        is_here: the two are one, and run now.
    """

    system: System
    hardware: System
    is_here: bool

    @classmethod
    def at(cls, root: str = "/") -> Site:
        """This machine; or what is below another root, with the adapters of this machine."""
        if Path(root).resolve() == Path("/"):
            here = System()
            return cls(here, here, is_here=True)
        return cls(System(root=root), System(), is_here=False)

    # -- programs ---------------------------------------------------------------------

    @cached_property
    def programs(self) -> Programs:
        """Where they are; where they usually are, if they are not there."""
        usual = Programs()
        return Programs(
            ip=self.find("ip", _SBIN) or usual.ip,
            modprobe=self.find("modprobe", _SBIN) or usual.modprobe,
            slcand=self.find("slcand", _BIN) or usual.slcand,
            daemon=self.find_daemon() or usual.daemon,
        )

    def find(self, name: str, folders: tuple[str, ...] = _BIN) -> str | None:
        """The path of a program, below the root."""
        paths = (f"{folder}/{name}" for folder in folders)
        return next((path for path in paths if self.system.exists(path)), None)

    def find_daemon(self) -> str | None:
        """The path of Intrepid's daemon, which goes by two names."""
        from canbus.bringup.families.intrepid.daemon import NAMES

        return next(filter(None, map(self.find, NAMES)), None)

    # -- systemd ----------------------------------------------------------------------

    @cached_property
    def systemd(self) -> int | None:
        """Its version, by the library that its programs share; None if there is none to be seen."""
        folders = list(_LIBRARIES)
        folders += [
            f"/usr/lib/{name}/systemd" for name in self.system.names("/usr/lib") if "linux-" in name
        ]
        for folder in folders:
            for name in self.system.names(folder):
                if found := _SHARED.fullmatch(name):
                    return int(found[1])
        return None

    @property
    def has_systemd(self) -> bool:
        """Whether systemd is installed."""
        return any(self.system.exists(f"{folder}/systemd") for folder in _LIBRARIES)

    @cached_property
    def has_networkd(self) -> bool:
        """Whether systemd-networkd is started at boot, by itself or when it is asked for."""
        if self.system.target(_MASK) == "/dev/null":
            return False
        return any(
            self.system.exists(f"{place}/{folder}/{unit}")
            for place in _WANTS
            for folder in self.system.names(place)
            if folder.endswith(".wants")
            for unit in _NETWORKD
        )

    @property
    def waits_in_vain(self) -> bool:
        """Whether the boot waits for a network that networkd never makes: nothing but CAN is its.

        systemd-networkd-wait-online wants one link online at least (manager_configured() of
        src/network/wait-online/manager.c; seen with systemd 257).
        """
        others = [
            name
            for folder in ("/etc/systemd/network", "/run/systemd/network")
            for name in self.system.names(folder)
            if name.endswith(".network") and not name.startswith("70-canbus-")
        ]
        return not others and self.system.exists(_WAITS)

    @property
    def kernel(self) -> tuple[int, int, int] | None:
        """Version of the kernel; None if it is another machine's."""
        found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", self.hardware.release)
        if not self.is_here or not found:
            return None
        return int(found[1]), int(found[2]), int(found[3] or 0)

    # -- links ------------------------------------------------------------------------

    def find_link(self, name: str | None) -> LinkInfo | None:
        """A link of this machine."""
        return next((link for link in self.hardware.links if link.name == name), None)
