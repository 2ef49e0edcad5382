"""Which channels python-can's backends know of, for `detect_available_configs`."""

from __future__ import annotations

from functools import partial
from typing import Any

from canbus.backends.python_can.bus import python_can
from canbus.backends.python_can.errors import RAISED, operation_error
from canbus.detected import DetectedChannel


def detect_with(name: str) -> list[DetectedChannel]:
    """What one of its backends finds; some import slowly.

    Raises:
        CanError: it failed, or python-can does not import.
    """
    can = python_can()
    try:
        found: list[dict[str, Any]] = can.detect_available_configs(name)
    except RAISED as exc:
        raise operation_error(exc, f"python-can's {name} cannot list its channels") from exc
    return [_channel(name, one) for one in found]


def _channel(name: str, found: dict[str, Any]) -> DetectedChannel:
    rest = {key: value for key, value in found.items() if key not in {"interface", "channel"}}
    channel = DetectedChannel(f"python-can:{name}", found.get("channel"), rest)
    channel.update(rest)  # its backend needs them: they say which adapter of several it is
    return channel


def __getattr__(name: str) -> Any:
    """`detect_pcan` and so on: a backend's description names a function."""
    if name.startswith("detect_"):
        return partial(detect_with, name.removeprefix("detect_"))
    raise AttributeError(name)
