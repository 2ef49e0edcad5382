"""What the emulated adapters have in common: a USB device with CAN nodes on one wire.

The shape of an adapter, for the files that know a protocol (gs_usb.py, ...) and
those that drive one (emulator.py, commands.py). No protocol and no sockets here.
"""

from __future__ import annotations

from typing import Any, ClassVar

from canbus.errors import CanUnsupportedError
from canbus.message import Message
from canbus.testing.usb.descriptors import Identity
from canbus.testing.usb.device import UsbDevice
from canbus.testing.usb.node import Node, Transmission
from canbus.testing.usb.wire import Wire

FULL_SPEED = 2
"""`enum usb_device_speed` of <linux/usb/ch9.h>."""


class CanAdapter(UsbDevice):
    """An adapter; its nodes report to it.

    Args:
        wire: what all its channels are on.
        identity: what it says of itself.
        channels: how many nodes it has.
        forgets: see `Node`.
        freezes: see `Node`.

    Attributes:
        kind: its name on the command line.
        driver: name of the Linux module that drives it.
        speed: of the USB connection.
        nodes: by number of the channel.
        is_leaving: its cable is to be pulled, by a fault of its own; `reset` ends that.
    """

    kind: ClassVar[str]
    driver: ClassVar[str]
    speed: ClassVar[int] = FULL_SPEED

    def __init__(
        self,
        wire: Wire,
        identity: Identity,
        channels: int,
        *,
        forgets: bool,
        freezes: bool = False,
    ) -> None:
        self.wire = wire
        self.nodes: list[Node] = []
        super().__init__(identity)
        self.nodes += [
            Node(wire, self, number, forgets=forgets, freezes=freezes) for number in range(channels)
        ]

    def reset(self) -> None:
        """The cable was pulled: everything starts anew when it is put back, faults remain."""
        super().reset()
        self.is_leaving = False
        for node in self.nodes:
            node.stop()

    # -- what a protocol does -----------------------------------------------------------

    def frame_arrived(self, channel: int, msg: Message) -> None:
        """A frame for the host."""
        raise NotImplementedError

    def finished(self, channel: int, job: Transmission) -> None:
        """A transmission went out, or was a one-shot that failed."""

    def state_changed(self, channel: int) -> None:
        """The error state of a node changed."""
        raise NotImplementedError

    def attempt_failed(self, channel: int) -> None:
        """A transmission was not acknowledged."""

    def fault_changed(self, channel: int) -> None:
        """The wire broke, or was mended."""

    def misheard(self, channel: int) -> None:
        """An error on the wire; many adapters do not tell of each."""

    def pending(self, channel: int) -> int:
        """Frames of the host that wait in the adapter."""
        return len(self.nodes[channel].queue)

    def overflow(self, channel: int) -> None:
        """The adapter lost a received frame for want of room, and says so."""
        raise NotImplementedError

    def recovered(self, channel: int) -> None:
        """The controller left bus-off by itself, and says so."""
        raise self._cannot("recover from bus-off by itself")

    def error_frame(self, channel: int, can_id: int, data: bytes) -> None:
        """Send an error frame to the host as it is."""
        raise self._cannot("send error frames of one's own choice")

    def tick(self) -> int | None:
        """Do what is due by the clock.

        Returns:
            When to call again, in nanoseconds of the wire's clock; None: no need.
        """
        return None

    def settings(self, channel: int) -> dict[str, Any]:
        """What the host has set up, beyond the bit rates."""
        return {}

    def _cannot(self, what: str) -> CanUnsupportedError:
        return CanUnsupportedError(f"{self.kind}: this adapter does not {what}")
