"""The kernel and our software matcher agree, and a filter is never late."""

from __future__ import annotations

import random
import subprocess

import pytest

import canbus as can
from canbus import CanFilter
from canbus.filters import matcher, normalise
from tests.scale import SOAK

SENTINEL = "7FF#5E"

SETS: list[object] = [
    None,
    [],
    CanFilter.nothing(),
    [{"can_id": 0, "can_mask": 0}],
    [{"can_id": 0x123, "can_mask": 0x7FF}],
    [{"can_id": 0x123, "can_mask": 0x7FF, "extended": False}],
    [{"can_id": 0x123, "can_mask": 0x7FF, "extended": True}],
    [{"can_id": 0x123, "can_mask": 0x1FFFFFFF, "extended": False}],
    [{"can_id": 0x123, "can_mask": 0x1FFFFFFF, "extended": True}],
    [{"can_id": 0x123, "can_mask": 0x1FFFFFFF}],
    [{"can_id": 0x100, "can_mask": 0x700}],
    [{"can_id": 0x100, "can_mask": 0x700, "extended": False}],
    [{"can_id": 0x100, "can_mask": 0x700, "extended": True}],
    [{"can_id": 0x7FF, "can_mask": 0x001}],
    [{"can_id": 0x18DAF110, "can_mask": 0x1FFFFFFF, "extended": True}],
    [{"can_id": 0x18DAF110, "can_mask": 0x1FFF0000, "extended": True}],
    [{"can_id": 0x18DAF110, "can_mask": 0x000000FF}],
    [CanFilter(0x123, 0x7FF)],
    [CanFilter(0x123, 0x7FF, extended=False)],
    [CanFilter(0x123, 0x7FF, inverted=True)],
    [CanFilter(0x123, 0x7FF, extended=False, inverted=True)],
    [CanFilter(0x123, 0x7FF, extended=True, inverted=True)],
    [CanFilter(0x100, 0x700, inverted=True)],
    [CanFilter(0, 0, inverted=True)],
    [CanFilter(0, 0, extended=False)],
    [CanFilter(0, 0, extended=True)],
    [CanFilter(0, 0, extended=True, inverted=True)],
    [CanFilter(0, 0, remote=True)],
    [CanFilter(0, 0, remote=False)],
    [CanFilter(0, 0, remote=True, inverted=True)],
    [CanFilter(0, 0, extended=False, remote=True)],
    [CanFilter(0, 0, extended=True, remote=False)],
    [CanFilter(0x123, 0x7FF, extended=False, remote=False)],
    [CanFilter(0x123, 0x7FF, extended=False, remote=True)],
    [CanFilter(0x123, 0x1FFFFFFF, extended=True, remote=False)],
    [CanFilter(0x123, 0x7FF, extended=False, remote=False, inverted=True)],
    [CanFilter(0x123, 0x7FF), CanFilter(0x124, 0x7FF)],
    [CanFilter(0x123, 0x7FF), CanFilter(0x123, 0x7FF)],
    [CanFilter(0x123, 0x7FF), CanFilter(0x123, 0x7FF, inverted=True)],
    [CanFilter(0x100, 0x700, inverted=True), CanFilter(0x200, 0x700, inverted=True)],
    [CanFilter(0x100, 0x700, extended=False), CanFilter(0x18DAF110, 0x1FFFFFFF, extended=True)],
    [CanFilter(ident, 0x7FF, extended=False) for ident in range(0, 0x400, 2)],
    [CanFilter(ident, 0x7FF, extended=False, remote=False) for ident in range(0x100, 0x200)],
    [CanFilter(ident, 0x7FF, extended=False) for ident in range(0x100, 0x100 + 513)],
    [CanFilter(ident, 0x1FFFFFFF) for ident in range(0, 2000, 3)],
    [CanFilter(ident, 0x7FF, inverted=ident == 5) for ident in range(600)],
]


def _frames() -> list[can.Message]:
    """200 frames, every kind, many of them near the ids that the filters name."""
    rng = random.Random(20260101)
    frames = []
    for number in range(200):
        near = rng.choice((0x123, 0x124, 0x100, 0x200, 0x7FF, 0, 5, 0x18DAF110))
        extended = rng.random() < 0.5
        ident = near if rng.random() < 0.6 else rng.getrandbits(29)
        frame = can.Message(
            arbitration_id=ident & (0x1FFFFFFF if extended else 0x7FF),
            is_extended_id=extended,
            is_remote_frame=rng.random() < 0.3,
        )
        if number % 10 == 9:
            frame = can.Message.parse("20000040#0000000000000000")
        elif not frame.is_remote_frame:
            frame.data = number.to_bytes(2, "big")
        frames.append(frame)
    return frames


@pytest.mark.parametrize("filters", SETS, ids=range(len(SETS)))
@pytest.mark.parametrize("when", ["at open", "later"])
def test_the_kernel_delivers_what_the_software_matcher_passes(open_bus, filters, when):
    passes = matcher(normalise(filters)) or (lambda msg: True)
    frames = _frames()
    sender, witness = open_bus(), open_bus(can_filters=[CanFilter(0x7FF, 0x7FF, extended=False)])
    if when == "at open":
        bus = open_bus(can_filters=filters)
    else:
        bus = open_bus()
        bus.set_filters(filters)

    for frame in frames:
        sender.send(frame)
    sender.send(can.Message.parse(SENTINEL))
    # The kernel hands one frame to all sockets before the next, so that when the witness
    # has the sentinel, all frames before it have been delivered.
    while format(witness.recv(5), "candump") != SENTINEL:
        pass

    got = []
    while (msg := bus.recv(0)) is not None:
        got.append(format(msg, "candump"))
    assert [g for g in got if g != SENTINEL] == [
        format(frame, "candump") for frame in frames if passes(frame)
    ]


def test_there_are_at_least_forty_filter_sets():
    assert len(SETS) >= 40


def test_kernel_filters_really_are_in_the_kernel(open_bus):
    sender, bus = open_bus(), open_bus(can_filters=[CanFilter(0x123, 0x7FF, extended=False)])

    sender.send(can.Message.parse("124#"))
    sender.send(can.Message.parse("123#"))

    # Past the bus and its matcher: what is in the socket's queue.
    assert int.from_bytes(bus.socket.recv(72)[:4], "little") == 0x123


def test_frames_queued_before_a_filter_change_do_not_slip_through(open_bus):
    sender, bus = open_bus(), open_bus()
    sender.send(can.Message.parse("100#"))
    sender.send(can.Message.parse("200#"))

    bus.set_filters([CanFilter(0x200, 0x7FF, extended=False)])
    sender.send(can.Message.parse("100#"))

    assert bus.recv(5).arbitration_id == 0x200
    assert bus.recv(0) is None


@pytest.mark.timeout(120 * SOAK)
def test_a_bus_opened_with_filters_under_full_traffic_never_returns_a_stranger(vcan, open_bus):
    witness = open_bus(on_loss="count")
    flood = subprocess.Popen(["cangen", vcan, "-g", "0", "-I", "100", "-i"])
    try:
        assert witness.recv(5) is not None
        for _ in range(1000 * SOAK):
            with can.Bus(
                vcan,
                interface="socketcan",
                can_filters=[{"can_id": 0x200, "can_mask": 0x7FF, "extended": False}],
            ) as bus:
                assert bus.recv(0) is None
        while witness.recv(0) is not None:
            pass
        assert witness.recv(5) is not None  # the flood never stopped
        assert flood.poll() is None
    finally:
        flood.kill()
        flood.wait()
