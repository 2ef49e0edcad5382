"""Frames lost in the kernel: each is counted, and the gap stands between the right two frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import canbus as can
from canbus.backends.socketcan.bus import SocketcanBus
from canbus.testing.support import number_of, numbered, receive
from tests.scale import SOAK

OpenBus = Callable[..., SocketcanBus]

# Ways to read what waits: each must place the gap alike.
READERS = {
    "recv": lambda bus: list(iter(lambda: bus.recv(0), None)),
    "recv_many": lambda bus: [
        msg for part in iter(lambda: bus.recv_many(64, 0), []) for msg in part
    ],
    "recv after fileno()": lambda bus: bus.fileno() and list(iter(lambda: bus.recv(0), None)),
}


def _open_sender(open_bus: OpenBus) -> SocketcanBus:
    """One that hears itself, whatever it sends; open it before those that shall hear it."""
    return open_bus(rcvbuf=8_000_000, receive_own_messages=True)


def _send_numbers(bus: can.BusABC, numbers: range) -> None:
    """Send them, and wait until the kernel has passed on the last: it does so when it has time.

    It hands a frame to the socket that was opened last first (can_rx_register, net/can/af_can.c).
    """
    bus.send_many([numbered(number) for number in numbers])
    heard = 0
    while heard < len(numbers):
        frames = bus.recv_many(len(numbers) - heard, 20)
        assert frames
        heard += len(frames)


def _check_gaps(frames: list[can.Message], already_read: int = 0) -> None:
    """Each frame says how many are missing before it, which its number proves."""
    expected = already_read
    for frame in frames:
        assert number_of(frame) - expected == frame.lost_before, number_of(frame)
        expected = number_of(frame) + 1


@pytest.mark.parametrize("rcvbuf", [None, 4096, 2_000_000])
@pytest.mark.parametrize("read", READERS.values(), ids=list(READERS))
@pytest.mark.parametrize("round_", range(10 * SOAK // 2 if SOAK > 1 else 10))
def test_received_and_lost_are_what_was_sent_and_the_gaps_are_in_place(
    open_bus: OpenBus,
    rcvbuf: int | None,
    read: Callable[[can.BusABC], list[can.Message]],
    round_: int,
) -> None:
    sender, slow = _open_sender(open_bus), open_bus(rcvbuf=rcvbuf, on_loss="count")
    sent = 0
    frames: list[can.Message] = []
    for burst in (700, 50 + 37 * round_, 3000 if rcvbuf is None else 900, 1):
        _send_numbers(sender, range(sent, sent + burst))
        sent += burst
        frames += read(slow)

    _check_gaps(frames)
    lost_at_end = sent - 1 - number_of(frames[-1])
    assert len(frames) + sum(frame.lost_before for frame in frames) + lost_at_end == sent
    assert len(frames) + slow.statistics.rx_dropped == sent
    if rcvbuf == 4096:
        assert slow.statistics.rx_dropped > 0


def test_iteration_places_the_gap(open_bus: OpenBus) -> None:
    sender, slow = _open_sender(open_bus), open_bus(rcvbuf=4096, on_loss="count")
    _send_numbers(sender, range(300))
    waiting = len(slow.recv_many(1000, 0))
    _send_numbers(sender, range(300, 400))
    frames = []
    for frame in slow:
        frames.append(frame)
        if len(frames) == waiting:
            break
    _check_gaps(frames, already_read=waiting)
    assert frames[0].lost_before == 300 - waiting


def test_one_warning_at_the_first_loss(open_bus: OpenBus, recwarn: pytest.WarningsRecorder) -> None:
    sender, slow = _open_sender(open_bus), open_bus(rcvbuf=4096)
    for start in (0, 500, 1000):
        _send_numbers(sender, range(start, start + 500))
        READERS["recv"](slow)
    warned = [str(entry.message) for entry in recwarn if entry.category is can.CanWarning]
    assert len(warned) == 1
    assert "lost" in warned[0]
    assert "rcvbuf" in warned[0]


def test_a_loss_is_warned_of_when_no_frame_comes_after_it(open_bus: OpenBus) -> None:
    """The kernel's mark comes with the next frame only; the count is asked for instead."""
    sender, slow = _open_sender(open_bus), open_bus()
    _send_numbers(sender, range(2000))
    with pytest.warns(can.CanWarning, match="lost"):
        READERS["recv"](slow)


def test_a_warning_that_is_an_error_costs_no_frame(open_bus: OpenBus) -> None:
    """pytest makes errors of warnings here, as a user may."""
    sender, slow = _open_sender(open_bus), open_bus(rcvbuf=4096)
    _send_numbers(sender, range(300))
    first = len(slow.recv_many(1000, 0))
    _send_numbers(sender, range(300, 305))
    with pytest.raises(can.CanWarning, match="lost"):
        slow.recv(0)
    rest = READERS["recv"](slow)
    assert [number_of(frame) for frame in rest] == [300, 301, 302, 303, 304]
    assert rest[0].lost_before == 300 - first


def _one(bus: can.BusABC) -> list[can.Message]:
    msg = bus.recv(0)
    return [] if msg is None else [msg]


@pytest.mark.parametrize("many", [False, True])
def test_on_loss_raise_raises_between_the_right_two_frames(open_bus: OpenBus, many: bool) -> None:
    sender, slow = _open_sender(open_bus), open_bus(rcvbuf=4096, on_loss="raise")
    expected = sent = 0
    losses = 0
    for burst in (300, 200, 5):
        _send_numbers(sender, range(sent, sent + burst))
        sent += burst
        while True:
            try:
                frames = slow.recv_many(64, 0) if many else _one(slow)
            except can.CanFramesLostError as exc:
                expected += exc.count
                losses += 1
                continue
            if not frames:
                break
            for frame in frames:
                assert number_of(frame) == expected
                expected += 1
    assert (losses, expected) == (2, sent)
    assert slow.statistics.rx_dropped > 0


def test_a_loss_before_a_frame_that_is_filtered_out_is_told_by_the_next(open_bus: OpenBus) -> None:
    sender, slow = _open_sender(open_bus), open_bus(rcvbuf=4096, on_loss="count")
    _send_numbers(sender, range(300))
    first = len(slow.recv_many(1000, 0))
    for ident in (0x200, 0x300):
        sender.send(numbered(7, ident))
    slow.set_filters([can.CanFilter(0x300, 0x7FF, extended=False)])
    msg = slow.recv(0)
    assert msg.arbitration_id == 0x300
    assert msg.lost_before == 300 - first
    assert slow.statistics.rx_dropped == 300 - first


def test_the_buffer_is_enlarged_to_what_is_granted_without_rights(open_bus: OpenBus) -> None:
    limit = int(Path("/proc/sys/net/core/rmem_max").read_text())
    assert open_bus().rcvbuf == limit


def test_a_size_that_was_asked_for_is_forced_where_there_is_the_right(open_bus: OpenBus) -> None:
    bus = open_bus(rcvbuf=4_000_000, sndbuf=3_000_000)
    assert (bus.rcvbuf, bus.sndbuf) == (4_000_000, 3_000_000)


@pytest.mark.parametrize("size", [0, -1, 2**31])
def test_a_size_that_is_none_is_refused(open_bus: OpenBus, size: int) -> None:
    with pytest.raises(can.CanConfigError, match="rcvbuf"):
        open_bus(rcvbuf=size)


def test_a_warning_that_is_an_error_costs_no_frame_of_a_list(open_bus: OpenBus) -> None:
    """It comes with the second batch, when the frames of the first are in our hands already."""
    sender, slow = _open_sender(open_bus), open_bus(rcvbuf=100_000)
    _send_numbers(sender, range(400))
    frames = [receive(slow)]
    _send_numbers(sender, range(400, 405))
    with pytest.raises(can.CanWarning, match="lost"):
        slow.recv_many(1000, 0)
    frames += slow.recv_many(1000, 0)
    assert len(frames) + slow.statistics.rx_dropped == 405
    _check_gaps(frames)
