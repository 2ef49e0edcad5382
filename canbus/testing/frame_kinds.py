"""Rules for frames: every kind arrives as it was sent."""

from __future__ import annotations

import pytest

from canbus.plugin import BusABC, CanWarning, Capability, Message
from canbus.testing.base import ConformanceBase, OpenBus
from canbus.testing.support import facts, receive, receive_until_marker, send_marker

CLASSIC = {
    "standard": Message(arbitration_id=0x123, is_extended_id=False, data=b"\xde\xad\xbe\xef"),
    "extended": Message(arbitration_id=0x1ABCDEF5, is_extended_id=True, data=b"\1\2\3"),
    "lowest standard id": Message(arbitration_id=0, is_extended_id=False, data=b"\0"),
    "highest standard id": Message(arbitration_id=0x7FF, is_extended_id=False, data=b"\xff"),
    "lowest extended id": Message(arbitration_id=0, is_extended_id=True, data=b"\0"),
    "highest extended id": Message(arbitration_id=0x1FFFFFFF, is_extended_id=True, data=b"\xff"),
    "extended frame with a short id": Message(arbitration_id=0x12, is_extended_id=True),
    **{
        f"{length} bytes": Message(
            arbitration_id=0x55, is_extended_id=False, data=bytes(range(0xF0, 0xF0 + length))
        )
        for length in range(9)
    },
    **{
        f"remote frame for {length} bytes": Message(
            arbitration_id=0x55, is_extended_id=False, is_remote_frame=True, dlc=length
        )
        for length in range(9)
    },
    "extended remote frame": Message(arbitration_id=0x12345678, is_remote_frame=True, dlc=4),
}

FD_LENGTHS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64)
FD_KINDS = {
    "FD": {},
    "FD with BRS": {"bitrate_switch": True},
    "FD with ESI": {"error_state_indicator": True},
    "FD with BRS and ESI": {"bitrate_switch": True, "error_state_indicator": True},
}


class FrameKindRules(ConformanceBase):
    """Rules for the kinds of frames."""

    @pytest.mark.parametrize("kind", CLASSIC)
    def test_a_classic_frame_arrives_as_it_was_sent(
        self, bus_pair: tuple[BusABC, BusABC], kind: str
    ) -> None:
        """Identifier, width, kind, length and data."""
        sender, receiver = bus_pair
        sender.send(CLASSIC[kind])
        assert facts(receive(receiver)) == facts(CLASSIC[kind])

    @pytest.mark.parametrize("kind", CLASSIC)
    def test_a_classic_frame_passes_through_fd_buses(self, open_bus: OpenBus, kind: str) -> None:
        """`fd=True` changes nothing for classic frames."""
        self.needs(Capability.FD)
        sender, receiver = open_bus(fd=True), open_bus(fd=True)
        sender.send(CLASSIC[kind])
        assert facts(receive(receiver)) == facts(CLASSIC[kind])

    @pytest.mark.parametrize("extended", [False, True])
    @pytest.mark.parametrize("kind", FD_KINDS)
    def test_an_fd_frame_of_every_length_arrives_as_it_was_sent(
        self, open_bus: OpenBus, kind: str, extended: bool
    ) -> None:
        """All sixteen lengths, with their flags."""
        self.needs(Capability.FD)
        if "ESI" in kind:
            self.needs(Capability.ESI)
        sender, receiver = open_bus(fd=True), open_bus(fd=True)
        for length in FD_LENGTHS:
            msg = Message(
                arbitration_id=0x123,
                is_extended_id=extended,
                is_fd=True,
                data=bytes(range(length)),
                **FD_KINDS[kind],
            )
            sender.send(msg)
            assert facts(receive(receiver)) == facts(msg)

    def test_an_esi_flag_that_cannot_be_sent_is_dropped_with_a_warning(
        self, open_bus: OpenBus
    ) -> None:
        """The controller sets it by its own state; the frame itself goes out."""
        self.needs(Capability.FD)
        if self.declares(Capability.ESI):
            return  # the rule above is for those
        sender, receiver = open_bus(fd=True), open_bus(fd=True)
        msg = Message(arbitration_id=1, is_fd=True, data=b"\1", error_state_indicator=True)
        with pytest.warns(CanWarning, match="error state indicator"):
            sender.send(msg)
        received = receive(receiver)
        assert (bytes(received.data), received.error_state_indicator) == (b"\1", False)

    def test_a_classic_bus_does_not_receive_fd_frames(self, open_bus: OpenBus) -> None:
        """A bus that was not opened for FD is not given what it did not ask for."""
        self.needs(Capability.FD)
        sender, receiver = open_bus(fd=True), open_bus()
        sender.send(Message(arbitration_id=1, is_fd=True, data=bytes(64)))
        send_marker(sender)
        assert receive_until_marker(receiver) == []

    def test_an_error_frame_arrives_as_an_error_frame(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """Error frames are data: class bits in the id, details in eight bytes."""
        self.needs(Capability.ERROR_FRAMES)
        sender, receiver = bus_pair
        msg = Message(
            arbitration_id=0x4,
            is_extended_id=False,
            is_error_frame=True,
            data=b"\0\4\0\0\0\0\x60\0",
        )
        sender.send(msg)
        assert facts(receive(receiver)) == facts(msg)
