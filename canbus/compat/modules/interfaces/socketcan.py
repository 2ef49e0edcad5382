"""`can.interfaces.socketcan`."""

from __future__ import annotations

from canbus.backends.socketcan.bus import SocketcanBus

__all__ = ["SocketcanBus"]
