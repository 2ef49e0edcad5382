"""Rules for filters: what does not match never surfaces, and never eats the timeout."""

from __future__ import annotations

from time import monotonic_ns
from typing import Any

import pytest

from canbus.plugin import BusABC, CanConfigError, CanFilter, Capability, Message
from canbus.testing.base import ConformanceBase, OpenBus
from canbus.testing.support import (
    PATIENCE,
    Worker,
    number_of,
    numbered,
    receive,
    wait_until_blocked,
)


def _standard(arbitration_id: int) -> Message:
    return Message(arbitration_id=arbitration_id, is_extended_id=False)


def _extended(arbitration_id: int) -> Message:
    return Message(arbitration_id=arbitration_id, is_extended_id=True)


def _remote(arbitration_id: int) -> Message:
    return Message(arbitration_id=arbitration_id, is_extended_id=False, is_remote_frame=True)


TRAFFIC = {
    "s100": _standard(0x100),
    "s101": _standard(0x101),
    "s200": _standard(0x200),
    "x100": _extended(0x100),
    "x18DAF110": _extended(0x18DAF110),
    "r100": _remote(0x100),
    "s7FE": _standard(0x7FE),
}

_ALL = list(TRAFFIC)
CASES: dict[str, tuple[list[Any], list[str]]] = {
    "one id, either width": (
        [{"can_id": 0x100, "can_mask": 0x1FFFFFFF}],
        ["s100", "x100", "r100"],
    ),
    "one standard id": (
        [{"can_id": 0x100, "can_mask": 0x7FF, "extended": False}],
        ["s100", "r100"],
    ),
    "one extended id": ([CanFilter(0x18DAF110, 0x1FFFFFFF, extended=True)], ["x18DAF110"]),
    "a range": (
        [{"can_id": 0x100, "can_mask": 0x7FE, "extended": False}],
        ["s100", "s101", "r100"],
    ),
    "several are OR-ed": (
        [CanFilter(0x101, 0x7FF, extended=False), CanFilter(0x200, 0x7FF, extended=False)],
        ["s101", "s200"],
    ),
    "mask zero": ([{"can_id": 0, "can_mask": 0}], _ALL),
    "standard frames only": (
        [CanFilter(0, 0, extended=False)],
        ["s100", "s101", "s200", "r100", "s7FE"],
    ),
    "inverted": (
        [CanFilter(0x100, 0x7FF, extended=False, inverted=True)],
        ["s101", "s200", "x100", "x18DAF110", "s7FE"],
    ),
    "inverted OR normal": (
        [
            CanFilter(0x100, 0x700, extended=False, inverted=True),
            CanFilter(0x101, 0x7FF, extended=False),
        ],
        ["s101", "s200", "x100", "x18DAF110", "s7FE"],
    ),
    "remote only": ([CanFilter(0x100, 0x7FF, extended=False, remote=True)], ["r100"]),
    "data only": ([CanFilter(0x100, 0x7FF, extended=False, remote=False)], ["s100"]),
}
END = _standard(0x6A5)
_END_FILTER = CanFilter(0x6A5, 0x7FF, extended=False)

ERROR_FRAME = Message(arbitration_id=0x4, is_extended_id=False, is_error_frame=True, data=bytes(8))


def _passed(sender: BusABC, receiver: BusABC) -> list[str]:
    """Send all of TRAFFIC; the names of what is received before END."""
    for msg in TRAFFIC.values():
        sender.send(msg)
    sender.send(END)
    names: list[str] = []
    while True:
        got = receive(receiver)
        if got.arbitration_id == END.arbitration_id:
            return names
        key = "r" if got.is_remote_frame else "x" if got.is_extended_id else "s"
        names.append(f"{key}{got.arbitration_id:X}")


class FilteringRules(ConformanceBase):
    """Rules for filters."""

    @pytest.mark.parametrize("case", CASES)
    def test_filters_given_at_opening_pass_what_matches(self, open_bus: OpenBus, case: str) -> None:
        """The meaning is the kernel's, on every backend."""
        filters, expected = CASES[case]
        receiver = open_bus(can_filters=[*filters, _END_FILTER])
        assert _passed(open_bus(), receiver) == expected

    @pytest.mark.parametrize("case", CASES)
    def test_filters_set_later_pass_what_matches(
        self, bus_pair: tuple[BusABC, BusABC], case: str
    ) -> None:
        """`set_filters` means the same as `can_filters=`."""
        sender, receiver = bus_pair
        filters, expected = CASES[case]
        receiver.set_filters([*filters, _END_FILTER])
        assert _passed(sender, receiver) == expected

    @pytest.mark.parametrize("everything", [None, []])
    def test_none_and_an_empty_list_let_everything_pass(
        self, open_bus: OpenBus, everything: list[CanFilter] | None
    ) -> None:
        """As in python-can; they also undo earlier filters."""
        receiver = open_bus(can_filters=[_END_FILTER])
        receiver.set_filters(everything)
        assert receiver.filters is None
        assert _passed(open_bus(), receiver) == _ALL

    def test_set_filters_holds_for_frames_that_are_queued_already(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """From the moment `set_filters` returns, what does not match does not surface."""
        sender, receiver = bus_pair
        for msg in (numbered(0), _standard(0x100), _standard(0x200)):
            sender.send(msg)
        receive(receiver)
        receiver.set_filters([CanFilter(0x200, 0x7FF, extended=False)])
        assert receive(receiver).arbitration_id == 0x200

    @pytest.mark.parametrize("before", [None, [CanFilter(0x300, 0x7FF, extended=False)]])
    def test_set_filters_holds_for_a_reader_that_waits_already(
        self, bus_pair: tuple[BusABC, BusABC], before: list[CanFilter] | None
    ) -> None:
        """A reader that was waiting returns what the new filters pass, and nothing else."""
        sender, receiver = bus_pair
        receiver.set_filters(before)
        reader = Worker(lambda: receiver.recv(PATIENCE))
        wait_until_blocked(reader)
        receiver.set_filters([CanFilter(0x200, 0x7FF, extended=False)])
        for arbitration_id in (0x100, 0x300, 0x200):
            sender.send(_standard(arbitration_id))
        msg = reader.result()
        assert msg is not None
        assert msg.arbitration_id == 0x200

    def test_nothing_lets_no_frame_pass(self, open_bus: OpenBus) -> None:
        """`CanFilter.nothing()` makes a bus that only sends."""
        receiver, sender = open_bus(can_filters=CanFilter.nothing()), open_bus()
        for msg in TRAFFIC.values():
            sender.send(msg)
        assert receiver.recv(0.05) is None
        receiver.send(numbered(3))
        assert number_of(receive(sender)) == 3

    @pytest.mark.parametrize(
        "filters", [CanFilter.nothing(), [CanFilter(0x100, 0x7FF, extended=False)]]
    )
    def test_error_frames_bypass_filters(self, open_bus: OpenBus, filters: Any) -> None:
        """An error frame has no identifier that a filter could be about."""
        self.needs(Capability.ERROR_FRAMES)
        receiver, sender = open_bus(can_filters=filters), open_bus()
        sender.send(_standard(0x200))
        sender.send(ERROR_FRAME)
        assert receive(receiver).is_error_frame

    def test_filtered_frames_do_not_eat_the_timeout(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Under traffic that is filtered out `recv(t)` is None after t, never earlier."""
        sender, receiver = bus_pair
        receiver.set_filters([CanFilter(0x200, 0x7FF, extended=False)])
        task = sender.send_periodic(_standard(0x100), 0.01)
        started = monotonic_ns()
        assert receiver.recv(0.2) is None
        elapsed = monotonic_ns() - started
        task.stop()
        assert 200_000_000 <= elapsed < PATIENCE * 10**9

    def test_a_match_behind_filtered_frames_is_found(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Filtered frames do not end the wait."""
        sender, receiver = bus_pair
        receiver.set_filters([CanFilter(0x123, 0x7FF, extended=False)])
        for _ in range(50):
            sender.send(_standard(0x100))
        sender.send(numbered(9))
        assert number_of(receive(receiver)) == 9

    @pytest.mark.parametrize(
        "wrong",
        [
            [{"can_id": 0x100}],
            [{"can_id": 0x100, "can_mask": 0x7FF, "extendd": True}],
            [{"can_id": 0x80000100, "can_mask": 0x7FF}],
            [{"can_id": -1, "can_mask": 0x7FF}],
            {"can_id": 0x100, "can_mask": 0x7FF},
            ["100:7FF"],
        ],
    )
    def test_a_filter_that_makes_no_sense_is_refused_and_the_old_ones_stay(
        self, open_bus: OpenBus, wrong: Any
    ) -> None:
        """Nothing is guessed; at opening it is refused just the same."""
        receiver, sender = open_bus(can_filters=[_END_FILTER]), open_bus()
        with pytest.raises(CanConfigError):
            receiver.set_filters(wrong)
        assert list(receiver.filters or ()) == [_END_FILTER]
        assert _passed(sender, receiver) == []
        with pytest.raises(CanConfigError):
            open_bus(can_filters=wrong)

    def test_filters_hold_for_iteration(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """`for msg in bus` sees what `recv` would."""
        sender, receiver = bus_pair
        receiver.filters = [CanFilter(0x200, 0x7FF, extended=False)]
        for arbitration_id in (0x100, 0x200, 0x300):
            sender.send(_standard(arbitration_id))
        assert next(iter(receiver)).arbitration_id == 0x200
