"""Names and words as systemd and udev write them. Pure text; no file is read.

systemd: unit_name_path_escape() of src/basic/unit-name.c, systemd.unit(5) and the command lines
of systemd.service(5). udev: udev(7).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from canbus.errors import CanConfigError, CanLinkError
from canbus.links.names import check_name

_KERNELS_OWN = re.compile(r"(v|vx|sl)?can[0-9]+")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_PLAIN = re.compile(r"[A-Za-z0-9 ._:+=,@/#()-]+")
_BARE = re.compile(r"[A-Za-z0-9_./:=,+@-]+")


def check_persistent_name(name: str) -> str:
    """Return the name, if files of systemd and udev can have it as it is.

    Raises:
        CanConfigError: a ValueError; no link can have it, or it would have to be escaped.
    """
    try:
        check_name(name)
    except CanLinkError as exc:
        raise CanConfigError(str(exc), hint=exc.hint) from exc
    if not _NAME.fullmatch(name):
        raise CanConfigError(
            f"{name!r} cannot be kept: rules and units are written with letters, digits, '_', '.' "
            "and '-'",
            hint="for example can_front",
        )
    return name


def is_kernels_own(name: str) -> bool:
    """Whether the kernel gives such names by itself, to whatever comes first: can0, vcan1."""
    return _KERNELS_OWN.fullmatch(name) is not None


def escape_path(path: str) -> str:
    r"""A path as a part of a unit's name: "/dev/canbus/can-a" is "dev-canbus-can\x2da"."""
    parts = [part for part in path.split("/") if part]
    if not parts:
        return "-"
    escaped = "-".join(_escape_part(part) for part in parts)
    return "\\x2e" + escaped[1:] if escaped.startswith(".") else escaped


def _escape_part(part: str) -> str:
    return "".join(
        char
        if re.fullmatch(r"[A-Za-z0-9:_.]", char)
        else "".join(f"\\x{byte:02x}" for byte in char.encode())
        for char in part
    )


def device_unit(path: str) -> str:
    """The unit of a device, or of a link to one: "dev-ttyACM0.device" of "/dev/ttyACM0"."""
    return f"{escape_path(path)}.device"


def net_device_unit(name: str) -> str:
    """The unit of a network interface."""
    return device_unit(f"/sys/subsystem/net/devices/{name}")


def exec_line(words: Iterable[str]) -> str:
    """A command line of a unit; nothing in the words is replaced."""
    return " ".join(_exec_word(word) for word in words)


def _exec_word(word: str) -> str:
    doubled = word.replace("%", "%%").replace("$", "$$")
    if _BARE.fullmatch(word):
        return doubled
    quoted = doubled.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{quoted.replace(chr(9), chr(92) + "t")}"'


def is_plain(value: str) -> bool:
    """Whether udev compares a value letter by letter: no quotes, no patterns, no escapes."""
    return _PLAIN.fullmatch(value) is not None


def check_plain(value: str) -> str:
    """Return what a rule of udev compares letter by letter.

    Raises:
        CanConfigError: a ValueError; udev would take it for something else.
    """
    if not is_plain(value):
        raise CanConfigError(
            f"{value!r} cannot be compared by a udev rule: it has characters that mean "
            "something else there",
            hint="--by path tells the adapter by the place that it is plugged in at",
        )
    return value
