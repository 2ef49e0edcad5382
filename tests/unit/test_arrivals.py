"""What a frame is made into, whatever the kernel says beside it."""

from __future__ import annotations

import struct

import pytest

import canbus as can
from canbus.backends.socketcan import constants as c
from canbus.backends.socketcan.arrivals import Arrivals

FRAME = struct.pack("=IB3x8s", 0x123, 2, b"\xde\xad")
WALL = 1_700_000_000 * 10**9 + 123_456_789
NOW = 1_800_000_000 * 10**9


def _time(*stamps: int) -> bytes:
    return b"".join(struct.pack("=qq", *divmod(stamp, 10**9)) for stamp in stamps)


def _stamp(ns: int = WALL) -> tuple[int, int, bytes]:
    return (c.SOL_SOCKET, c.SO_TIMESTAMPNS_OLD, _time(ns))


def _hardware(kernel: int, device: int) -> tuple[int, int, bytes]:
    return (c.SOL_SOCKET, c.SO_TIMESTAMPING_OLD, _time(kernel, 0, device))


def _count(lost: int) -> tuple[int, int, bytes]:
    return (c.SOL_SOCKET, c.SO_RXQ_OVFL, struct.pack("=I", lost))


def _make(arrivals: Arrivals, *control: tuple[int, int, bytes], flags: int = 0) -> can.Message:
    msg = arrivals.message(FRAME, control, flags, "can0", NOW)
    assert msg is not None
    return msg


def test_a_frame_has_the_kernels_stamp_and_says_so() -> None:
    msg = _make(Arrivals(), _stamp())
    assert (msg.timestamp_ns, msg.timestamp_source) == (WALL, can.TimestampSource.KERNEL)
    assert (msg.lost_before, msg.hardware_timestamp_ns) == (0, None)
    assert format(msg, "candump") == "123#DEAD"


@pytest.mark.parametrize(
    ("flags", "origin"),
    [
        (0, can.FrameOrigin.WIRE),
        (c.MSG_DONTROUTE, can.FrameOrigin.LOCAL),
        (c.MSG_DONTROUTE | c.MSG_CONFIRM, can.FrameOrigin.OWN),
    ],
)
def test_the_flags_say_who_sent_it(flags: int, origin: can.FrameOrigin) -> None:
    assert _make(Arrivals(), _stamp(), flags=flags).origin is origin


def test_the_count_of_losses_becomes_what_is_missing_before_each_frame() -> None:
    arrivals = Arrivals()
    counts = (0, 7, 7, 8, 8)
    assert [_make(arrivals, _stamp(), _count(n)).lost_before for n in counts] == [0, 7, 0, 1, 0]


def test_the_count_may_wrap() -> None:
    arrivals = Arrivals()
    arrivals.drops = 2**32 - 2
    assert _make(arrivals, _stamp(), _count(3)).lost_before == 5


def test_a_device_clock_at_wall_time_is_the_time_stamp() -> None:
    msg = _make(Arrivals(), _hardware(WALL, WALL - 5_000_000))
    assert msg.timestamp_source is can.TimestampSource.HARDWARE
    assert msg.timestamp_ns == msg.hardware_timestamp_ns == WALL - 5_000_000


@pytest.mark.parametrize("device", [9 * 10**9, WALL - 10**9, WALL + 10**9])
def test_a_device_clock_that_is_not_wall_time_is_kept_apart(device: int) -> None:
    msg = _make(Arrivals(), _hardware(WALL, device))
    assert msg.timestamp_source is can.TimestampSource.KERNEL
    assert (msg.timestamp_ns, msg.hardware_timestamp_ns) == (WALL, device)


def test_a_frame_that_the_device_did_not_stamp_has_the_kernels() -> None:
    msg = _make(Arrivals(), _hardware(WALL, 0))
    assert (msg.timestamp_ns, msg.hardware_timestamp_ns) == (WALL, None)


def test_a_frame_that_was_cut_off_counts_as_lost_before_the_next() -> None:
    arrivals = Arrivals()
    assert arrivals.message(FRAME, [_stamp(), _count(2)], c.MSG_TRUNC, "can0", NOW) is None
    assert arrivals.damaged == 1
    assert _make(arrivals, _stamp(), _count(3)).lost_before == 4  # 2, itself, and 1
    assert _make(arrivals, _stamp(), _count(3)).lost_before == 0


def test_facts_that_were_cut_off_are_noticed() -> None:
    """The frame is whole: it gets the time of reading, and says so; a count comes again."""
    arrivals = Arrivals()
    msg = _make(arrivals, flags=c.MSG_CTRUNC)
    assert (msg.timestamp_ns, msg.timestamp_source) == (NOW, can.TimestampSource.HOST)
    assert _make(arrivals, _stamp(), _count(4)).lost_before == 4


def test_what_is_not_known_is_passed_over() -> None:
    odd = [(c.SOL_SOCKET, 12345, b"x"), (99, c.SO_TIMESTAMPNS_OLD, _time(1))]
    assert _make(Arrivals(), *odd, _stamp()).timestamp_ns == WALL


def test_a_frame_read_before_the_last_one_tells_of_no_loss_again() -> None:
    """A signal handler that receives inside of receiving gets the later frame first."""
    arrivals = Arrivals()
    lost = [_make(arrivals, _stamp(), _count(n)).lost_before for n in (5, 3, 5, 6)]
    assert lost == [5, 0, 0, 1]
