"""An adapter without a terminal, that keeps what it says and what it puts on the wire."""

from __future__ import annotations

from canbus.message import Message
from canbus.testing.slcan import SlcanAdapter

BEL, CR = b"\a", b"\r"


class Adapter(SlcanAdapter):
    """One that keeps what it says and what it puts on the wire."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.said: list[bytes] = []
        self.wire: list[Message] = []
        self.out = self.said.append
        self.transmitter.to_wire = self.wire.append

    def ask(self, text: str) -> bytes:
        """The answer to one or more commands, each ending with a CR."""
        self.said.clear()
        self.feed(text.encode("latin-1"))
        return b"".join(self.said)


def make(dialect="lawicel", *before, **options):
    adapter = Adapter(dialect, **options)
    for line in before:
        adapter.ask(f"{line}\r")
    return adapter


def texts(frames):
    return [format(msg, "candump") for msg in frames]
