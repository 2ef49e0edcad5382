"""Intrepid's daemon: where it is, which version it is of, what helps if it finds no device.

It goes by two names: `libicsneo-socketcan-daemon` is what its build makes, `icsscand` what its
repository is called, what version 1 was called, and what people rename it to. Starting it is
starting.py's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from canbus.bringup.families.intrepid import messages, versions
from canbus.bringup.families.intrepid.versions import Version
from canbus.bringup.machine import Machine
from canbus.errors import CanLinkError

MODULE = "intrepid"
NAMES = ("libicsneo-socketcan-daemon", "icsscand")
KEY = "intrepid"
"""Names its keeper: one daemon sees to all devices, and a second one cannot run."""

ENVIRONMENT = {"LIBICSNEO_USE_SERVD": "0"}
"""Else libraries of 2025 and 2026 wait for a service that is not there, and find no device."""


def find_daemon(machine: Machine) -> str:
    """Its path.

    Raises:
        CanLinkError: it is not installed.
    """
    for name in NAMES:
        path = machine.find_program(name)
        if path is not None:
            return path
    raise CanLinkError(
        f"Intrepid's daemon is not installed: there is no program {' or '.join(NAMES)}",
        hint=messages.BUILD_DAEMON,
    )


def is_running(machine: Machine) -> bool:
    """Whether one runs, whoever has started it."""
    return machine.is_running(*NAMES)


def advice(machine: Machine, program: str | None) -> str:
    """What to look at if no device comes."""
    if program is None:
        look = (
            "the daemon was not started by canbus: its own output or journal says what it finds; "
            "LIBICSNEO_USE_SERVD=0 has to be in its environment"
        )
    else:
        look = f"`sudo env LIBICSNEO_USE_SERVD=0 {program}` shows what the daemon says"
    if any(one.startswith("093c:") for one in machine.usb_ids()):
        return f"a device is plugged in, but cannot be used, or has no such network: {look}"
    return f"is it plugged in? `lsusb -d 093c:` should show it, unless it is on Ethernet; {look}"


@dataclass
class Pair:
    """The module and the daemon of this machine.

    Attributes:
        machine: where they are.
        program: path of the daemon; None for one that somebody else has started.
    """

    machine: Machine
    program: str | None
    _daemon: Version | None = field(default=None, init=False)

    def read(self) -> tuple[Version | None, Version | None]:
        """Their versions, where they can be read; the daemon is not started for that.

        Raises:
            CanLinkError: the daemon is of version 1, which is another program.
        """
        module = versions.parse(self.machine.module_version(MODULE))
        if self.program is not None and self._daemon is None:
            self._daemon = self._ask(self.program)
        return module, self._daemon

    def _ask(self, program: str) -> Version | None:
        said = self.machine.ask_program(program, "--devices", environment=ENVIRONMENT)
        if "(run as a daemon)" in said:  # print_usage() of version 1
            raise CanLinkError(
                f"{program} is version 1 of Intrepid's daemon, of 2016: its interfaces cannot "
                "be told from others",
                hint=messages.BOTH_ANEW,
            )
        return versions.parse_banner(said)

    def sets_bitrate(self) -> bool:
        """Whether they are known to have a bit rate to set."""
        module, daemon = self.read()
        return module is not None and daemon is not None and versions.sets_bitrate(module, daemon)

    def why_no_bitrate(self) -> str:
        """In words."""
        module, daemon = self.read()
        which = f"module {module or 'unknown'}, daemon {daemon or 'unknown'}"
        return f"Intrepid's module and daemon are too old to set it ({which})"
