"""Rules for what is done below Python: bit rate, listening only, finding channels."""

from __future__ import annotations

from importlib import import_module

import pytest

from canbus.detected import DetectedChannel
from canbus.plugin import BusState, CanConfigError, CanError, Capability
from canbus.testing.base import ConformanceBase, OpenBus
from canbus.testing.support import (
    number_of,
    numbered,
    receive,
    receive_until_marker,
    send_marker,
)


class AbilityRules(ConformanceBase):
    """Rules for declared capabilities that no other part is about."""

    def test_a_bit_rate_is_set(self, open_bus: OpenBus) -> None:
        """Two buses of one bit rate hear each other; one that is none opens nothing."""
        if not self.declares(Capability.BITRATE):
            return  # that it is refused is a rule about the declaration
        for wrong in (0, -500_000):
            with pytest.raises(CanConfigError):
                open_bus(bitrate=wrong)
        sender, receiver = open_bus(bitrate=250_000), open_bus(bitrate=250_000)
        sender.send(numbered(1))
        assert number_of(receive(receiver)) == 1

    def test_a_bus_that_listens_only_hears_and_sends_nothing(self, open_bus: OpenBus) -> None:
        """`state=BusState.PASSIVE`; its `send` says so."""
        if not self.declares(Capability.LISTEN_ONLY):
            return  # that it is refused is a rule about the declaration
        sender, peer, listener = open_bus(), open_bus(), open_bus(state=BusState.PASSIVE)
        sender.send(numbered(1))
        assert number_of(receive(listener)) == 1
        with pytest.raises(CanError):
            listener.send(numbered(2))
        send_marker(sender)
        assert [number_of(msg) for msg in receive_until_marker(peer)] == [1]

    def test_what_is_detected_can_be_opened_by_name(self) -> None:
        """`spec.detect` lists channels of this backend, and opens none."""
        if not self.spec.detect:
            return  # it says that it cannot look
        module, _, function = self.spec.detect.partition(":")
        found = getattr(import_module(module), function)()
        assert isinstance(found, list)
        for channel in found:
            assert isinstance(channel, DetectedChannel)
            assert channel["interface"] == self.spec.name
