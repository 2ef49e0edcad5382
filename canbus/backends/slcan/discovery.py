"""Which serial ports of this machine may be CAN adapters, the likeliest first.

Nothing is opened and no adapter is asked: only what the system knows is read. (Asking an
adapter what it is, a probe, starts from a Candidate's `path`, and is none of this module's.)
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from canbus.backends.slcan.port_list import serial_ports
from canbus.backends.slcan.usb_ids import KnownDevice, Likelihood, look_up

if TYPE_CHECKING:
    from serial.tools.list_ports_common import ListPortInfo

BY_ID = "/dev/serial/by-id"
"""udev's links: their names stay when an adapter is plugged in elsewhere."""


class Candidate(NamedTuple):
    """A serial port that may be a CAN adapter.

    Attributes:
        path: of the device; a channel to open.
        description: what it calls itself.
        vid: USB vendor, None for what is not on USB.
        pid: USB product.
        serial_number: of the adapter, as its maker gave it; not always unique.
        adapter: what it probably is.
        dialect: name of the dialect that it probably speaks; None to let it be asked.
        likelihood: that it is a CAN adapter.
        why: what that rests on.
        by_id: the link under /dev/serial/by-id that leads to it, if there is one.
        is_allowed: this process may open it, as far as its file's rights tell.
    """

    path: str
    description: str
    vid: int | None
    pid: int | None
    serial_number: str | None
    adapter: str
    dialect: str | None
    likelihood: Likelihood
    why: str
    by_id: str | None
    is_allowed: bool

    @property
    def usb_id(self) -> str | None:
        """Vendor and product as lsusb shows them."""
        return None if self.vid is None else f"{self.vid:04x}:{self.pid or 0:04x}"


def candidates(
    ports: Iterable[ListPortInfo] | None = None, *, everything: bool = False, by_id: str = BY_ID
) -> list[Candidate]:
    """The serial ports that may be CAN adapters.

    Args:
        ports: where to choose from; None for all ports of this machine.
        everything: also those that nothing speaks for.
        by_id: folder of the links by identity.

    Returns:
        The likeliest first; those that are as likely, in the order of `ports`.
    """
    links = _links_in(by_id)
    found = [
        _candidate(port, links.get(os.path.realpath(port.device)))
        for port in (serial_ports() if ports is None else ports)
    ]
    chosen = [one for one in found if everything or one.likelihood > Likelihood.OTHER]
    return sorted(chosen, key=lambda one: -one.likelihood)


def _candidate(port: ListPortInfo, link: str | None) -> Candidate:
    named = [text for text in (port.manufacturer, port.product, port.interface) if text]
    row = look_up(port.vid, port.pid, " ".join(named))
    description = port.description or ""
    if description in {"", "n/a"}:
        description = " ".join(named)
    return Candidate(
        path=port.device,
        description=description,
        vid=port.vid,
        pid=port.pid,
        serial_number=port.serial_number or None,
        adapter=row.adapter if row else "serial port",
        dialect=row.dialect if row else None,
        likelihood=row.likelihood if row else Likelihood.OTHER,
        why=_reason(port, row),
        by_id=link,
        is_allowed=os.access(port.device, os.R_OK | os.W_OK),
    )


def _reason(port: ListPortInfo, row: KnownDevice | None) -> str:
    if port.vid is None:
        return "not on USB"
    named = port.product or port.manufacturer or port.interface
    usb_id = f"USB id {port.vid:04x}:{port.pid or 0:04x}"
    if row is None:
        return f"{usb_id} is of no adapter that is known here"
    if row.likelihood is Likelihood.MAYBE:
        return f"{usb_id} is of a chip that anything may be behind"
    if row.usb_id[0] is None:
        return f"it calls itself {named!r}"
    if row.words:
        return f"{usb_id}, and it calls itself {named!r}"
    return usb_id


def _links_in(folder: str) -> dict[str, str]:
    """Where each link leads: {device: link}."""
    try:
        return {os.path.realpath(link): str(link) for link in sorted(Path(folder).iterdir())}
    except OSError:  # no udev, or nothing plugged in
        return {}
