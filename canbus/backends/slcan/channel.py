"""What the user may write as a channel: a port, with its baud rate if he likes. No I/O but stat.

"/dev/ttyACM0"              a tty
"/dev/ttyUSB0@1000000"      python-can's form: the number is the line's baud rate
"usb:SERIAL"                the adapter with that serial number, wherever it is plugged in
"path:1-1.4:1.0"            the one in that USB socket
"socket://host:port"        any URL that pyserial opens
"""

from __future__ import annotations

import os
from typing import NamedTuple

from canbus.errors import CanConfigError

DEFAULT_BAUDRATE = 115200  # as python-can has it

_FORMS = 'for example "/dev/ttyACM0", "/dev/ttyUSB0@1000000" or "socket://192.168.0.10:23"'
_NETWORK = ("socket", "rfc2217")


class SerialChannel(NamedTuple):
    """A port, and the baud rate to open it with, in bits per second."""

    url: str
    baudrate: int


def parse_channel(channel: object, tty_baudrate: int | None = None) -> SerialChannel:
    """Take a channel apart.

    Args:
        channel: a string, or a path.
        tty_baudrate: what the user gave beside the channel; None for nothing.

    Raises:
        CanConfigError: also a ValueError; it names no port, its baud rate is no number, or is
            another one than `tty_baudrate`.
    """
    text = _text_of(channel)
    url, own = _split(text)
    if own is not None and tty_baudrate is not None and own != tty_baudrate:
        raise CanConfigError(
            f"channel {text!r} contradicts tty_baudrate={tty_baudrate}", hint="give one of them"
        )
    given = tty_baudrate if own is None else own
    if given is not None and given <= 0:
        raise CanConfigError(f"channel {text!r}: {given} is no baud rate", hint=_FORMS)
    return SerialChannel(url, DEFAULT_BAUDRATE if given is None else given)


def _text_of(channel: object) -> str:
    if isinstance(channel, os.PathLike):
        channel = os.fspath(channel)
    if not isinstance(channel, str):
        problem = "it must be a string"
    elif not channel.strip():
        problem = "it is empty"
    elif "\0" in channel:
        problem = "it has a character that no name can have"
    else:
        return channel
    raise CanConfigError(f"channel {channel!r} cannot be a serial port: {problem}", hint=_FORMS)


def _split(text: str) -> tuple[str, int | None]:
    """The port, and the baud rate behind the last "@" if that is what stands there."""
    url, at, tail = text.rpartition("@")
    if not at or os.path.exists(text):  # noqa: PTH110 - a Path would change "//"
        return text, None
    protocol, is_url, place = url.partition("://")
    if tail.isascii() and tail.isdecimal():
        if is_url and protocol.lower() in _NETWORK and ":" not in place.rpartition("]")[2]:
            return text, None  # socket://user@10: the number is the host
        if url:
            return url, int(tail)
    elif "://" in text or "/" in tail:
        return text, None  # a user's name in a URL, or a folder with an @ in its name
    raise CanConfigError(
        f"channel {text!r}: {tail!r} is no baud rate" if url else f"channel {text!r}: no port",
        hint=_FORMS,
    )
