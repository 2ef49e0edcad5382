"""Interfaces by what they are: of the adapter with that serial number, or in that socket."""

from __future__ import annotations

from collections.abc import Sequence

from canbus.identity import Identity, address_of, choose, device_path, parse_identity
from canbus.link_info import LinkInfo


def name_for(channel: str) -> str:
    """The name of the interface that a channel means; itself, if it is a name.

    Args:
        channel: "can0", "usb:SERIAL", "usb:SERIAL/1", "path:1-1.4:1.0".

    Raises:
        CanChannelNotFoundError: it is not plugged in.
        CanConfigError: a ValueError; several are that.
        CanLinkError: the kernel does not tell which interfaces there are.
    """
    wanted = parse_identity(channel)
    if wanted is None:
        return channel
    from canbus.links.reading import read_links

    return choose(channel, wanted, [(link.name, identity(link)) for link in read_links()])


def identity(link: LinkInfo) -> Identity:
    """What a link is known by."""
    device = link.device
    if device is None:
        return Identity()
    return Identity(device.serial_number, device.path, device.channel)


def address(link: LinkInfo, among: Sequence[LinkInfo]) -> str | None:
    """The channel that means this link wherever it is in the order; None if nothing does.

    Args:
        link: which.
        among: all there are, as two channels of a device have to be told apart.
    """
    mine = identity(link)
    alike = [
        one
        for one in map(identity, among)
        if one.serial_number == mine.serial_number
        and device_path(one.path) == device_path(mine.path)
    ]
    return address_of(mine, of_several=len(alike) > 1)
