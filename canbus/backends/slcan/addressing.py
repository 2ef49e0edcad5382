"""Serial ports by what is plugged in: the one with that serial number, or in that socket."""

from __future__ import annotations

from canbus.backends.slcan.port_list import serial_ports
from canbus.identity import Identity, choose, parse_identity


def path_for(url: str) -> str:
    """The path of the port that is meant; the URL itself, if it is one or a path.

    Looked up at each opening, as the number of the port changes when it is plugged in anew.

    Raises:
        CanChannelNotFoundError: it is not plugged in.
        CanConfigError: a ValueError; several are that.
    """
    wanted = parse_identity(url)
    if wanted is None:
        return url
    there = [
        (port.device, Identity(port.serial_number or None, port.location or None))
        for port in serial_ports()
        if port.vid is not None
    ]
    return str(choose(url, wanted, there))
