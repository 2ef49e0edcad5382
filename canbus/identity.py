"""A channel named by what it is, not by a number that changes: "usb:SERIAL", "path:1-1.4:1.0".

How such a name is read, and which of several things it means. What there is, others look up.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from canbus.errors import CanChannelNotFoundError, CanConfigError

T = TypeVar("T")
_KINDS = ("usb", "path")
_FORMS = '"usb:SERIAL", "usb:SERIAL/1" for its second channel, "path:1-1.4:1.0", "path:spi0.0"'


class Identity(NamedTuple):
    """What a channel is known by.

    Attributes:
        serial_number: of a USB adapter, as its maker gave it.
        path: of the device on its bus, which is the socket that it is plugged into.
        channel: which of the device's channels, from 0; None if that was not said.
    """

    serial_number: str | None = None
    path: str | None = None
    channel: int | None = None


def parse_identity(text: str) -> Identity | None:
    """Read a channel; None if it is an ordinary name.

    Raises:
        CanConfigError: a ValueError; nothing stands behind "usb:" or "path:".
    """
    kind, colon, value = text.partition(":")
    if not colon or kind not in _KINDS:
        return None
    name, slash, number = value.rpartition("/")
    channel = int(number) if slash and number.isascii() and number.isdecimal() else None
    if channel is None:
        name = value
    if not name:
        raise CanConfigError(f"channel {text!r} names nothing", hint=_FORMS)
    if kind == "usb":
        return Identity(serial_number=name, channel=channel)
    return Identity(path=name, channel=channel)


def address_of(identity: Identity, *, of_several: bool) -> str | None:
    """The text that `parse_identity` reads; by serial number if there is one, else by path."""
    end = f"/{identity.channel}" if of_several and identity.channel is not None else ""
    if identity.serial_number:
        return f"usb:{identity.serial_number}{end}"
    return f"path:{identity.path}{end}" if identity.path else None


def choose(text: str, wanted: Identity, there: Iterable[tuple[T, Identity]]) -> T:
    """The one that is meant.

    Args:
        text: as the user wrote it.
        wanted: what that says.
        there: what there is, each with what it is known by.

    Raises:
        CanChannelNotFoundError: it is not plugged in; the hint says what is.
        CanConfigError: a ValueError; several are that, the hint tells them apart.
    """
    all_there = list(there)
    found = [(one, identity) for one, identity in all_there if _is(wanted, identity)]
    if wanted.channel is None and len(found) > 1:
        first = [pair for pair in found if not pair[1].channel]
        found = first if len(first) == 1 and _is_one_device(found) else found
    if len(found) == 1:
        return found[0][0]
    if found:
        names = [f"path:{identity.path}" for _, identity in found if identity.path]
        raise CanConfigError(f"{text} is not the only one", hint=f"one of {', '.join(names)}")
    names = [address_of(one, of_several=True) or "" for _, one in all_there]
    known = ", ".join(name for name in names if name)
    raise CanChannelNotFoundError(
        f"{text} is not plugged in", hint=f"there is {known}" if known else _FORMS
    )


def _is(wanted: Identity, one: Identity) -> bool:
    if wanted.channel is not None and wanted.channel != (one.channel or 0):
        return False
    if wanted.serial_number is not None:
        return wanted.serial_number == one.serial_number
    return one.path is not None and wanted.path in {one.path, device_path(one.path)}


def _is_one_device(found: list[tuple[T, Identity]]) -> bool:
    return len({(one.serial_number, device_path(one.path)) for _, one in found}) == 1


def device_path(path: str | None) -> str | None:
    """Without the interface of a USB device: "1-1.4" of "1-1.4:1.0"; others as they are."""
    device, _, rest = (path or "").partition(":")
    return device if rest and "-" in device else path
