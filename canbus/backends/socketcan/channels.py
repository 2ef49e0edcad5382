"""Channels: the name of the interface that a frame came through. Nothing is received here."""

from __future__ import annotations

from canbus.place import HERE, Place


class Channels:
    """The name of the interface that a frame came through.

    Args:
        channel: what the bus was opened on; "" means that each frame says it itself.
        place: where the interfaces are.
    """

    def __init__(self, channel: str, place: Place = HERE) -> None:
        self.place = place
        self.fixed = channel or None
        self.shown = channel or "any CAN interface"
        self._names: dict[int, str] = {}

    def name(self, index: int) -> str:
        """The name of an interface index, asked for once."""
        name = self._names.get(index)
        if name is None:
            try:
                name = self.place.name_of(index)
            except OSError:
                return f"if{index}"  # gone meanwhile, and its name with it
            self._names[index] = name
        return name
