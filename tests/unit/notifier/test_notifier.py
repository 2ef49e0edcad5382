"""notifier: who gets which frames, while buses and listeners come and go."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

import canbus as can
from canbus.testing.support import Worker, number_of, numbered, receive
from tests.unit.notifier.conftest import OpenBus
from tests.unit.notifier.listening import Recorder, send


def test_every_listener_gets_every_frame_in_order(bus: can.BusABC, other: can.BusABC) -> None:
    listeners = [Recorder() for _ in range(20)]
    with can.Notifier(bus, listeners) as notifier:
        send(other, range(500))
        listeners[-1].wait_for(frames=500)
    for each in listeners:
        assert each.numbers == list(range(500))
        assert (each.errors, each.stops) == ([], 1)
    assert (notifier.lost, notifier.exception) == (0, None)


def test_what_came_before_goes_to_the_listeners(bus: can.BusABC, other: can.BusABC) -> None:
    send(other, range(5))
    recorder = Recorder()
    with can.Notifier(bus, [recorder]):
        send(other, range(5, 10))
        recorder.wait_for(frames=10)
    assert recorder.numbers == list(range(10))


def test_functions_and_methods_are_listeners(bus: can.BusABC, other: can.BusABC) -> None:
    numbers: list[int] = []
    recorder = Recorder()
    listeners: list[Callable[[can.Message], object]] = [
        lambda msg: numbers.append(number_of(msg)),
        recorder.on_message_received,
    ]
    with can.Notifier(bus, listeners):
        send(other, [1, 2])
        recorder.wait_for(frames=2)
    assert numbers == recorder.numbers == [1, 2]


def test_a_listener_that_is_there_twice_is_called_twice_and_stopped_once(
    bus: can.BusABC, other: can.BusABC
) -> None:
    recorder = Recorder()
    with can.Notifier(bus, [recorder]) as notifier:
        notifier.add_listener(recorder)
        send(other, [1])
        recorder.wait_for(frames=2)
        notifier.remove_listener(recorder)
        send(other, [2])
        recorder.wait_for(frames=3)
        notifier.add_listener(recorder)
    assert (recorder.numbers, recorder.stops) == ([1, 1, 2], 1)


def test_several_buses_share_one_thread(open_bus: OpenBus) -> None:
    here = [open_bus(f"wire {number}") for number in range(4)]
    there = [open_bus(f"wire {number}") for number in range(4)]
    recorder = Recorder()
    with can.Notifier(here, [recorder]) as notifier:
        assert notifier.bus == tuple(here)
        for number, each in enumerate(there):
            send(each, range(number * 100, number * 100 + 100))
        recorder.wait_for(frames=400)
    for number in range(4):
        of_bus = [each for each in recorder.numbers if each // 100 == number]
        assert of_bus == list(range(number * 100, number * 100 + 100))
    assert len(recorder.threads) == 1


def test_a_bus_that_is_added_later(open_bus: OpenBus) -> None:
    recorder = Recorder()
    bus, other = open_bus(), open_bus()
    with can.Notifier([], [recorder]) as notifier:
        buses = [notifier.bus]
        notifier.add_bus(bus)
        buses.append(notifier.bus)
        assert buses == [(), bus]
        send(other, [7])
        recorder.wait_for(frames=1)
    assert recorder.numbers == [7]


def test_listeners_are_those_that_the_list_has(bus: can.BusABC, other: can.BusABC) -> None:
    first, second = Recorder(), Recorder()
    with can.Notifier(bus, [first]) as notifier:
        notifier.listeners.append(second)  # as some scripts do
        send(other, [1])
        second.wait_for(frames=1)
        assert notifier.listeners == [first, second]
    assert (first.numbers, second.numbers) == ([1], [1])


def test_a_listener_that_is_not_there_cannot_be_removed(bus: can.BusABC) -> None:
    with can.Notifier(bus, []) as notifier, pytest.raises(ValueError):
        notifier.remove_listener(print)


def test_listeners_that_add_and_remove_listeners_cost_nobody_a_frame(
    bus: can.BusABC, other: can.BusABC
) -> None:
    first, last, guest, victim = Recorder(), Recorder(), Recorder(), Recorder()

    def host(msg: can.Message) -> None:
        number = number_of(msg)
        if number == 2:
            notifier.remove_listener(host_ahead)
            notifier.remove_listener(victim)
            notifier.add_listener(guest)
        if number == 4:
            notifier.remove_listener(host)

    def host_ahead(msg: can.Message) -> None:
        assert number_of(msg) <= 2

    with can.Notifier(bus, [first, host_ahead, host, victim, last]) as notifier:
        send(other, range(7))
        last.wait_for(frames=7)
        assert notifier.listeners == [first, last, guest]
    assert first.numbers == last.numbers == list(range(7))
    assert victim.numbers == [0, 1]  # not even the frame in which it was removed
    assert guest.numbers == [3, 4, 5, 6]
    assert notifier.exception is None


def test_listeners_that_come_and_go_in_other_threads(bus: can.BusABC, other: can.BusABC) -> None:
    stays = Recorder()
    with can.Notifier(bus, [stays]) as notifier:
        done = threading.Event()

        def come_and_go() -> None:
            while not done.is_set():
                guest = Recorder()
                notifier.add_listener(guest)
                notifier.remove_listener(guest)
                numbers = list(guest.numbers)
                assert numbers == list(range(numbers[0], numbers[-1] + 1) if numbers else ())

        workers = [Worker(come_and_go) for _ in range(3)]
        send(other, range(2000))
        stays.wait_for(frames=2000)
        done.set()
        for worker in workers:
            worker.result()
        assert notifier.listeners == [stays]
    assert stays.numbers == list(range(2000))
    assert notifier.exception is None


def test_filters_of_the_bus_are_those_of_the_listeners(bus: can.BusABC, other: can.BusABC) -> None:
    recorder = Recorder()
    marker = can.CanFilter(0x7FF, 0x7FF, extended=False)
    bus.set_filters([can.CanFilter(0x100, 0x7FF, extended=False), marker])
    with can.Notifier(bus, [recorder]):
        _send_marked(other)
        recorder.wait_for(frames=2)
        bus.set_filters([can.CanFilter(0x200, 0x7FF, extended=False), marker])
        _send_marked(other)
        recorder.wait_for(frames=4)
        bus.set_filters(None)
        _send_marked(other)
        recorder.wait_for(frames=7)
    assert recorder.numbers == [1, 9, 2, 9, 1, 2, 9]


def _send_marked(bus: can.BusABC) -> None:
    bus.send(numbered(1, 0x100))
    bus.send(numbered(2, 0x200))
    bus.send(numbered(9, 0x7FF))


def test_who_reads_the_bus_beside_it_costs_the_listeners_nothing(
    bus: can.BusABC, other: can.BusABC
) -> None:
    recorder = Recorder()
    with can.Notifier(bus, [recorder]):
        assert bus.recv(0) is None  # from now on it has a share
        send(other, range(50))
        assert [number_of(receive(bus)) for _ in range(50)] == list(range(50))
        recorder.wait_for(frames=50)
    assert recorder.numbers == list(range(50))


def test_a_bus_is_in_one_active_notifier(open_bus: OpenBus) -> None:
    bus, spare = open_bus(), open_bus("spare")
    assert can.Notifier.find_instances(bus) == ()
    with can.Notifier(bus, []) as notifier:
        assert can.Notifier.find_instances(bus) == (notifier,)
        for wanted in (bus, [spare, bus]):
            with pytest.raises(ValueError, match="multiple active Notifier") as caught:
                can.Notifier(wanted, [])
            assert isinstance(caught.value, can.CanError)
            assert "add_listener" in str(caught.value.hint)
            assert can.Notifier.find_instances(spare) == ()
        with pytest.raises(ValueError, match="multiple active Notifier"):
            notifier.add_bus(bus)
        assert notifier.bus is bus
    assert can.Notifier.find_instances(bus) == ()
    with can.Notifier([bus, spare], []) as second:
        assert can.Notifier.find_instances(spare) == (second,)


def test_one_that_nobody_keeps_goes_on(bus: can.BusABC, other: can.BusABC) -> None:
    recorder = Recorder()
    can.Notifier(bus, [recorder])
    send(other, [1])
    recorder.wait_for(frames=1)
    bus.shutdown()
    recorder.wait_for(stops=1)
    assert recorder.stops == 1


def test_what_makes_no_sense_is_refused(bus: can.BusABC) -> None:
    async def coroutine(msg: can.Message) -> None:
        """Awaited by nobody."""

    for listeners, words in (
        (can.Printer, "must be a list"),
        ([can.Printer], "is a class"),
        ([5], "cannot be called"),
        ([coroutine], "coroutine function"),
        (Recorder(), "must be a list"),
    ):
        with pytest.raises(can.CanConfigError, match=words) as caught:
            can.Notifier(bus, listeners)  # type: ignore[arg-type]
        assert caught.value.hint
    with pytest.raises(can.CanConfigError, match="needs a bus"):
        can.Notifier(["can0"], [])  # type: ignore[list-item]
    with pytest.raises(can.CanConfigError, match="timeout"):
        can.Notifier(bus, [], -1)
    with pytest.raises(can.CanConfigError, match="maxlen"):
        can.Notifier(bus, [], maxlen=0)
    assert can.Notifier.find_instances(bus) == ()


def test_it_shows_itself(open_bus: OpenBus) -> None:
    bus = open_bus()
    with can.Notifier(bus, [], 0.5) as notifier:
        assert repr(notifier) == f"<Notifier for {bus} [active]>"
        assert notifier.timeout == 0.5
    assert repr(notifier) == f"<Notifier for {bus} [stopped]>"
