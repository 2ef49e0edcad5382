"""dispatcher: who gets frames, from which on and until when, and the thread."""

from __future__ import annotations

import threading
from time import monotonic

import pytest

from canbus.backends.virtual.bus import VirtualBus
from canbus.dispatcher import dispatcher_of
from canbus.errors import CanClosedError, CanConfigError, CanError, CanLinkDownError
from canbus.message import Message
from canbus.testing import FakeBus
from canbus.testing.support import PATIENCE, Worker, number_of, numbered, wait_until_blocked
from tests.unit.dispatch.conftest import Wire
from tests.unit.dispatch.consumers import Raising, Recorder, Slow, dispatchers, exactly


def _send(wire: Wire, *numbers: int, arbitration_id: int = 0x123) -> None:
    for number in numbers:
        wire.other.send(numbered(number, arbitration_id))


def test_a_bus_has_one_dispatcher(wire: Wire) -> None:
    assert dispatcher_of(wire.bus) is dispatcher_of(wire.bus)
    assert dispatcher_of(wire.bus) is not dispatcher_of(wire.other)


def test_each_gets_its_frames_by_one_thread_that_ends_with_the_last(wire: Wire) -> None:
    dispatcher = dispatcher_of(wire.bus)
    everything, some = Recorder(), Recorder(exactly(0x100))
    dispatcher.add(everything)
    dispatcher.add(some)
    _send(wire, 1, arbitration_id=0x100)
    _send(wire, 2, arbitration_id=0x200)
    _send(wire, 3, arbitration_id=0x100)
    assert everything.numbers(3) == [1, 2, 3]
    assert some.numbers(2) == [1, 3]
    assert everything.threads == some.threads == set(dispatchers())
    assert len(dispatchers()) == 1
    dispatcher.remove(everything)
    assert len(dispatchers()) == 1
    dispatcher.remove(some)
    assert dispatchers() == []


def test_it_begins_again_after_the_last_one_left(wire: Wire) -> None:
    dispatcher, recorder = dispatcher_of(wire.bus), Recorder()
    for number in range(20):
        dispatcher.add(recorder)
        _send(wire, number)
        recorder.numbers(number + 1)
        dispatcher.remove(recorder)
    assert recorder.numbers(20) == list(range(20))


def test_frames_of_before_are_not_for_who_comes(wire: Wire) -> None:
    dispatcher, first, second = dispatcher_of(wire.bus), Recorder(), Recorder()
    _send(wire, 1)
    dispatcher.add(first)
    _send(wire, 2)
    dispatcher.add(second)
    _send(wire, 3)
    assert first.numbers(2) == [2, 3]
    assert second.numbers(1) == [3]
    dispatcher.remove(first)
    dispatcher.remove(second)


def test_frames_of_before_are_for_who_was_there_though_it_is_busy(wire: Wire) -> None:
    dispatcher, slow, second = dispatcher_of(wire.bus), Slow(), Recorder()
    dispatcher.add(slow)
    _send(wire, 1)
    assert slow.is_busy.wait(PATIENCE)
    _send(wire, 2, 3)
    dispatcher.add(second)
    _send(wire, 4)
    slow.go_on.set()
    assert slow.numbers(4) == [1, 2, 3, 4]
    assert second.numbers(1) == [4]
    dispatcher.remove(slow)
    dispatcher.remove(second)


def test_who_stands_in_for_the_bus_gets_what_waits(wire: Wire) -> None:
    recorder = Recorder()
    _send(wire, 1, 2)
    dispatcher_of(wire.bus).add(recorder, in_place_of_bus=True)
    _send(wire, 3)
    assert recorder.numbers(3) == [1, 2, 3]
    dispatcher_of(wire.bus).remove(recorder)


def test_who_stands_in_for_the_bus_takes_over_its_share(wire: Wire) -> None:
    dispatcher, first, second = dispatcher_of(wire.bus), Recorder(), Recorder()
    assert wire.bus.recv(0) is None
    dispatcher.add(first)
    _send(wire, 1, 2)
    first.numbers(2)
    dispatcher.add(second, in_place_of_bus=True)
    _send(wire, 3)
    assert second.numbers(3) == [1, 2, 3]
    assert wire.bus.recv(0) is None
    dispatcher.remove(first)
    dispatcher.remove(second)


def test_after_removing_nothing_comes(wire: Wire) -> None:
    dispatcher, slow, other = dispatcher_of(wire.bus), Slow(), Recorder()
    dispatcher.add(slow)
    dispatcher.add(other)
    _send(wire, 1)
    assert slow.is_busy.wait(PATIENCE)
    removing = Worker(lambda: dispatcher.remove(slow))
    wait_until_blocked(removing)  # for the call that goes on
    assert removing.thread.is_alive()
    slow.go_on.set()
    removing.finish()
    _send(wire, 2)
    assert other.numbers(2) == [1, 2]
    assert slow.numbers(1) == [1]
    dispatcher.remove(other)


def test_removing_is_prompt_though_the_wire_is_silent(wire: Wire) -> None:
    dispatcher, recorder = dispatcher_of(wire.bus), Recorder()
    dispatcher.add(recorder)
    started = monotonic()
    dispatcher.remove(recorder)
    assert dispatchers() == []
    assert monotonic() - started < 0.5  # half of the patience with a consumer that is busy


def test_who_was_never_added_is_not_missed(wire: Wire) -> None:
    dispatcher_of(wire.bus).remove(Recorder())


def test_nobody_is_added_twice(wire: Wire) -> None:
    dispatcher, recorder = dispatcher_of(wire.bus), Recorder()
    dispatcher.add(recorder)
    with pytest.raises(CanConfigError, match="already"):
        dispatcher.add(recorder)
    _send(wire, 1)
    assert recorder.numbers(1) == [1]
    dispatcher.remove(recorder)


class _Leaving(Recorder):
    """One that removes itself with the first frame."""

    def __init__(self, bus: VirtualBus) -> None:
        super().__init__()
        self._bus = bus

    def deliver(self, frames: list[Message]) -> None:
        dispatcher_of(self._bus).remove(self)
        super().deliver(frames)


def test_one_may_remove_itself_while_it_is_called(wire: Wire) -> None:
    leaving = _Leaving(wire.bus)
    dispatcher_of(wire.bus).add(leaving)
    _send(wire, 1)
    leaving.numbers(1)
    (thread,) = leaving.threads
    thread.join(PATIENCE)
    assert not thread.is_alive()
    _send(wire, 2)
    assert leaving.numbers(1) == [1]


class _Inviting(Recorder):
    """One that adds another with the first frame."""

    def __init__(self, bus: VirtualBus, other: Recorder) -> None:
        super().__init__()
        self._bus = bus
        self._other = other

    def deliver(self, frames: list[Message]) -> None:
        if not self.frames:
            dispatcher_of(self._bus).add(self._other)
        super().deliver(frames)


def test_one_may_add_another_while_it_is_called(wire: Wire) -> None:
    other = Recorder()
    inviting = _Inviting(wire.bus, other)
    dispatcher_of(wire.bus).add(inviting)
    _send(wire, 1)
    inviting.numbers(1)
    _send(wire, 2)
    assert other.numbers(1) == [2]
    dispatcher_of(wire.bus).remove(inviting)
    dispatcher_of(wire.bus).remove(other)


def test_one_that_raises_costs_nobody_a_frame(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    dispatcher, raising, recorder = dispatcher_of(wire.bus), Raising(), Recorder()
    dispatcher.add(raising)
    dispatcher.add(recorder)
    for number in range(10):
        _send(wire, number)
        recorder.numbers(number + 1)
    assert raising.numbers(10) == recorder.numbers(10) == list(range(10))
    assert "a consumer's own mistake" in caplog.text
    dispatcher.remove(raising)
    dispatcher.remove(recorder)


def test_filters_that_change_are_followed(wire: Wire) -> None:
    dispatcher, recorder = dispatcher_of(wire.bus), Recorder(exactly(1))
    dispatcher.add(recorder)
    _send(wire, 1, arbitration_id=1)
    _send(wire, 2, arbitration_id=2)
    recorder.numbers(1)
    recorder.filters = Recorder(exactly(2)).filters
    dispatcher.refilter(recorder)
    _send(wire, 3, arbitration_id=1)
    _send(wire, 4, arbitration_id=2)
    assert recorder.numbers(2) == [1, 4]
    dispatcher.remove(recorder)
    dispatcher.refilter(recorder)  # is nothing to complain of


# -- the end ------------------------------------------------------------------------------


def test_shutdown_tells_everybody_and_ends_the_thread(wire: Wire) -> None:
    first, second = Raising(), Recorder()
    dispatcher_of(wire.bus).add(first)
    dispatcher_of(wire.bus).add(second)
    wire.bus.shutdown()
    assert dispatchers() == []
    for one in (first, second):
        assert [type(error) for error in one.failures(1)] == [CanClosedError]
    dispatcher_of(wire.bus).remove(first)
    with pytest.raises(CanClosedError):
        dispatcher_of(wire.bus).add(Recorder())


class _Closing(Recorder):
    """One that shuts the bus down with the first frame."""

    def __init__(self, bus: VirtualBus) -> None:
        super().__init__()
        self._bus = bus

    def deliver(self, frames: list[Message]) -> None:
        self._bus.shutdown()
        super().deliver(frames)


def test_one_may_shut_the_bus_down_while_it_is_called(wire: Wire) -> None:
    closing, other = _Closing(wire.bus), Recorder()
    dispatcher_of(wire.bus).add(closing)
    dispatcher_of(wire.bus).add(other)
    _send(wire, 1)
    (thread,) = dispatchers() or closing.threads
    assert isinstance(closing.failures(1)[0], CanClosedError)
    assert isinstance(other.failures(1)[0], CanClosedError)
    thread.join(PATIENCE)
    assert dispatchers() == []


# -- failures -----------------------------------------------------------------------------


class Failing(FakeBus):
    """A bus that fails as long as `trouble` is there."""

    trouble: CanError | None = None

    def _recv_frame(self, timeout: float | None) -> Message | None:
        if self.trouble is not None:
            raise self.trouble
        return super()._recv_frame(timeout)


def test_a_failure_is_told_once_and_then_it_goes_on() -> None:
    with Failing() as bus:
        recorder, raising = Recorder(), Raising()
        dispatcher_of(bus).add(raising)
        dispatcher_of(bus).add(recorder)
        bus.trouble = CanLinkDownError("down", 100)
        bus.feed(numbered(1))
        assert [str(error) for error in recorder.failures(1)] == ["down [Error Code 100]"]
        late = Recorder()
        dispatcher_of(bus).add(late)
        assert len(late.failures(1)) == 1  # it has to know, too
        assert len(recorder.failures(1)) == len(raising.failures(1)) == 1
        bus.trouble = None
        bus.feed(numbered(2))
        assert recorder.numbers(2) == [1, 2]
        bus.trouble = CanLinkDownError("down", 100)
        bus.feed(numbered(3))
        assert len(recorder.failures(2)) == 2
    assert [type(error) for error in recorder.failures(3)[2:]] == [CanClosedError]


class Broken(FakeBus):
    """A bus of a backend that is wrong: it raises what is no CanError."""

    faults = 1

    def _recv_frame(self, timeout: float | None) -> Message | None:
        if self.faults:
            self.faults -= 1
            raise KeyError("a backend's own mistake")
        return super()._recv_frame(timeout)


def test_a_backend_that_raises_anything_is_reported_and_read_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reported: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: reported.append(args.exc_value))
    with Broken() as bus:
        bus.faults = 0
        recorder = Recorder()
        dispatcher_of(bus).add(recorder)
        bus.faults = 1
        bus.feed(numbered(7))
        assert recorder.numbers(1) == [7]
    assert [type(one) for one in reported] == [KeyError]


# -- backends that cannot be woken --------------------------------------------------------


class Deaf(FakeBus):
    """A bus that has nothing but `_recv_frame`, as the smallest backend."""

    def _await_arrival(self, is_woken: object) -> bool:
        return False

    def _wake(self) -> None:
        pass


def test_a_backend_without_more_is_served_as_well() -> None:
    with Deaf() as bus:
        first, second = Recorder(), Recorder(exactly(5))
        dispatcher_of(bus).add(first)
        bus.feed(*(numbered(number, number) for number in range(10)))
        assert first.numbers(10) == list(range(10))
        dispatcher_of(bus).add(second)
        bus.feed(*(numbered(number, number) for number in range(10)))
        assert second.numbers(1) == [5]
        dispatcher_of(bus).remove(first)
        dispatcher_of(bus).remove(second)
        assert dispatchers() == []
        bus.feed(numbered(11))
        assert number_of(bus.recv(PATIENCE)) == 11  # type: ignore[arg-type]
