"""What a signal handler does inside a call costs no frame, doubles none and touches no stranger's.

It may shut the bus down and open another one, which gets the number of the closed socket; it may
receive or send on the very bus; and whatever it does changes errno.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import canbus as can
from canbus.backends.socketcan.bus import SocketcanBus
from canbus.links import temporary_vcan
from canbus.testing.support import number_of, numbered, receive
from tests.interruptions import at_every_step, interrupted

OpenBus = Callable[..., SocketcanBus]
COUNT = 5


@pytest.fixture
def other_link() -> Iterator[str]:
    with temporary_vcan() as link:
        yield link.name


def _all(bus: can.BusABC) -> list[int]:
    return [number_of(msg) for msg in bus.recv_many(1000, 0)]


READS: dict[str, Callable[[can.BusABC], list[can.Message]]] = {
    "recv": lambda bus: [msg for msg in [bus.recv(0)] if msg],
    "recv_many": lambda bus: bus.recv_many(64, 0),
}


def _bus(channel: str) -> SocketcanBus:
    return SocketcanBus(channel)


@pytest.mark.parametrize("read", READS.values(), ids=list(READS))
def test_a_number_that_was_given_away_is_not_read(
    vcan: str, other_link: str, read: Callable[[can.BusABC], list[can.Message]]
) -> None:
    def try_one(step: int) -> bool:
        with _bus(other_link) as sender:
            bus = _bus(vcan)
            strangers: list[can.BusABC] = []
            got: list[can.Message] = []

            def give_away() -> None:
                bus.shutdown()
                strangers.append(_bus(other_link))
                sender.send(numbered(7))

            def work() -> None:
                with suppress(can.CanClosedError):
                    got.extend(read(bus))

            reached = interrupted(work, step, give_away)
            assert got == []
            for stranger in strangers:
                assert number_of(receive(stranger)) == 7
                stranger.shutdown()
            bus.shutdown()
        return reached

    at_every_step(try_one)


def test_a_number_that_was_given_away_is_not_written_to(vcan: str, other_link: str) -> None:
    def try_one(step: int) -> bool:
        with _bus(other_link) as listener:
            bus = _bus(vcan)
            strangers: list[can.BusABC] = []

            def give_away() -> None:
                bus.shutdown()
                strangers.append(_bus(other_link))

            def work() -> None:
                with suppress(can.CanClosedError):
                    bus.send_many([numbered(number) for number in range(COUNT)])

            reached = interrupted(work, step, give_away)
            assert _all(listener) == []
            for closed in (*strangers, bus):
                closed.shutdown()
        return reached

    at_every_step(try_one)


def test_send_many_that_waits_does_not_write_to_a_number_that_was_given_away(
    vcan: str, other_link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock is free while it waits, and the number may be anybody's afterwards."""
    plug = ["tc", "qdisc", "replace", "dev", vcan, "root", "plug", "limit", "160"]
    subprocess.run(plug, check=True)
    subprocess.run(["tc", "qdisc", "change", "dev", vcan, "root", "plug", "block"], check=True)
    with _bus(other_link) as listener:
        bus = _bus(vcan)
        strangers: list[SocketcanBus] = []
        wait = bus._transmitter._waiter.wait

        def wait_and_give_away(*args: Any) -> bool:
            woken = wait(*args)
            bus.shutdown()
            while not strangers or strangers[-1]._socket.fileno() < number:
                strangers.append(_bus(other_link))
            return woken

        number = bus._socket.fileno()
        monkeypatch.setattr(bus._transmitter._waiter, "wait", wait_and_give_away)
        with pytest.raises(can.CanClosedError):
            bus.send_many([numbered(number) for number in range(100)], 5)
        assert strangers
        assert _all(listener) == []
        for stranger in strangers:
            stranger.shutdown()


@pytest.mark.parametrize("read", READS.values(), ids=list(READS))
def test_receiving_in_a_handler_inside_receiving(
    vcan: str, read: Callable[[can.BusABC], list[can.Message]]
) -> None:
    def try_one(step: int) -> bool:
        with _bus(vcan) as bus, _bus(vcan) as sender:
            sender.send_many([numbered(number) for number in range(COUNT)])
            got: list[can.Message] = []
            reached = interrupted(
                lambda: got.extend(read(bus)), step, lambda: got.extend(bus.recv_many(3, 0))
            )
            while len(got) < COUNT:
                got.append(receive(bus))
            assert sorted(number_of(msg) for msg in got) == list(range(COUNT))
            sender.send(numbered(COUNT))
            after = receive(bus)
            assert (number_of(after), after.lost_before) == (COUNT, 0)
            assert after.timestamp_source is can.TimestampSource.KERNEL
        return reached

    at_every_step(try_one)


def test_losses_are_told_once_when_a_handler_receives_inside_receiving(vcan: str) -> None:
    """The handler's frame may be a later one, with a higher count of losses."""

    def try_one(step: int) -> bool:
        options = {"rcvbuf": 4096, "on_loss": "count"}
        with SocketcanBus(vcan, **options) as bus, _bus(vcan) as sender:  # type: ignore[arg-type]
            sender.send_many([numbered(number) for number in range(50)])
            got = bus.recv_many(1000, 0.1)
            kept = len(got)
            sender.send_many([numbered(number) for number in range(50, 50 + 2)])
            reached = interrupted(
                lambda: got.extend(bus.recv_many(1, 0)),
                step,
                lambda: got.extend(bus.recv_many(1, 0)),
            )
            while len(got) < kept + 2:
                got.append(receive(bus))
            assert sum(msg.lost_before for msg in got) == 50 - kept == bus.statistics.rx_dropped
        return reached

    at_every_step(try_one)


def test_sending_in_a_handler_inside_sending(vcan: str) -> None:
    inner = [numbered(number) for number in range(100, 100 + COUNT)]

    def try_one(step: int) -> bool:
        with _bus(vcan) as bus, _bus(vcan) as listener:
            reached = interrupted(
                lambda: bus.send_many([numbered(number) for number in range(COUNT)]),
                step,
                lambda: bus.send_many(inner),
            )
            wanted = [*range(COUNT), *(range(100, 100 + COUNT) if reached else ())]
            assert sorted(number_of(receive(listener)) for _ in wanted) == wanted
            assert listener.recv(0) is None
        return reached

    at_every_step(try_one)


def _change_errno() -> None:
    with suppress(FileNotFoundError):
        Path("/nowhere").stat()


@pytest.mark.parametrize("read", READS.values(), ids=list(READS))
def test_a_handler_that_changes_errno_makes_no_error_of_an_empty_socket(
    vcan: str, read: Callable[[can.BusABC], list[can.Message]]
) -> None:
    def try_one(step: int) -> bool:
        with _bus(vcan) as bus:
            return interrupted(lambda: read(bus), step, _change_errno)

    at_every_step(try_one)


def test_a_handler_that_changes_errno_makes_no_other_error_of_a_full_queue(
    open_bus: OpenBus, full_queue: Callable[[], None]
) -> None:
    bus = open_bus()
    frames = [numbered(number) for number in range(100)]

    def work() -> None:
        with pytest.raises(can.CanTxQueueFullError):
            bus.send_many(frames, 0)

    at_every_step(lambda step: interrupted(work, step, _change_errno))
