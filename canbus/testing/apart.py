"""Rules for buses on different channels: they know nothing of each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from canbus.plugin import BusABC
from canbus.testing.base import ConformanceBase
from canbus.testing.support import (
    facts,
    number_of,
    numbered,
    receive,
    receive_until_marker,
    send_marker,
)

Pair = tuple[BusABC, BusABC]


class ApartRules(ConformanceBase):
    """Rules for two channels."""

    @pytest.fixture
    def other_pair(self, other_channel: Any) -> Iterator[Pair]:
        """Two open buses that hear each other, and none of `bus_pair`."""
        with self.connect(other_channel) as one, self.connect(other_channel) as another:
            yield one, another

    def test_a_frame_stays_on_its_channel(self, bus_pair: Pair, other_pair: Pair) -> None:
        """Whoever sends it, nobody on another channel receives it."""
        for here, there in ((bus_pair, other_pair), (other_pair, bus_pair)):
            here[0].send(numbered(1))
            assert facts(receive(here[1])) == facts(numbered(1))
            send_marker(there[0])
            assert receive_until_marker(there[1]) == []

    def test_filters_are_those_of_one_bus(self, bus_pair: Pair, other_pair: Pair) -> None:
        """Neither another on the channel has them, nor one on another channel."""
        bus_pair[0].set_filters([{"can_id": 0x200, "can_mask": 0x7FF}])
        bus_pair[0].send(numbered(1))
        other_pair[0].send(numbered(2))
        assert number_of(receive(bus_pair[1])) == 1
        assert number_of(receive(other_pair[1])) == 2

    def test_shutdown_leaves_another_channel_alone(self, bus_pair: Pair, other_pair: Pair) -> None:
        """Frames go on there, those that wait are kept, and tasks run on."""
        other_pair[0].send(numbered(1))
        task = other_pair[0].send_periodic(numbered(2, 0x300), 0.005)
        for bus in bus_pair:
            bus.shutdown()
        assert number_of(receive(other_pair[1])) == 1
        for _ in range(3):
            assert number_of(receive(other_pair[1])) == 2
        task.stop()
