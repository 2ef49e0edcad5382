"""Channels: the name of the interface that a frame came through. Nothing is received here."""

from __future__ import annotations

import socket


class Channels:
    """The name of the interface that a frame came through.

    Args:
        channel: what the bus was opened on; "" means that each frame says it itself.
    """

    def __init__(self, channel: str) -> None:
        self.fixed = channel or None
        self.shown = channel or "any CAN interface"
        self._names: dict[int, str] = {}

    def name(self, index: int) -> str:
        """The name of an interface index, asked for once."""
        name = self._names.get(index)
        if name is None:
            try:
                name = socket.if_indextoname(index)
            except OSError:
                return f"if{index}"  # gone meanwhile, and its name with it
            self._names[index] = name
        return name
