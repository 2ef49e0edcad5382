"""Rules for `send`: what is refused before any I/O, and who hears what was sent."""

from __future__ import annotations

import pytest

from canbus.plugin import (
    BusABC,
    CanConfigError,
    CanMessageError,
    CanUnsupportedError,
    CanWarning,
    Capability,
    FrameOrigin,
    Message,
)
from canbus.testing.base import ConformanceBase, OpenBus
from canbus.testing.support import (
    facts,
    number_of,
    numbered,
    receive,
    receive_until_marker,
    send_marker,
)


def _frame(**fields: object) -> Message:
    msg = Message(is_extended_id=False, arbitration_id=0x123, data=b"\1\2")
    for name, value in fields.items():
        setattr(msg, name, value)
    return msg


INVALID = [
    pytest.param(_frame(data=bytes(9)), id="nine bytes in a classic frame"),
    pytest.param(_frame(arbitration_id=-1), id="negative id"),
    pytest.param(_frame(arbitration_id=0x2000_0000, is_extended_id=True), id="30-bit id"),
    pytest.param(_frame(arbitration_id="291"), id="id that is text"),
    pytest.param(_frame(dlc=1), id="dlc shorter than the data"),
    pytest.param(_frame(dlc=3), id="dlc longer than the data"),
    pytest.param(_frame(dlc=-1), id="negative dlc"),
    pytest.param(_frame(is_remote_frame=True), id="remote frame with data"),
    pytest.param(_frame(bitrate_switch=True), id="bitrate switch without FD"),
    pytest.param(_frame(error_state_indicator=True), id="ESI without FD"),
    pytest.param(_frame(is_fd=True, data=bytes(65)), id="65 bytes in an FD frame"),
    pytest.param(_frame(is_fd=True, is_remote_frame=True, data=b""), id="FD remote frame"),
]


class SendingRules(ConformanceBase):
    """Rules for sending."""

    @pytest.mark.parametrize("msg", INVALID)
    def test_a_frame_that_cannot_exist_is_refused_and_nothing_arrives(
        self, bus_pair: tuple[BusABC, BusABC], msg: Message
    ) -> None:
        """CanMessageError before any I/O."""
        sender, receiver = bus_pair
        with pytest.raises(CanMessageError):
            sender.send(msg)
        send_marker(sender)
        assert receive_until_marker(receiver) == []

    def test_an_fd_frame_on_a_classic_bus_is_refused_and_nothing_arrives(
        self, open_bus: OpenBus
    ) -> None:
        """CanUnsupportedError before any I/O, even where the peer could take it."""
        sender = open_bus()
        receiver = open_bus(fd=self.declares(Capability.FD))
        with pytest.raises(CanUnsupportedError, match="FD"):
            sender.send(Message(arbitration_id=1, is_fd=True, data=b"\1"))
        send_marker(sender)
        assert receive_until_marker(receiver) == []

    @pytest.mark.parametrize("timeout", [-1, -0.001, float("nan")])
    def test_send_refuses_a_negative_timeout(
        self, bus_pair: tuple[BusABC, BusABC], timeout: float
    ) -> None:
        """A timeout that is no time to wait is refused, and the frame is not sent."""
        sender, receiver = bus_pair
        with pytest.raises(CanConfigError):
            sender.send(numbered(1), timeout)
        send_marker(sender)
        assert receive_until_marker(receiver) == []

    def test_send_refuses_what_is_not_a_message(self, open_bus: OpenBus) -> None:
        """TypeError, as everywhere in Python."""
        not_a_message: Message = b"\1\2\3"  # type: ignore[assignment]
        with pytest.raises(TypeError):
            open_bus().send(not_a_message)

    def test_send_with_zero_timeout_sends_when_there_is_room(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """`send(msg, 0)` tries once, which is enough on an idle bus."""
        sender, receiver = bus_pair
        sender.send(numbered(5), 0)
        assert number_of(receive(receiver)) == 5

    def test_send_does_not_change_the_message(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Neither its fields nor its data, its time stamp or its channel."""
        sender, _ = bus_pair
        msg = numbered(1)
        msg.timestamp_ns, msg.channel = 5, "elsewhere"
        data = msg.data
        sender.send(msg)
        assert facts(msg) == facts(numbered(1))
        assert (msg.timestamp_ns, msg.channel, msg.is_rx) == (5, "elsewhere", True)
        assert msg.data is data

    def test_a_standard_id_that_is_cut_is_cut_in_a_copy_with_a_warning(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """As python-can, a standard frame loses bits above 11; here the user is told."""
        sender, receiver = bus_pair
        msg = _frame(arbitration_id=0xF123)
        with pytest.warns(CanWarning, match="0xf123"):
            sender.send(msg)
        assert msg.arbitration_id == 0xF123
        assert receive(receiver).arbitration_id == 0x123

    def test_fd_data_is_padded_in_a_copy_with_a_warning(self, open_bus: OpenBus) -> None:
        """Nine bytes leave as twelve; the message keeps its nine."""
        self.needs(Capability.FD)
        sender, receiver = open_bus(fd=True), open_bus(fd=True)
        msg = Message(arbitration_id=1, is_fd=True, data=b"123456789")
        with pytest.warns(CanWarning, match="12"):
            sender.send(msg)
        assert (bytes(msg.data), msg.dlc) == (b"123456789", 9)
        received = receive(receiver)
        assert (bytes(received.data), received.dlc) == (b"123456789\0\0\0", 12)

    def test_changing_a_message_after_send_does_not_change_what_was_sent(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """Send takes the frame as it is at that moment."""
        sender, receiver = bus_pair
        msg = numbered(1)
        sender.send(msg)
        msg.data[:] = b"\xff\xff\xff\xff"
        assert number_of(receive(receiver)) == 1

    def test_own_frames_are_not_received_unasked(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """A bus does not hear itself."""
        bus, peer = bus_pair
        bus.send(numbered(1))
        assert number_of(receive(peer)) == 1
        send_marker(peer)
        assert receive_until_marker(bus) == []

    def test_own_frames_are_received_on_request_and_say_so(self, open_bus: OpenBus) -> None:
        """`receive_own_messages=True`: not `is_rx`, origin OWN; the peer hears them as before."""
        self.needs(Capability.OWN_MESSAGES)
        bus, peer = open_bus(receive_own_messages=True), open_bus()
        bus.send(numbered(1))
        own = receive(bus)
        assert (number_of(own), own.is_rx, own.origin) == (1, False, FrameOrigin.OWN)
        assert number_of(receive(peer)) == 1

    def test_with_own_frames_a_peers_frames_are_still_told_apart(self, open_bus: OpenBus) -> None:
        """The request changes nothing about the frames of others."""
        self.needs(Capability.OWN_MESSAGES)
        bus, peer = open_bus(receive_own_messages=True), open_bus()
        peer.send(numbered(2))
        received = receive(bus)
        assert number_of(received) == 2
        assert received.origin is not FrameOrigin.OWN
