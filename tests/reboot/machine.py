"""A machine that reboots, with CAN adapters, and questions to it. No test here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from canbus.testing.slcan import SlcanEmulator
from tests.lab.reboots import KVASER, SystemdGuest

SERIAL_NUMBER = "206A3597"

_MARK = "@@"


@contextmanager
def with_serial_adapter(
    adapter: SlcanEmulator, qemu_args: tuple[str, ...] = ()
) -> Iterator[SystemdGuest]:
    """A machine with two Kvaser channels, and a serial adapter at a USB converter by FTDI.

    The adapter itself is the emulator's: whatever the machine does, it can be asked.
    """
    converter = (
        f"-device qemu-xhci -chardev serial,id=adapter,path={adapter.port} "
        f"-device usb-serial,chardev=adapter,serial={SERIAL_NUMBER}"
    )
    with SystemdGuest(qemu_args=(KVASER, converter, *qemu_args)) as guest:
        yield guest


def questions(**commands: str) -> str:
    """A script that runs them all, whatever the one before has said."""
    lines = [f"echo; echo '{_MARK}{name}'\n{command} || true" for name, command in commands.items()]
    return "\n".join(lines)


def answers(output: str) -> dict[str, str]:
    """What each of `questions` has said, by its name."""
    parts = re.split(rf"^{_MARK}(\w+)\n", output, flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))


STATE = {
    "links": "ip -json -details link show",
    "system": "systemctl is-system-running",
    "failed": "systemctl list-units --failed --plain --no-legend",
}
"""Questions that everybody has."""


def links(answer: str) -> dict[str, dict[str, Any]]:
    """The CAN links by name, as `ip` tells of them."""
    return {link["ifname"]: link for link in json.loads(answer) if link["link_type"] == "can"}


def setting(link: dict[str, Any], name: str) -> Any:
    """One of a link's own settings: "restart_ms"."""
    return link["linkinfo"]["info_data"].get(name)


def bitrate(link: dict[str, Any]) -> int | None:
    """Bit/s, if it has any; of slcan, a driver with a list of them, `ip` has another word."""
    timing = setting(link, "bittiming")
    found: int | None = timing["bitrate"] if timing else setting(link, "bittiming_bitrate")
    return found
