"""notifier: how it stops, whoever asks for it, and when its buses go."""

from __future__ import annotations

import logging
import threading
from time import monotonic

import pytest

import canbus as can
from canbus.testing.support import PATIENCE, Worker, number_of, receive, wait_until_blocked
from tests.unit.notifier.conftest import OpenBus
from tests.unit.notifier.listening import Failing, Recorder, send


class Gate(Recorder):
    """Lets each frame wait until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def on_message_received(self, msg: can.Message) -> None:
        super().on_message_received(msg)
        assert self.gate.wait(PATIENCE)


def test_stop_does_not_wait_for_a_timeout(bus: can.BusABC) -> None:
    before = monotonic()
    for _ in range(20):
        can.Notifier(bus, [], timeout=PATIENCE * 6).stop()
    assert monotonic() - before < PATIENCE


def test_what_was_read_before_stop_is_handed_out(bus: can.BusABC, other: can.BusABC) -> None:
    gate, last = Gate(), Recorder()
    notifier = can.Notifier(bus, [gate, last])
    send(other, range(200))
    gate.wait_for(frames=1)
    stopping = Worker(notifier.stop)
    wait_until_blocked(stopping)
    assert notifier.stopped
    assert (gate.stops, last.stops) == (0, 0)
    gate.gate.set()
    stopping.result()
    handed_out = len(last.numbers)
    assert last.numbers == list(range(handed_out))
    assert (gate.stops, last.stops) == (1, 1)
    left = [number_of(msg) for msg in bus.recv_many(200, 0)]
    assert last.numbers + left == list(range(200))
    assert notifier.lost == 0


def test_stop_waits_no_longer_than_it_is_told(
    bus: can.BusABC, other: can.BusABC, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate()
    notifier = can.Notifier(bus, [gate], maxlen=1000)
    send(other, range(50))
    gate.wait_for(frames=1)
    with caplog.at_level(logging.WARNING, logger="canbus"):
        notifier.stop(timeout=0.01)
    assert gate.stops == 1
    assert "busy for longer than 0.01 s" in caplog.text
    gate.gate.set()
    notifier.stop()
    assert gate.numbers == [0]
    left = [number_of(msg) for msg in bus.recv_many(200, 0)]
    assert 1 + notifier.lost + len(left) == 50


def test_stop_by_a_listener_lets_the_others_have_the_frame(
    bus: can.BusABC, other: can.BusABC
) -> None:
    last = Recorder()
    came: list[int] = []

    def once(msg: can.Message) -> None:
        came.append(number_of(msg))
        notifier.stop()
        assert last.stops == 0

    notifier = can.Notifier(bus, [once, last])
    send(other, range(10))
    last.wait_for(frames=1, stops=1)
    notifier.stop()
    assert (came, last.numbers, last.stops) == ([0], [0], 1)
    assert (notifier.exception, notifier.stopped) == (None, True)
    assert can.Notifier.find_instances(bus) == ()


def test_stop_by_many_threads_stops_each_listener_once(bus: can.BusABC) -> None:
    for _ in range(20):
        recorder = Recorder()
        notifier = can.Notifier(bus, [recorder])
        for worker in [Worker(notifier.stop) for _ in range(4)]:
            worker.result()
        assert recorder.stops == 1


def test_an_error_of_a_listeners_stop_is_raised_when_all_are_stopped(
    bus: can.BusABC,
) -> None:
    class Unfinished(Recorder):
        def stop(self) -> None:
            super().stop()
            raise OSError("disk full")

    first, second, last = Unfinished(), Unfinished(), Recorder()
    notifier = can.Notifier(bus, [first, print, second, last])
    with pytest.raises(OSError, match="disk full"):
        notifier.stop()
    assert (first.stops, second.stops, last.stops) == (1, 1, 1)
    assert [str(each) for each in second.errors] == ["disk full"]
    assert first.errors == []
    notifier.stop()
    can.Notifier(bus, []).stop()  # the bus is free


def test_an_error_of_a_listeners_stop_is_told_where_nobody_called_stop(
    open_bus: OpenBus,
) -> None:
    class Unfinished(Recorder):
        def stop(self) -> None:
            super().stop()
            raise OSError("disk full")

    bus, listener, last = open_bus(), Unfinished(), Recorder()
    can.Notifier(bus, [listener, last])
    bus.shutdown()
    last.wait_for(stops=1)
    listener.wait_for(errors=2)
    assert [type(each) for each in listener.errors] == [can.CanClosedError, OSError]


def test_it_stops_with_the_last_of_its_buses(open_bus: OpenBus) -> None:
    first, second, other = open_bus("a"), open_bus("b"), open_bus("b")
    recorder = Recorder()
    notifier = can.Notifier([first, second], [recorder])
    first.shutdown()
    recorder.wait_for(errors=1)
    send(other, range(3))
    recorder.wait_for(frames=3)
    assert (notifier.stopped, recorder.stops) == (False, 0)
    second.shutdown()
    recorder.wait_for(errors=2, stops=1)
    assert [type(each) for each in recorder.errors] == [can.CanClosedError] * 2
    assert notifier.stopped
    with pytest.raises(can.CanClosedError, match="is stopped"):
        notifier.add_bus(open_bus("c"))


def test_a_bus_that_is_shut_down_is_nothing_to_log(
    bus: can.BusABC, caplog: pytest.LogCaptureFixture
) -> None:
    reader = can.BufferedReader()
    with can.Notifier(bus, [reader]) as notifier:
        bus.shutdown()
        assert reader.get_message(PATIENCE) is None
        assert reader.is_stopped
    assert isinstance(notifier.exception, can.CanClosedError)
    assert caplog.records == []


def test_a_bus_that_is_shut_down_is_refused(bus: can.BusABC) -> None:
    bus.shutdown()
    with pytest.raises(can.CanClosedError):
        can.Notifier(bus, [])
    assert can.Notifier.find_instances(bus) == ()


def test_shutdown_by_a_listener(bus: can.BusABC, other: can.BusABC) -> None:
    last = Recorder()

    def end(msg: can.Message) -> None:
        bus.shutdown()

    can.Notifier(bus, [end, last])
    send(other, [1])
    last.wait_for(frames=1, errors=1, stops=1)
    assert last.numbers == [1]


def test_slow_listeners_lose_what_is_counted_and_said(
    bus: can.BusABC, other: can.BusABC, caplog: pytest.LogCaptureFixture
) -> None:
    gate, last = Gate(), can.BufferedReader()
    notifier = can.Notifier(bus, [gate, last], maxlen=10)
    assert bus.recv(0) is None  # from now on it has a share
    with caplog.at_level(logging.WARNING, logger="canbus"):
        send(other, [0])
        gate.wait_for(frames=1)
        send(other, range(1, 31))
        assert [number_of(receive(bus)) for _ in range(31)] == list(range(31))
        gate.gate.set()
        gate.wait_for(frames=11)
        send(other, [31])
        gate.wait_for(frames=12)
    assert gate.numbers == [*range(11), 31]
    assert notifier.lost == 20
    (said,) = caplog.messages
    assert "too slow, 10 frames wait" in said
    assert "notifier.lost" in said
    notifier.stop()
    frames = [last.get_message(0) for _ in range(12)]
    assert [msg.lost_before for msg in frames if msg] == [0] * 11 + [20]


def test_a_busy_listener_does_not_hold_up_who_else_reads_the_bus(
    bus: can.BusABC, other: can.BusABC
) -> None:
    gate = Gate()
    with can.Notifier(bus, [gate]):
        assert bus.recv(0) is None
        send(other, range(100))
        gate.wait_for(frames=1)
        assert [number_of(receive(bus)) for _ in range(100)] == list(range(100))
        gate.gate.set()


def test_a_failing_listener_is_stopped_like_any(bus: can.BusABC, other: can.BusABC) -> None:
    failing = Failing(LookupError())
    with can.Notifier(bus, [failing]):
        send(other, [1])
        failing.wait_for(frames=1, errors=1)
    assert failing.stops == 1
