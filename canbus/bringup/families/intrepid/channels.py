"""Which link is which network of which Intrepid device, and the one that is meant. Pure.

The module gives its links no device in sysfs and names that any driver's could have (can0). The
alias alone tells: network and serial number, as the daemon has put them together
(sanitizeInterfaceName in src/main.cpp of icsscand): "hscan_61777".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from canbus.bringup.request import Request
from canbus.errors import CanConfigError
from canbus.link_info import LinkInfo

_ALIAS = re.compile(r"((?:hs|ms|sw|lsft|dw)can[0-9]*)_[A-Za-z0-9]+")
"""The networks are those of libicsneo (GetNetIDString of networkid.h; "DW CAN 01" in its newest):
others give their links aliases, too."""
_USUAL = "hscan"  # the first high-speed network, which every device has


def network_of(link: LinkInfo) -> str | None:
    """Which network of its device a link is; None if it is not of this family."""
    found = _ALIAS.fullmatch(link.alias or "") if link.device is None else None
    return found[1] if found else None


@dataclass(frozen=True)
class Choice:
    """Which of the channels is meant.

    Attributes:
        name: of the link.
        network: of the device ("mscan"), or the whole alias ("mscan_61777").
    """

    name: str | None = None
    network: str | None = None

    @classmethod
    def of(cls, request: Request) -> Choice:
        """What a request says.

        Raises:
            CanConfigError: a ValueError; the network is no name of one.
        """
        network = request.options.get("network")
        if network is None:
            return cls(request.name)
        if not isinstance(network, str) or not re.fullmatch(
            r"[A-Za-z0-9]+(_[A-Za-z0-9]+)?", network
        ):
            raise CanConfigError(
                f"network={network!r} is no network of an Intrepid device",
                hint="hscan, mscan, hscan2, ...; with several devices hscan_61777, which has the "
                "serial number, too",
            )
        name, _, serial = network.partition("_")
        return cls(request.name, f"{name.lower()}_{serial}" if serial else name.lower())

    def is_met(self, link: LinkInfo) -> bool:
        """Whether it may be this one."""
        return (
            network_of(link) is not None
            and self.name in {None, link.name}
            and self.network in {None, network_of(link), link.alias}
        )

    def choose(self, there: list[LinkInfo]) -> LinkInfo:
        """The one of those that may be it: by default the first network of the only device.

        Raises:
            CanConfigError: a ValueError; that is not clear.
        """
        is_open = self.name is None and self.network is None
        usual = [link for link in there if is_open and network_of(link) == _USUAL]
        few = usual or there
        if len(few) == 1:
            return few[0]
        raise CanConfigError(
            f"there are {len(there)} channels of Intrepid devices: {describe(there)}",
            hint=f"say which: --network {few[0].alias}, or --name {few[0].name}",
        )

    @property
    def pattern(self) -> str:
        """Of the alias, as `fnmatch` has them."""
        network = self.network or (_USUAL if self.name is None else "[a-z]*")
        return network if "_" in network else f"{network}_*"

    @property
    def expression(self) -> str:
        """Of the alias, as `grep` has them."""
        return self.pattern.replace("*", "[[:alnum:]]*")

    def __str__(self) -> str:
        """For a sentence: " can0 of mscan"."""
        parts = [
            f" {self.name}" if self.name else "",
            f" of {self.network}" if self.network else "",
        ]
        return "".join(parts)


def describe(there: list[LinkInfo]) -> str:
    """Names and aliases: "can0 (hscan_61777), can1 (mscan_61777)"."""
    return ", ".join(f"{link.name} ({link.alias})" for link in there)
