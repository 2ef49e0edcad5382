"""A channel that is lost and comes back: one Gap each, and everything goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import canbus as can
from canbus.supervision import SupervisedBus
from canbus.testing.support import (
    PATIENCE,
    Worker,
    number_of,
    numbered,
    receive,
    wait_until_blocked,
)
from tests.unit.slcan.serial_lines import no_leak
from tests.unit.supervision.fakes import ReopeningBus, ThirdPartyBus, Wire

QUICK = can.ReconnectPolicy(first_delay=0.001, max_delay=0.01)


@pytest.fixture(params=[ReopeningBus, ThirdPartyBus])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def bus(kind: Any, wire: Wire) -> Iterator[SupervisedBus]:
    with no_leak(), supervised(kind, wire) as bus:
        yield bus


def supervised(kind: Any, wire: Wire, policy: Any = QUICK, **options: Any) -> SupervisedBus:
    def again() -> Any:
        return kind(wire)

    return can.supervise(kind(wire), policy=policy, reopen=again, **options)


def gap_of(bus: SupervisedBus) -> can.Gap:
    gap = bus.gaps.get(PATIENCE)
    assert gap is not None, "no gap was told"
    return gap


def until_lost(bus: SupervisedBus) -> None:
    deadline = time.monotonic() + PATIENCE
    while bus.gap is None:
        assert time.monotonic() < deadline, "nobody noticed"
        assert bus.recv(0.001) is None


def test_who_receives_waits_through_the_gap(bus, wire):
    waiting = Worker(bus.recv)
    wait_until_blocked(waiting)
    before = time.time_ns()
    wire.cut()
    until_lost(bus)
    noticed = time.time_ns()
    mended = time.time_ns()
    wire.mend()
    gap = gap_of(bus)
    assert before <= gap.from_ns <= noticed
    assert mended <= gap.to_ns <= time.time_ns()
    assert (gap.cause, gap.channel) == (can.GapCause.GONE, "wire0")
    assert gap.duration == (gap.to_ns - gap.from_ns) / 10**9
    assert bus.gap is None
    wire.arrive(numbered(7))
    assert number_of(waiting.result()) == 7
    assert len(bus.gaps) == 0
    assert wire.opened == 2


def test_a_timeout_is_kept_in_a_gap(bus, wire):
    wire.cut()
    assert bus.recv(0) is None
    start = time.monotonic()
    assert bus.recv(0.05) is None
    assert bus.recv_many(10, 0.05) == []
    assert 0.1 <= time.monotonic() - start < PATIENCE


def test_frames_of_before_are_not_lost(bus, wire):
    wire.arrive(numbered(1), numbered(2), numbered(3))
    assert number_of(receive(bus)) == 1
    wire.cut()
    assert number_of(receive(bus)) == 2
    wire.mend()
    assert number_of(receive(bus)) == 3


def test_who_sends_waits_for_the_end_of_the_gap(bus, wire):
    wire.cut()
    until_lost(bus)
    waiting = Worker(lambda: bus.send(numbered(1)))
    wait_until_blocked(waiting)
    assert wire.sent == []
    wire.mend()
    waiting.result()
    assert [number_of(msg) for msg in wire.sent] == [1]


@pytest.mark.parametrize("timeout", [0, 0.02])
def test_who_sends_with_a_timeout_is_told(bus, wire, timeout):
    wire.cut()
    until_lost(bus)
    with pytest.raises(can.CanLinkDownError, match="nothing was sent") as told:
        bus.send(numbered(1), timeout=timeout)
    assert told.value.hint
    wire.mend()
    gap_of(bus)
    assert wire.sent == []


def test_a_frame_that_waited_for_room_is_not_sent_after_the_gap(bus, wire):
    wire.room = 0
    waiting = Worker(lambda: bus.send(numbered(1)))
    wait_until_blocked(waiting)
    wire.cut()
    assert isinstance(waiting.error(), can.CanLinkDownError)
    wire.room = None
    wire.mend()
    gap_of(bus)
    assert wire.sent == []
    bus.send(numbered(2))
    assert [number_of(msg) for msg in wire.sent] == [2]


def test_filters_are_restored(bus, wire):
    wanted = [can.CanFilter(0x10, 0x7FF)]
    bus.set_filters(wanted)
    wire.cut()
    until_lost(bus)
    wire.mend()
    gap_of(bus)
    wire.arrive(numbered(1, 0x11), numbered(2, 0x10))
    assert number_of(receive(bus)) == 2
    assert list(wire.filters) == wanted == list(bus.filters)


def test_filters_that_change_in_a_gap_hold_after_it(bus, wire):
    wire.cut()
    until_lost(bus)
    bus.set_filters([can.CanFilter(0x10, 0x7FF)])
    wire.mend()
    gap_of(bus)
    wire.arrive(numbered(1, 0x11), numbered(2, 0x10))
    assert number_of(receive(bus)) == 2


def test_subscriptions_go_on(bus, wire):
    with bus.subscribe([can.CanFilter(0x10, 0x7FF)]) as frames:
        wire.arrive(numbered(1, 0x10))
        assert number_of(frames.recv(PATIENCE)) == 1
        wire.cut()
        until_lost(bus)
        wire.mend()
        gap_of(bus)
        wire.arrive(numbered(2, 0x11), numbered(3, 0x10))
        assert number_of(frames.recv(PATIENCE)) == 3


def test_cyclic_tasks_go_on(bus, wire):
    task = bus.send_periodic(numbered(1), 0.002)
    wire.cut()
    gap = Worker(lambda: gap_of(bus))
    until_lost(bus)
    wire.mend()
    gap.result()
    until_sent(wire, len(wire.sent) + 3)
    assert not task.done
    assert task.missed > 0


def until_sent(wire: Wire, number: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(wire.sent) < number:
        assert time.monotonic() < deadline, f"{len(wire.sent)} of {number} frames were sent"
        time.sleep(0.001)


def test_a_task_with_a_count_ends_in_time(bus, wire):
    wire.cut()
    until_lost(bus)
    wire.mend()
    gap_of(bus)
    task = bus.send_periodic(numbered(1), 0.001, count=5)
    assert task.wait(PATIENCE)
    assert len(wire.sent) == 5


def test_the_descriptor_tells_of_frames_after_the_gap_and_of_nothing_in_it(bus, wire):
    import select

    poller = select.poll()
    poller.register(bus.fileno(), select.POLLIN)
    wire.cut()
    assert poller.poll(PATIENCE * 1000) or bus.gap is not None
    assert bus.recv(0) is None
    until_lost(bus)
    assert poller.poll(20) == []
    wire.mend()
    gap_of(bus)
    wire.arrive(numbered(3))
    assert poller.poll(PATIENCE * 1000)
    assert number_of(bus.recv(0)) == 3
    assert poller.poll(0) == []


def test_giving_up_raises_the_first_error_for_ever(kind, wire):
    told: list[can.Gap] = []
    policy = can.ReconnectPolicy(first_delay=0.001, max_delay=0.002, give_up_after=0.01)
    with no_leak(), supervised(kind, wire, policy, on_gap=told.append) as bus:
        waiting = Worker(bus.recv)
        sending = Worker(lambda: bus.send(numbered(1)))
        sending.result()
        wait_until_blocked(waiting)
        wire.cut(can.CanLinkDownError)
        error = waiting.error()
        assert isinstance(error, can.CanLinkDownError)
        gap = gap_of(bus)
        assert (gap.to_ns, gap.duration, gap.cause) == (None, None, can.GapCause.LINK_DOWN)
        assert gap.error is error
        assert told == [gap]
        wire.mend()
        for call in (lambda: bus.recv(0), lambda: bus.send(numbered(2)), lambda: bus.recv_many()):
            with pytest.raises(can.CanLinkDownError, match="the wire is cut"):
                call()


def test_a_plain_failure_of_reading_is_a_loss(bus, wire):
    wire.cut(can.CanOperationError)
    until_lost(bus)
    wire.mend()
    assert gap_of(bus).cause is can.GapCause.FAILED


def test_bus_off_is_restarted(bus, wire):
    off = can.Message(arbitration_id=0x40, is_error_frame=True, dlc=8, data=bytes(8))
    wire.report(off, can.CanState.BUS_OFF)
    assert receive(bus).is_error_frame
    gap = gap_of(bus)
    assert gap.cause is can.GapCause.BUS_OFF
    assert wire.restarts == 1
    assert wire.opened == 1


def test_bus_off_is_waited_for_where_the_policy_says_so(kind, wire):
    policy = can.ReconnectPolicy(first_delay=0.001, max_delay=0.002, restart_bus_off=False)
    with no_leak(), supervised(kind, wire, policy) as bus:
        off = can.Message(arbitration_id=0x40, is_error_frame=True, dlc=8, data=bytes(8))
        wire.report(off, can.CanState.BUS_OFF)
        receive(bus)
        until_lost(bus)
        with pytest.raises(can.CanLinkDownError, match="bus-off"):
            bus.send(numbered(1), timeout=0.01)
        wire.state = can.CanState.ERROR_ACTIVE
        assert gap_of(bus).cause is can.GapCause.BUS_OFF
        assert wire.restarts == 0


@pytest.mark.parametrize("call", ["recv", "send", "iterate", "gaps"])
def test_shutdown_in_a_gap_is_prompt(kind, wire, call):
    with no_leak():
        bus = supervised(kind, wire, can.ReconnectPolicy(first_delay=60, max_delay=60))
        wire.cut()
        until_lost(bus)
        calls: dict[str, Any] = {
            "recv": bus.recv,
            "send": lambda: bus.send(numbered(1)),
            "iterate": lambda: list(bus),
            "gaps": bus.gaps.get,
        }
        waiting = Worker(calls[call])
        wait_until_blocked(waiting)
        start = time.monotonic()
        bus.shutdown()
        error = waiting.error()
        assert time.monotonic() - start < PATIENCE / 2
        assert error is None if call == "iterate" else isinstance(error, can.CanClosedError)


def test_shutdown_from_on_gap(kind, wire):
    with no_leak():
        closed = threading.Event()

        buses: list[SupervisedBus] = []

        def shut_down(_gap: can.Gap) -> None:
            buses[0].shutdown()
            closed.set()

        bus = supervised(kind, wire, on_gap=shut_down)
        buses.append(bus)
        wire.cut()
        until_lost(bus)
        wire.mend()
        assert closed.wait(PATIENCE)
        with pytest.raises(can.CanClosedError):
            bus.recv(0)
        deadline = time.monotonic() + PATIENCE
        while any(t.name.startswith("canbus supervisor") for t in threading.enumerate()):
            assert time.monotonic() < deadline
            time.sleep(0.001)


def test_an_error_in_on_gap_is_logged_and_nothing_else(kind, wire, caplog):
    def fail(_gap: can.Gap) -> None:
        raise RuntimeError("mine")

    with no_leak(), supervised(kind, wire, on_gap=fail) as bus:
        for number in range(2):
            wire.cut()
            until_lost(bus)
            wire.mend()
            gap_of(bus)
            wire.arrive(numbered(number))
            assert number_of(receive(bus)) == number
    assert "mine" in caplog.text


def test_many_rounds(bus, wire):
    for number in range(50):
        wire.cut()
        until_lost(bus)
        wire.mend()
        gap_of(bus)
        wire.arrive(numbered(number))
        assert number_of(receive(bus)) == number
    assert len(bus.gaps) == 0
    assert wire.opened == 51
