"""The conformance suite on a backend of python-can, where that is installed: its `virtual`."""

from __future__ import annotations

from itertools import count

import pytest

from canbus.backends.python_can import spec_of
from canbus.message import Message
from canbus.state import BusState
from canbus.testing import BusConformance

pytest.importorskip("can")

_numbers = count()


class TestPythonCan(BusConformance):
    spec = spec_of("virtual")

    @pytest.fixture
    def channel(self) -> str:
        return f"conformance-{next(_numbers)}"

    # What our contract says and python-can's backends cannot, or do not, tell us.

    def test_a_classic_bus_does_not_receive_fd_frames(self, open_bus) -> None:
        """What the backend delivers is delivered: many never say what they were opened for."""
        bus, peer = open_bus(), open_bus(fd=True)
        peer.send(Message(arbitration_id=1, is_fd=True, data=bytes(64)))
        assert bus.recv(10).is_fd

    def test_own_frames_are_received_on_request_and_say_so(self, open_bus) -> None:
        """They are told apart as python-can tells them: not received from another machine."""
        bus = open_bus(receive_own_messages=True)
        bus.send(Message(arbitration_id=1))
        assert not bus.recv(10).is_rx

    def test_an_unknown_option_is_refused_with_the_nearest_name(self, open_bus) -> None:
        """Only the backend knows its options, and python-can's `virtual` takes any."""
        bus = open_bus(nobody_knows_this=1)
        assert bus.recv(0) is None

    def test_a_bit_rate_is_set(self, open_bus) -> None:
        """Which ones there are only the backend knows: python-can's `virtual` takes any."""
        sender, receiver = open_bus(bitrate=250_000), open_bus(bitrate=-1)
        sender.send(Message(arbitration_id=1))
        assert receiver.recv(10).arbitration_id == 1

    def test_a_bus_that_listens_only_hears_and_sends_nothing(self, open_bus) -> None:
        """It is handed on; python-can's `virtual` does not do it, and does not say so."""
        sender, listener = open_bus(), open_bus(state=BusState.PASSIVE)
        sender.send(Message(arbitration_id=1))
        assert listener.recv(10).arbitration_id == 1
        listener.send(Message(arbitration_id=2))
