"""Which changes of a watched frame are told: bits, length, pages, kinds of frames, throttled."""

from __future__ import annotations

from time import monotonic

import pytest

import canbus as can
from canbus.watch import Watch
from tests.kernel.watching import (
    CHANGED,
    FIRST,
    ID,
    LAST_ID,
    OpenBus,
    content,
    event,
    frame,
    reading_threads,
    until_now,
    wakes,
)
from tests.scale import SOAK

MANY = 100_000


@pytest.fixture
def bus(open_bus: OpenBus) -> can.BusABC:
    return open_bus(fd=True)


@pytest.fixture
def other(open_bus: OpenBus) -> can.BusABC:
    return open_bus(fd=True)


@pytest.fixture
def last(bus: can.BusABC) -> Watch:
    return bus.watch(LAST_ID)


def test_each_change_of_the_masked_bits_is_told_exactly_once_among_100_000_frames(
    bus: can.BusABC, other: can.BusABC, last: Watch
) -> None:
    """Every 1,000th frame changes what is looked at, all others only what is not."""
    frames = [
        frame(bytes([number // 1000 & 0x7F | number & 0x80]) + number.to_bytes(4, "big"))
        for number in range(MANY)
    ]
    with bus.watch(ID, mask=b"\x7f") as watch:
        assert until_now(other, watch, last) == []
        (reader,) = reading_threads()
        before = wakes(reader)
        other.send_many(frames)
        told = until_now(other, watch, last)
        assert [content(got) for got in told] == [bytes(one.data) for one in frames[::1000]]
        assert [got.kind for got in told] == [FIRST] + [CHANGED] * (MANY // 1000 - 1)
        assert wakes(reader) - before <= 10 * len(told)  # it waits for the interpreter, too
        assert watch.lost == 0


def test_nobody_is_woken_while_100_000_frames_change_nothing(
    bus: can.BusABC, other: can.BusABC, last: Watch
) -> None:
    frames = [frame(b"\x55" + number.to_bytes(4, "big")) for number in range(MANY)]
    with bus.watch(ID, mask=b"\xff") as watch:
        other.send(frames[0])
        assert event(watch).kind is FIRST
        assert until_now(other, watch, last) == []
        (reader,) = reading_threads()
        before = wakes(reader)
        other.send_many(frames)
        assert wakes(reader) == before
        assert until_now(other, watch, last) == []


@pytest.mark.parametrize("fd", [False, True])
def test_without_a_mask_any_bit_and_the_length_count(
    bus: can.BusABC, other: can.BusABC, last: Watch, fd: bool
) -> None:
    full = bytes(64 if fd else 8)
    datas = [full, full, full[:-1] + b"\1", full, b"", b"", b"\0", full[:7], full]
    if fd:
        datas += [full[:48], full[:32], full[:12] + b"\1" * 4]
    with bus.watch(ID, is_fd=fd) as watch:
        for data in datas:
            other.send(frame(data, fd=fd))
        told = [content(got) for got in until_now(other, watch, last)]
        expected = [now for was, now in zip([None, *datas], datas, strict=False) if now != was]
        assert told == expected


def test_with_a_mask_the_length_does_not_count(
    bus: can.BusABC, other: can.BusABC, last: Watch
) -> None:
    with bus.watch(ID, mask=b"\xff") as watch:
        for data in (b"\1\2\3", b"\1", b"\1\2\3\4\5\6\7\7", b"\2"):
            other.send(frame(data))
        assert [content(got) for got in until_now(other, watch, last)] == [b"\1\2\3", b"\2"]


def test_every_byte_of_an_fd_frame_can_be_looked_at(
    bus: can.BusABC, other: can.BusABC, last: Watch
) -> None:
    for at in range(64):
        bit = bytes(at) + b"\x10"
        with bus.watch(at, is_fd=True, mask=bit) as watch:
            others = bytes([0xFF] * at + [0xEF] + [0xFF] * (63 - at))
            for data in (bytes(64), others, b"\xff" * 64):
                other.send(frame(data, at, fd=True))
            told = until_now(other, watch, last)
            assert [content(got) for got in told] == [bytes(64), b"\xff" * 64]


def test_classic_and_fd_frames_of_one_id_are_apart(bus: can.BusABC, other: can.BusABC) -> None:
    before = len(reading_threads())
    with bus.watch(ID) as classic, bus.watch(ID, is_fd=True) as fd, bus.watch(LAST_ID) as last:
        assert len(reading_threads()) == before + 1  # on one socket
        for number in range(5):
            other.send(frame(bytes([number])))
            other.send(frame(bytes([100 + number]), fd=True))
        told = until_now(other, classic, last)
        assert [content(got) for got in told] == [bytes([number]) for number in range(5)]
        assert not any(got.message.is_fd for got in told if got.message)
        told = until_now(other, fd, last)
        assert [content(got) for got in told] == [bytes([100 + number]) for number in range(5)]
        assert all(got.message.is_fd for got in told if got.message)
        classic.stop()
        other.send(frame(b"\x77"))
        other.send(frame(b"\x78", fd=True))
        assert [content(got) for got in until_now(other, fd, last)] == [b"\x78"]


def test_ids_of_11_and_29_bits_are_apart(bus: can.BusABC, other: can.BusABC, last: Watch) -> None:
    with bus.watch(ID) as short, bus.watch(ID, is_extended_id=True) as long:
        for number in range(5):
            other.send(frame(bytes([number])))
            other.send(frame(bytes([100 + number]), ext=True))
            other.send(frame(bytes([200 + number]), ID | 0x10000, ext=True))
        told = until_now(other, short, last)
        assert [content(got) for got in told] == [bytes([number]) for number in range(5)]
        told = until_now(other, long, last)
        assert [content(got) for got in told] == [bytes([100 + number]) for number in range(5)]
        assert all(got.message.is_extended_id for got in told if got.message)


def test_what_is_told_is_the_whole_frame_as_it_was_received(
    bus: can.BusABC, other: can.BusABC
) -> None:
    msg = can.Message(
        arbitration_id=0x1ABCDEF,
        is_fd=True,
        bitrate_switch=True,
        error_state_indicator=True,
        data=bytes(range(48)),
    )
    with bus.watch(0x1ABCDEF, is_extended_id=True, is_fd=True) as watch:
        other.send(msg)
        received, told = bus.recv(10), event(watch)
        assert received is not None
        assert told.message is not None
        assert told.message.equals(received, timestamp_delta=0, check_direction=False)
        assert told.timestamp_ns == received.timestamp_ns
        assert told.message.channel == received.channel


# -- pages --------------------------------------------------------------------------------


def test_pages_are_compared_each_with_itself_under_its_own_mask(
    bus: can.BusABC, other: can.BusABC, last: Watch
) -> None:
    pages = {b"\1": b"\0\xff", b"\2": b"\0\0\x0f"}
    sent = [
        (b"\1\0\0", True),
        (b"\2\0\0", True),
        (b"\1\0\1", False),
        (b"\1\1\0", True),
        (b"\2\1\0", False),
        (b"\2\1\x10", False),
        (b"\2\1\x11", True),
        (b"\3\1\1", False),  # no page
        (b"\1\1\1", False),
        (b"\1\2", True),
        (b"\2\0\1", False),
    ]
    with bus.watch(ID, multiplex=pages) as watch:
        for data, _ in sent:
            other.send(frame(data))
        told = until_now(other, watch, last)
        assert [content(got) for got in told] == [data for data, is_told in sent if is_told]
        assert [got.kind for got in told] == [FIRST] + [CHANGED] * 4


@pytest.mark.parametrize("fd", [False, True])
def test_as_many_pages_as_the_kernel_has(
    bus: can.BusABC, other: can.BusABC, last: Watch, fd: bool
) -> None:
    pages = {bytes([0, page]): b"\0\0\xff" for page in range(256)}
    with bus.watch(ID, multiplex=pages, multiplex_mask=b"\0\xff", is_fd=fd) as watch:
        for value in range(3):  # all at once would be more than the receive buffer takes
            sent = [bytes([7, page, value, 9]) for page in range(256)]
            other.send_many(frame(data, fd=fd) for data in sent for _ in range(2))
            assert [content(got) for got in until_now(other, watch, last)] == sent


# -- throttle -----------------------------------------------------------------------------


def test_a_throttled_watch_is_told_seldom_and_the_last_value_always(
    bus: can.BusABC, other: can.BusABC
) -> None:
    throttle = 0.05
    with bus.watch(ID, throttle=throttle) as watch:
        for round_ in range(5 * SOAK):
            begun = monotonic()
            final = bytes([round_, 0xFF, 0xFF])
            for number in range(2000):
                other.send(frame(bytes([round_]) + number.to_bytes(2, "big")))
            other.send(frame(final))
            told = [content(event(watch))]
            while told[-1] != final:
                told.append(content(event(watch)))
            elapsed = monotonic() - begun
            # The first at once, one after each time; another may have been due as it began.
            assert len(told) <= elapsed / throttle + 2
            assert told == sorted(told)
        assert watch.get(2 * throttle) is None  # nothing is told twice


def test_a_throttled_change_is_held_back_and_then_told(bus: can.BusABC, other: can.BusABC) -> None:
    with bus.watch(ID, throttle=0.1) as watch:
        other.send(frame(b"\1"))
        begun = monotonic()
        assert content(event(watch)) == b"\1"
        for value in (b"\2", b"\3", b"\4"):
            other.send(frame(value))
        if monotonic() - begun < 0.1:  # all of them within the time
            assert content(event(watch)) == b"\4"
            assert monotonic() - begun > 0.09
        else:
            assert content(event(watch)) in {b"\2", b"\3", b"\4"}
