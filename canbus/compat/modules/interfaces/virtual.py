"""`can.interfaces.virtual`."""

from __future__ import annotations

from canbus.backends.virtual.bus import VirtualBus

__all__ = ["VirtualBus"]
