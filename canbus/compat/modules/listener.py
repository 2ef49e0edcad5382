"""`can.listener`."""

from __future__ import annotations

from canbus import AsyncBufferedReader, BufferedReader, Listener, RedirectReader
from canbus.listener import MessageRecipient

__all__ = [
    "AsyncBufferedReader",
    "BufferedReader",
    "Listener",
    "MessageRecipient",
    "RedirectReader",
]
