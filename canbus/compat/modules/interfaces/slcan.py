"""`can.interfaces.slcan`."""

from __future__ import annotations

from canbus.backends.slcan.bus import SlcanBus

slcanBus = SlcanBus  # noqa: N816 - python-can's name

__all__ = ["slcanBus"]
