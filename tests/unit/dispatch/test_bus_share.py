"""bus_share: reading the bus itself beside its consumers, before, meanwhile and after."""

from __future__ import annotations

import select
from queue import SimpleQueue

import pytest

from canbus import bus_share
from canbus.backends.virtual.bus import VirtualBus
from canbus.dispatcher import dispatcher_of
from canbus.errors import CanClosedError, CanWarning
from canbus.testing.support import (
    PATIENCE,
    Worker,
    number_of,
    numbered,
    receive,
    wait_until_blocked,
)
from tests.unit.dispatch.conftest import Wire
from tests.unit.dispatch.consumers import Recorder, exactly


def _send(wire: Wire, *numbers: int, arbitration_id: int = 0x123) -> None:
    for number in numbers:
        wire.other.send(numbered(number, arbitration_id))


def _rest(bus: VirtualBus, count: int) -> list[int]:
    """The frames that come and are no more than that."""
    numbers = [number_of(receive(bus)) for _ in range(count)]
    assert bus.recv_many(9, 0) == []
    return numbers


def _is_readable(fd: int) -> bool:
    return bool(select.select([fd], [], [], 0)[0])


def test_who_reads_the_bus_loses_nothing_and_keeps_the_order(wire: Wire) -> None:
    recorder = Recorder()
    _send(wire, 1, 2, 3)
    assert number_of(receive(wire.bus)) == 1
    dispatcher_of(wire.bus).add(recorder)
    _send(wire, 4, 5)
    recorder.numbers(2)
    assert number_of(receive(wire.bus)) == 2
    dispatcher_of(wire.bus).remove(recorder)
    _send(wire, 6)
    assert [number_of(receive(wire.bus)) for _ in range(3)] == [3, 4, 5]
    dispatcher_of(wire.bus).add(recorder)
    _send(wire, 7)
    recorder.numbers(3)
    dispatcher_of(wire.bus).remove(recorder)
    _send(wire, 8)
    assert [number_of(receive(wire.bus)) for _ in range(3)] == [6, 7, 8]
    assert recorder.numbers(3) == [4, 5, 7]
    assert wire.bus.recv(0) is None


def test_a_bus_that_was_never_read_has_its_share_from_the_first_call_on(wire: Wire) -> None:
    recorder = Recorder()
    dispatcher_of(wire.bus).add(recorder)
    _send(wire, 1)
    recorder.numbers(1)
    assert wire.bus.recv(0) is None
    _send(wire, 2)
    assert number_of(receive(wire.bus)) == 2
    dispatcher_of(wire.bus).remove(recorder)
    assert recorder.numbers(2) == [1, 2]


def test_who_waits_gets_the_frame_whoever_reads(wire: Wire) -> None:
    recorder = Recorder()
    waiting = Worker(lambda: receive(wire.bus))
    wait_until_blocked(waiting)
    dispatcher_of(wire.bus).add(recorder)
    _send(wire, 1)
    assert number_of(waiting.result()) == 1
    assert recorder.numbers(1) == [1]
    waiting = Worker(lambda: receive(wire.bus))
    wait_until_blocked(waiting)
    dispatcher_of(wire.bus).remove(recorder)
    wait_until_blocked(waiting)
    _send(wire, 2)
    assert number_of(waiting.result()) == 2


def test_who_waits_for_a_while_waits_no_longer_though_the_reader_changes(wire: Wire) -> None:
    recorder = Recorder()
    waiting = Worker(lambda: wire.bus.recv(0.2))
    wait_until_blocked(waiting)
    dispatcher_of(wire.bus).add(recorder)
    assert waiting.result() is None
    waiting = Worker(lambda: wire.bus.recv_many(8, 0.2))  # type: ignore[arg-type, return-value]
    wait_until_blocked(waiting)
    dispatcher_of(wire.bus).remove(recorder)
    assert waiting.result() == []  # type: ignore[comparison-overlap]


def test_iteration_goes_on(wire: Wire) -> None:
    recorder = Recorder()
    _send(wire, 0)
    frames = iter(wire.bus)
    assert number_of(next(frames)) == 0
    for number in range(1, 9):
        if number % 3 == 1:
            dispatcher_of(wire.bus).add(recorder)
        if number % 3 == 0:
            dispatcher_of(wire.bus).remove(recorder)
        _send(wire, number)
        assert number_of(next(frames)) == number
    dispatcher_of(wire.bus).remove(recorder)
    wire.bus.shutdown()
    assert list(frames) == []


def test_the_share_has_the_filters_of_the_bus_and_those_stay_what_the_user_said(
    wire: Wire,
) -> None:
    wire.bus.set_filters(exactly(1))
    wire.bus.recv(0)
    everything = Recorder()
    dispatcher_of(wire.bus).add(everything)
    filters = wire.bus.filters
    assert filters is not None
    assert [entry.can_id for entry in filters] == [1]
    _send(wire, 1, arbitration_id=1)
    _send(wire, 2, arbitration_id=2)
    everything.numbers(2)
    wire.bus.set_filters(exactly(2))
    _send(wire, 3, arbitration_id=1)
    _send(wire, 4, arbitration_id=2)
    everything.numbers(4)
    assert _rest(wire.bus, 1) == [4]
    wire.bus.set_filters(None)
    _send(wire, 5, arbitration_id=3)
    everything.numbers(5)
    dispatcher_of(wire.bus).remove(everything)
    wire.bus.set_filters(exactly(4))
    _send(wire, 6, arbitration_id=4)
    _send(wire, 7, arbitration_id=3)
    assert _rest(wire.bus, 1) == [6]
    assert everything.numbers(5) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("first", ["descriptor", "consumer"])
def test_the_descriptor_tells_of_what_waits_in_the_share(wire: Wire, first: str) -> None:
    recorder = Recorder()
    if first == "descriptor":
        _send(wire, 0)
        fd = wire.bus.fileno()
        dispatcher_of(wire.bus).add(recorder)
        assert _is_readable(fd)
        assert _rest(wire.bus, 1) == [0]
    else:
        dispatcher_of(wire.bus).add(recorder)
        fd = wire.bus.fileno()
    assert not _is_readable(fd)
    _send(wire, 1, 2)
    assert select.select([fd], [], [], PATIENCE)[0]
    recorder.numbers(2)
    assert number_of(receive(wire.bus)) == 1
    assert _is_readable(fd)
    dispatcher_of(wire.bus).remove(recorder)
    assert _is_readable(fd)
    assert _rest(wire.bus, 1) == [2]
    assert not _is_readable(fd)
    _send(wire, 3)
    assert _is_readable(fd)
    assert wire.bus.fileno() == fd


def test_what_has_no_room_in_the_share_is_in_the_ledger(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_share, "SHARE_SIZE", 10)
    recorder = Recorder()
    wire.bus.recv(0)
    dispatcher_of(wire.bus).add(recorder)
    _send(wire, *range(15))
    recorder.numbers(15)
    assert wire.bus.statistics.rx_dropped == 5
    with pytest.warns(CanWarning, match=r"5 frames were lost.*nothing\(\)"):
        assert number_of(receive(wire.bus)) == 0
    dispatcher_of(wire.bus).remove(recorder)
    assert _rest(wire.bus, 9) == list(range(1, 10))
    assert wire.bus.recv(0) is None
    assert wire.bus.statistics.rx_dropped == 5


def test_a_bus_that_wants_nothing_keeps_nothing(wire: Wire) -> None:
    from canbus.filters import CanFilter

    wire.bus.set_filters(CanFilter.nothing())
    recorder = Recorder()
    wire.bus.recv(0)
    dispatcher_of(wire.bus).add(recorder)
    _send(wire, 1)
    recorder.numbers(1)
    assert _rest(wire.bus, 0) == []
    dispatcher_of(wire.bus).remove(recorder)


def test_shutdown_wakes_who_waits_on_the_share(wire: Wire) -> None:
    dispatcher_of(wire.bus).add(Recorder())
    waiting: list[Worker[object]] = [Worker(lambda: wire.bus.recv(None)) for _ in range(3)]
    waiting += [Worker(lambda: wire.bus.recv_many(3)) for _ in range(2)]
    wait_until_blocked(*waiting)
    wire.bus.shutdown()
    assert [type(worker.error()) for worker in waiting] == [CanClosedError] * 5


def test_many_who_wait_are_woken_however_often_the_reader_changes(wire: Wire) -> None:
    got: SimpleQueue[int] = SimpleQueue()
    workers = [Worker(lambda: got.put(number_of(receive(wire.bus)))) for _ in range(40)]
    for number in range(40):
        subscription = wire.bus.subscribe()
        if number % 2:
            subscription.close()
        _send(wire, number)
        assert got.get(timeout=PATIENCE / 2) == number
        subscription.close()
    for worker in workers:
        worker.result()
