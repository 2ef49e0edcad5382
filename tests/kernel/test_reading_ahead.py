"""Frames that were read ahead: nobody who waits on the descriptor misses one (DESIGN D6)."""

from __future__ import annotations

import select
import threading
from collections.abc import Callable
from typing import Any

import pytest

import canbus as can
from canbus.backends.socketcan.bus import SocketcanBus
from canbus.links import set_down
from canbus.logs import FRAME_LEVEL
from canbus.testing.support import Worker, number_of, numbered, receive, wait_until_blocked

OpenBus = Callable[..., SocketcanBus]


def _is_readable(bus: can.BusABC) -> bool:
    return bool(select.select([bus], [], [], 0)[0])


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_the_descriptor_is_readable_as_long_as_a_frame_waits_wherever_it_lies(
    open_bus: OpenBus, taken: int
) -> None:
    sender, bus = open_bus(), open_bus()
    sender.send_many([numbered(number) for number in range(10)])
    for number in range(taken):
        assert number_of(receive(bus)) == number
    for number in range(taken, 10):
        assert _is_readable(bus)
        assert number_of(receive(bus)) == number
    assert bus.recv(0) is None
    assert not _is_readable(bus)
    for number in (20, 21):
        sender.send(numbered(number))
        assert _is_readable(bus)
        assert number_of(receive(bus)) == number
        assert bus.recv(0) is None
        assert not _is_readable(bus)


def test_the_descriptor_stays_the_same(open_bus: OpenBus) -> None:
    sender, bus = open_bus(), open_bus()
    sender.send_many([numbered(0), numbered(1)])
    bus.recv(0)
    fd = bus.fileno()
    bus.recv(0)
    assert bus.recv(0) is None
    assert bus.fileno() == fd


def test_after_fileno_nothing_is_read_ahead(open_bus: OpenBus) -> None:
    sender, bus = open_bus(), open_bus()
    bus.fileno()
    sender.send_many([numbered(number) for number in range(10)])
    bus.recv(0)
    assert int.from_bytes(bus.socket.recv(16)[8:12], "big") == 1  # the next one is in the socket


def test_the_socket_is_handed_out_like_the_descriptor(open_bus: OpenBus) -> None:
    sender, bus = open_bus(), open_bus()
    sock = bus.socket
    sender.send_many([numbered(0), numbered(1)])
    assert number_of(receive(bus)) == 0
    assert select.select([sock], [], [], 0)[0] == [sock]


def test_a_bus_that_raises_on_loss_shows_what_it_holds(open_bus: OpenBus) -> None:
    sender, bus = open_bus(), open_bus(rcvbuf=4096, on_loss="raise")
    bus.fileno()
    sender.send_many([numbered(number) for number in range(300)])
    got = bus.recv_many(1000, 0)
    sender.send(numbered(300))
    with pytest.raises(can.CanFramesLostError) as caught:
        bus.recv_many(1000, 0)
    assert caught.value.count == 300 - len(got)
    assert _is_readable(bus)
    assert number_of(receive(bus)) == 300
    assert bus.recv(0) is None
    assert not _is_readable(bus)


def test_breaking_out_of_an_iteration_loses_nothing(open_bus: OpenBus) -> None:
    sender, bus = open_bus(), open_bus()
    sender.send_many([numbered(number) for number in range(100)])
    for msg in bus:
        if number_of(msg) == 10:
            break
    assert [number_of(msg) for msg in bus.recv_many(1000, 0)] == list(range(11, 100))


def test_several_readers_share_what_was_read_ahead(open_bus: OpenBus) -> None:
    sender, bus = open_bus(), open_bus(rcvbuf=2_000_000)
    count = 2000
    sender.send_many([numbered(number) for number in range(count)])
    taken: list[int] = []
    lock = threading.Lock()

    def read() -> list[int]:
        mine = []
        while (msg := bus.recv(0)) is not None:
            mine.append(number_of(msg))
        with lock:
            taken.extend(mine)
        return mine

    workers = [Worker(read) for _ in range(4)]
    for worker in workers:
        mine = worker.result()
        assert mine == sorted(mine)
    assert sorted(taken) == list(range(count))


def test_a_reader_that_waits_gets_what_another_one_has_read_ahead(open_bus: OpenBus) -> None:
    """What left the socket wakes nobody who waits on the socket."""
    sender, bus = open_bus(), open_bus()
    for round_ in range(20):
        reader = Worker(lambda: bus.recv(20))
        wait_until_blocked(reader)
        sender.send_many([numbered(10 * round_ + number) for number in range(5)])
        mine = bus.recv(0)  # with the other four, unless the reader was quicker
        theirs = reader.result()
        assert theirs is not None
        rest = bus.recv_many(10, 0)
        all_of_them = [msg for msg in (mine, theirs, *rest) if msg is not None]
        assert sorted(map(number_of, all_of_them)) == [10 * round_ + n for n in range(5)]


def test_frames_read_ahead_obey_filters_that_are_set_later(open_bus: OpenBus) -> None:
    sender, bus = open_bus(), open_bus()
    sender.send_many([numbered(number, 0x100 + number % 2) for number in range(20)])
    assert number_of(receive(bus)) == 0
    bus.set_filters([can.CanFilter(0x101, 0x7FF, extended=False)])
    assert [number_of(msg) for msg in bus.recv_many(100, 0)] == list(range(1, 20, 2))


def _is_matching_in_python(bus: SocketcanBus) -> bool:
    return bus._matcher is not None


def test_a_filter_change_costs_python_nothing_for_long(open_bus: OpenBus) -> None:
    """Once the queue of before the change is empty, the kernel's filter is enough."""
    sender, bus = open_bus(), open_bus()
    bus.set_filters([can.CanFilter(0x101, 0x7FF, extended=False)])
    assert _is_matching_in_python(bus)
    assert bus.recv(0.2) is None
    assert bus.recv(0) is None
    assert not _is_matching_in_python(bus)
    sender.send(numbered(1, 0x100))
    sender.send(numbered(2, 0x101))
    assert number_of(receive(bus)) == 2
    assert bus.recv(0) is None


def test_recv_many_waits_for_the_first_frame_only(open_bus: OpenBus) -> None:
    sender, bus = open_bus(), open_bus()
    reader = Worker(lambda: bus.recv_many(64, 20))
    wait_until_blocked(reader)
    sender.send(numbered(1))
    assert [number_of(msg) for msg in reader.result()] == [1]
    assert bus.recv_many(64, 0.05) == []


@pytest.mark.parametrize("limit", [1, 3, 64, 65, 200])
def test_recv_many_returns_no_more_than_asked_for(open_bus: OpenBus, limit: int) -> None:
    sender, bus = open_bus(), open_bus()
    sender.send_many([numbered(number) for number in range(150)])
    numbers: list[int] = []
    while part := bus.recv_many(limit, 0):
        assert len(part) <= limit
        numbers += [number_of(msg) for msg in part]
    assert numbers == list(range(150))


def test_shutdown_while_frames_were_read_ahead(open_bus: OpenBus) -> None:
    sender, bus = open_bus(), open_bus()
    sender.send_many([numbered(number) for number in range(10)])
    bus.recv(0)
    bus.shutdown()
    for use in (lambda: bus.recv(0), lambda: bus.recv_many(5, 0), lambda: next(iter(bus))):
        with pytest.raises(can.CanClosedError):
            use()


def test_every_frame_that_comes_out_is_logged_once(
    open_bus: OpenBus, caplog: pytest.LogCaptureFixture
) -> None:
    sender = open_bus()
    with caplog.at_level(FRAME_LEVEL, "canbus"):
        bus = open_bus()
    sender.send_many([numbered(number) for number in range(10)])
    with caplog.at_level(FRAME_LEVEL, "canbus"):
        received = [receive(bus), *bus.recv_many(3, 1), next(iter(bus)), *bus.recv_many(64, 1)]
    assert len(received) == 10
    assert [record.args for record in caplog.records] == [(msg,) for msg in received]


def test_frames_in_hand_are_not_lost_to_an_error_that_comes_behind_them(
    open_bus: OpenBus, vcan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """recv_many has waited for the first frame, and then looks for more."""
    sender, bus = open_bus(), open_bus()
    sender.send(numbered(1))

    def wait_and_go_down(timeout: float | None) -> can.Message:
        msg = receive(bus)
        set_down(vcan)
        return msg

    monkeypatch.setattr(bus, "_recv_waiting", _empty_once(bus._recv_waiting))
    monkeypatch.setattr(bus, "_recv_by", wait_and_go_down)
    assert [number_of(msg) for msg in bus.recv_many(64, 1)] == [1]
    with pytest.raises(can.CanLinkDownError):
        bus.recv(0)


def _empty_once(read: Callable[..., list[can.Message]]) -> Callable[..., list[can.Message]]:
    calls: list[object] = []

    def recv_waiting(*args: Any) -> list[can.Message]:
        calls.append(args)
        return read(*args) if len(calls) > 1 else []

    return recv_waiting
