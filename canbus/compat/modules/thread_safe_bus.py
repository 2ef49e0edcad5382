"""`can.thread_safe_bus`."""

from __future__ import annotations

from canbus.thread_safe_bus import ThreadSafeBus

__all__ = ["ThreadSafeBus"]
