"""Rules for `statistics` and the state: what a bus says of itself, and that no loss is silent."""

from __future__ import annotations

import warnings

import pytest

from canbus.plugin import (
    BusABC,
    BusState,
    BusStatistics,
    CanClosedError,
    CanState,
    CanUnsupportedError,
    CanWarning,
)
from canbus.state import bus_state
from canbus.testing.base import ConformanceBase, OpenBus
from canbus.testing.support import MARKER_ID, number_of, numbered, receive, send_marker

_FLOOD = 600
"""Frames for nobody: more than a kernel keeps for a socket."""


def _all_that_came(sender: BusABC, receiver: BusABC) -> list[int]:
    """The numbers that wait, in order; the queue may be so full that markers are lost, too."""
    numbers: list[int] = []
    while True:
        msg = receiver.recv(0.02)
        if msg is None:
            send_marker(sender)
        elif msg.arbitration_id == MARKER_ID:
            return numbers
        else:
            numbers.append(number_of(msg))


class AccountRules(ConformanceBase):
    """Rules for the ledger and the state."""

    def test_a_fresh_bus_has_lost_nothing(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Every count is 0; `rx_dropped` is None where losses cannot be known."""
        sender, receiver = bus_pair
        for number in range(10):
            sender.send(numbered(number))
        for _ in range(10):
            receive(receiver)
        for bus in bus_pair:
            counts = bus.statistics
            assert isinstance(counts, BusStatistics)
            assert counts.rx_dropped in {0, None}
            names = [name for name in counts.__slots__ if name != "rx_dropped"]
            assert {name: getattr(counts, name) for name in names} == dict.fromkeys(names, 0)

    def test_every_frame_is_received_or_counted(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """More than anybody reads: some may be lost, none twice, none unseen, and in order."""
        sender, receiver = bus_pair
        receiver.recv(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CanWarning)  # of the loss, which is a good thing
            for number in range(_FLOOD):
                sender.send(numbered(number))
            received = _all_that_came(sender, receiver)
            lost = receiver.statistics.rx_dropped
        assert received == sorted(set(received))
        assert received[0] == 0
        if lost is not None:
            assert len(received) + lost >= _FLOOD  # markers may be among them
            assert lost == 0 or len(received) < _FLOOD

    def test_statistics_of_a_closed_bus_are_refused(self, open_bus: OpenBus) -> None:
        """CanClosedError, as everywhere."""
        bus = open_bus()
        bus.shutdown()
        with pytest.raises(CanClosedError):
            _ = bus.statistics

    def test_the_state_is_that_of_the_controller(self, open_bus: OpenBus) -> None:
        """One of the kernel's six, or None where there is none; `state` says it in three words."""
        bus = open_bus()
        can_state = bus.can_state
        assert can_state is None or isinstance(can_state, CanState)
        assert isinstance(bus.state, BusState)
        assert bus.state is bus_state(can_state)

    def test_reopening_is_done_or_refused(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Done, the bus receives and sends again, with its filters; refused, it still does."""
        sender, receiver = bus_pair
        receiver.set_filters([{"can_id": 0x200, "can_mask": 0x7FF}])
        refusal: CanUnsupportedError | None = None
        try:
            receiver.reopen()
        except CanUnsupportedError as exc:
            refusal = exc
        sender.send(numbered(1, 0x100))
        sender.send(numbered(2, 0x200))
        assert number_of(receive(receiver)) == 2
        receiver.send(numbered(3))
        assert number_of(receive(sender)) == 3
        receiver.shutdown()
        if refusal is not None:
            assert refusal.hint  # what to do instead
            return
        with pytest.raises(CanClosedError):
            receiver.reopen()
