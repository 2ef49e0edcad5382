"""Time stamps of the adapter: its 16 bits of milliseconds, as wall time of ours."""

from __future__ import annotations

import time

import pytest

import canbus as can
from canbus.testing.support import PATIENCE
from tests.unit.slcan.rig import opened, receive_all

MS = 10**6
SECOND = 10**9


class Clock:
    """The adapter's; it goes on when it is told to."""

    def __init__(self, now_ns=0):
        self.now_ns = now_ns

    def __call__(self):
        return self.now_ns


@pytest.fixture
def stopped(monkeypatch):
    """Our clocks stand still, and go on together with the adapter's."""

    def build(start_ns, wall_ns=1_700_000_000 * SECOND):
        clock = Clock(start_ns)
        monkeypatch.setattr(
            "canbus.backends.slcan.line.time_ns", lambda: wall_ns + clock.now_ns - start_ns
        )
        monkeypatch.setattr(
            "canbus.backends.slcan.session.monotonic_ns", lambda: 55 + clock.now_ns - start_ns
        )
        return clock

    return build


def arrive_after(adapter, bus, clock, seconds):
    clock.now_ns += round(seconds * SECOND)
    adapter.arrive("123#")
    return receive_all(bus, 1)[0]


@pytest.mark.parametrize(
    ("dialect", "firmware", "tick"),
    [("lawicel", "", MS), ("usbtin", "v0108", MS), ("canable2-nakakiyo", "", 1_000)],
)
def test_rising_and_right_over_many_wraps(dialect, firmware, tick, stopped):
    clock = stopped(59_990 * MS)
    emulator = {"clock": clock} | ({"firmware": firmware} if firmware else {})
    with opened(dialect, emulator=emulator, dialect=dialect, timestamping="adapter") as (
        adapter,
        bus,
    ):
        gaps = [0, 0.005, 0.005, 0.001, 30, 29.999, 0, 0.001, 61, 240.5, 3600, 0.002]
        passed, walls = 0.0, []
        for gap in gaps:
            passed += gap
            msg = arrive_after(adapter, bus, clock, gap)
            assert msg.timestamp_source is can.TimestampSource.ADAPTER
            assert msg.timestamp_ns == pytest.approx(
                1_700_000_000 * SECOND + round(passed * SECOND), abs=tick + passed * 2
            )
            walls.append(msg.timestamp_ns)
        assert walls == sorted(walls)


def test_a_frame_that_is_read_late_has_the_time_of_the_wire():
    clock = Clock(5 * SECOND)
    with opened(emulator={"clock": clock}, timestamping="adapter") as (adapter, bus):
        adapter.arrive("001#")
        first = receive_all(bus, 1)[0]
        clock.now_ns += 100 * MS  # ours did not go on as far
        adapter.arrive("002#")
        second = receive_all(bus, 1)[0]
        now = time.time_ns()
        assert first.timestamp_ns <= second.timestamp_ns <= now


def test_the_bare_stamp_is_told_too():
    clock = Clock(12_345 * MS)
    with opened(emulator={"clock": clock}, timestamping="adapter") as (adapter, bus):
        adapter.arrive("001#")
        first = receive_all(bus, 1)[0]
        clock.now_ns += 7 * MS
        adapter.arrive("002#")
        second = receive_all(bus, 1)[0]
        assert second.hardware_timestamp_ns - first.hardware_timestamp_ns == 7 * MS


def test_stamps_that_were_not_asked_for_do_no_harm():
    """Somebody else has turned them on, and the adapter keeps that."""
    with opened() as (adapter, bus):
        before = time.time_ns()
        adapter.write(b"t12321122ABCD\rt1230ABCD\r")
        frames = receive_all(bus, 2)
        assert [bytes(msg.data) for msg in frames] == [b"\x11\x22", b""]
        for msg in frames:
            assert msg.timestamp_source is can.TimestampSource.HOST
            assert before <= msg.timestamp_ns <= time.time_ns()


def test_without_them_it_is_our_time():
    with opened() as (adapter, bus):
        before = time.time_ns()
        adapter.arrive("123#")
        msg = bus.recv(PATIENCE)
        assert msg.timestamp_source is can.TimestampSource.HOST
        assert before <= msg.timestamp_ns <= time.time_ns()


def test_a_channel_that_is_opened_anew_has_a_new_clock(stopped):
    clock = stopped(1_000 * MS)
    with opened(emulator={"clock": clock}, timestamping="adapter") as (adapter, bus):
        before = arrive_after(adapter, bus, clock, 1)
        bus.restart()
        after = arrive_after(adapter, bus, clock, 0.5)
        assert after.timestamp_ns - before.timestamp_ns == pytest.approx(SECOND / 2, abs=MS)
