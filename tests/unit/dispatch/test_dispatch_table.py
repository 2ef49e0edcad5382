"""dispatch_table: who gets which frame, compared with asking each filter set by itself."""

from __future__ import annotations

import random

from canbus.detailed_message import detailed
from canbus.dispatch_table import DispatchTable, Entry, twin, union
from canbus.filters import NOTHING, CanFilter, Filters, matcher, normalise
from canbus.message import Message, received
from canbus.testing.support import facts, number_of, numbered
from canbus.xl_message import XlMessage
from tests.unit.dispatch.consumers import Recorder, exactly

SETS: list[Filters | None] = [
    None,
    CanFilter.nothing(),
    exactly(1),
    exactly(1, 2, 3),
    exactly(2, 2),
    [CanFilter(1, 0x7FF)],
    [CanFilter(1, 0x1FFFFFFF)],
    [CanFilter(1, 0x1FFFFFFF, extended=True)],
    [CanFilter(1, 0x7FF, extended=False, remote=True)],
    [CanFilter(1, 0x7FF, extended=False, remote=False), CanFilter(2, 0x7FF, extended=False)],
    [CanFilter(0, 0x6, extended=False)],
    [CanFilter(1, 0x7FF, extended=False), CanFilter(0, 0x6, extended=False)],
    [CanFilter(1, 0x7FF, extended=False, inverted=True)],
]


def _table(*sets: Filters | None) -> DispatchTable:
    return DispatchTable([Entry(Recorder(filters)) for filters in sets], set())


def _routed(table: DispatchTable, frames: list[Message]) -> list[list[Message]]:
    boxes = dict(table.route(frames))
    return [boxes.get(entry, []) for entry in table.entries]


def _any_frame(rng: random.Random, number: int) -> Message:
    kind = rng.random()
    msg = numbered(number, rng.choice((0, 1, 2, 3, 7)))
    msg.is_extended_id = rng.random() < 0.3
    if kind < 0.2:
        msg.data = b""
        msg.is_remote_frame = True
    elif kind < 0.3:
        msg.is_error_frame = True
    return msg


def test_each_gets_what_its_filters_pass() -> None:
    rng = random.Random(1)
    for _ in range(200):
        sets = rng.sample(SETS, rng.randrange(1, len(SETS)))
        frames = [_any_frame(rng, number) for number in range(rng.randrange(1, 20))]
        for filters, got in zip(sets, _routed(_table(*sets), frames), strict=True):
            passes = matcher(normalise(filters))
            wanted = [msg for msg in frames if passes is None or passes(msg)]
            assert [facts(msg) for msg in got] == [facts(msg) for msg in wanted], filters


def test_what_one_does_to_a_frame_no_other_sees() -> None:
    fresh = [numbered(1, 1), received(1, 0, b"\1\2", 2, 0, "c"), XlMessage(data=b"xl")]
    sent = [twin(msg) for msg in fresh]
    boxes = _routed(_table(None, None, exactly(1)), sent)
    for msg in boxes[0]:
        msg.data[0] ^= 0xFF
        msg.arbitration_id += 1
    assert all(msg.arbitration_id in {0, 1} for msg in boxes[1] + boxes[2])
    assert [bytes(msg.data) for msg in boxes[1]] == [bytes(msg.data) for msg in fresh]
    assert [bytes(msg.data) for msg in boxes[2]] == [bytes(msg.data) for msg in fresh[:2]]


def test_a_loss_reaches_everybody_with_the_next_frame_that_it_gets() -> None:
    table = _table(exactly(1), exactly(2), None)
    one, two, everything = _routed(table, [numbered(1, 1), detailed(numbered(2, 1), 5)])
    assert [msg.lost_before for msg in one] == [0, 5]
    assert two == []
    assert [msg.lost_before for msg in everything] == [0, 5]
    one, two, everything = _routed(table, [numbered(3, 1)])
    assert [msg.lost_before for msg in one + everything] == [0, 0]
    one, two, everything = _routed(table, [detailed(numbered(4, 1), 2), numbered(5, 2)])
    assert [(number_of(msg), msg.lost_before) for msg in two] == [(5, 7)]
    assert [msg.lost_before for msg in everything] == [2, 0]


def test_a_loss_is_remembered_over_tables() -> None:
    lossy: set[Entry] = set()
    entry, other = Entry(Recorder(exactly(1))), Entry(Recorder(None))
    DispatchTable([entry, other], lossy).route([detailed(numbered(1, 2), 3)])
    routed = dict(DispatchTable([entry], lossy).route([numbered(2, 1)]))
    assert [msg.lost_before for msg in routed[entry]] == [3]
    assert lossy == set()


def test_error_frames_are_for_everybody_whose_own_matcher_lets_them() -> None:
    error = Message(is_error_frame=True, dlc=8, data=bytes(8))
    quiet = Entry(Recorder(None), lambda msg: not msg.is_error_frame)
    table = DispatchTable([Entry(Recorder(CanFilter.nothing())), quiet], set())
    assert [len(box) for box in _routed(table, [error])] == [1, 0]


def test_a_union_is_what_anybody_wants() -> None:
    one, two = normalise(exactly(1, 2)), normalise(exactly(2, 3))
    assert union([one, two]) == tuple(normalise(exactly(1, 2, 3)) or ())
    assert union([one, None]) is None
    assert union([]) is NOTHING
    assert union([NOTHING, NOTHING]) is NOTHING
    assert union([NOTHING, one]) == one
