"""The options of `emulate`, by kind of adapter, as words of the command line. No processes here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from canbus.errors import CanConfigError
from canbus.testing.slcan.adapter import find_firmware

DRIVERS = {"gs_usb": "gs_usb", "pcan_usb": "peak_usb", "cdc_acm": "cdc_acm"}
"""The kernel module that drives each kind."""

_MOST_CHANNELS = {"gs_usb": 3}


def words(kind: str, options: dict[str, Any]) -> list[str]:
    """The command line that makes an adapter.

    Args:
        kind: of adapter.
        options: of `emulate`, those that were given.

    Raises:
        CanConfigError: a ValueError; no such kind, or it has no such option or value.
    """
    if kind not in DRIVERS:
        raise CanConfigError(f"no emulated adapter {kind!r}", hint=f"known: {', '.join(DRIVERS)}")
    result = [kind]
    for name, value in options.items():
        if name not in _OPTIONS[kind]:
            raise CanConfigError(
                f"a {kind} adapter has no option {name!r}",
                hint=f"it has {', '.join(_OPTIONS[kind])}",
            )
        if name == "channels" and value not in range(1, _MOST_CHANNELS.get(kind, 1) + 1):
            raise CanConfigError(f"a {kind} adapter with {value} channels does not exist")
        if name == "dialect":
            find_firmware(value)
        result += _OPTIONS[kind][name](value)
    return result


def _with_value(word: str) -> Callable[[Any], list[str]]:
    return lambda value: [] if value is None else [f"{word}={value}"]


def _if(wanted: bool, word: str) -> Callable[[Any], list[str]]:
    return lambda value: [word] if bool(value) is wanted else []


def _nothing(value: Any) -> list[str]:
    return []


_OPTIONS: dict[str, dict[str, Callable[[Any], list[str]]]] = {
    "gs_usb": {
        "channels": _with_value("--channels"),
        "fd": _if(False, "--no-fd"),
        "hardware_stamps": _if(False, "--no-hardware-stamps"),
        "listen_only": _if(False, "--no-listen-only"),
        "serial": _with_value("--serial"),
        "paced": _if(True, "--paced"),
        "wire_bitrate": _with_value("--wire-bitrate"),
    },
    "pcan_usb": {
        "channels": _nothing,
        "paced": _if(True, "--paced"),
        "wire_bitrate": _with_value("--wire-bitrate"),
    },
    "cdc_acm": {
        "dialect": _with_value("--dialect"),
        "version": _with_value("--version-text"),
        "serial": _with_value("--serial"),
        "paced": _if(True, "--paced"),
        "wire_bitrate": _with_value("--wire-bitrate"),
    },
}
