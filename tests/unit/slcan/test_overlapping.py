"""Who opens the channel anew while others do the same, send, or wait for answers."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import canbus as can
from canbus.testing.slcan import Refuse, Silent, Slow
from canbus.testing.support import PATIENCE, Worker, number_of, numbered, wait_until_blocked
from tests.unit.slcan.rig import opened, raised, within

STEP = 0.01  # seconds for each answer: an opening takes six or seven of them

FILTERS = [{"can_id": 0x321, "can_mask": 0x7FF, "extended": False}]
CHANGES = {
    "restart": lambda bus: bus.restart(),
    "set_bitrate": lambda bus: bus.set_bitrate(500_000),
    "set_filters": lambda bus: bus.set_filters(FILTERS),
}
MODEL = "canable2.5-answers"  # it filters by itself, so that set_filters opens the channel, too


def refused(error: Any) -> int:
    """The number of the frame that was refused."""
    frame = error.frame
    assert isinstance(error, can.CanFrameRefusedError)
    return number_of(frame)


def openings(adapter):
    """The commands that open the channel, each followed by what it waited for."""
    return [line.decode() for line in adapter.commands if line[:1] in b"SO"]


@pytest.mark.parametrize(
    ("first", "second"), [("restart", "restart"), ("restart", "reopen"), ("reopen", "reopen")]
)
def test_two_threads_open_it_one_after_the_other(first, second):
    with opened() as (adapter, bus):
        adapter.fault(Slow(delay=STEP))
        adapter.forget()
        earlier = Worker(getattr(bus, first))
        adapter.wait_for_command(b"V")
        later = Worker(getattr(bus, second))
        earlier.result()
        later.result()
        assert openings(adapter) == ["S6", "O", "S6", "O"]
        adapter.clear_faults()
        bus.send(numbered(1), confirm=True, timeout=PATIENCE)
        assert bus.statistics.tx_unanswered == bus.statistics.tx_refused == 0


@pytest.mark.parametrize("window", [1, 4])
def test_senders_wait_and_what_was_sent_is_on_the_wire(window):
    with opened(window=window) as (adapter, bus):
        adapter.fault(Slow(delay=0.001))
        is_over = threading.Event()
        sent: list[list[int]] = [[], [], []]

        def send(place):
            number = place << 16
            while not is_over.is_set():
                number += 1
                bus.send(numbered(number), timeout=PATIENCE)
                sent[place].append(number)

        def send_many():
            number = 2 << 16
            while not is_over.is_set():
                some = range(number + 1, number + 11)
                bus.send_many([numbered(each) for each in some], timeout=PATIENCE)
                sent[2] += some
                number += 10

        senders = [Worker(lambda: send(0)), Worker(lambda: send(1)), Worker(send_many)]
        for count in range(1, 9):
            adapter.wait_for_sent(10 * count)
            bus.restart()
        is_over.set()
        for sender in senders:
            sender.result()
        bus.send(numbered(7 << 16), confirm=True, timeout=PATIENCE)
        got = [number_of(msg) for msg in adapter.sent]
        for place, numbers in enumerate(sent):
            assert [each for each in got if each >> 16 == place] == numbers
        assert bus.statistics.tx_unanswered == bus.statistics.tx_refused == 0


def test_a_cyclic_task_goes_on():
    with opened() as (adapter, bus):
        adapter.fault(Slow(delay=0.001))
        errors: list[Exception] = []
        task = bus.send_periodic(numbered(1), 0.002, on_error=errors.append)
        for count in range(1, 6):
            adapter.wait_for_sent(5 * count)
            bus.restart()
        adapter.wait_for_sent(len(adapter.sent) + 5)
        task.stop()
        assert errors == []
        bus.send(numbered(2), confirm=True, timeout=PATIENCE)
        assert bus.statistics.tx_unanswered == bus.statistics.tx_refused == 0


def test_who_sends_meanwhile_waits_no_longer_than_it_was_told():
    with opened() as (adapter, bus):
        adapter.fault(Slow(delay=STEP))
        adapter.forget()
        opening = Worker(bus.restart)
        adapter.wait_for_command(b"V")
        with within(0.01):
            assert isinstance(raised(bus.send, numbered(1), 0.01), can.CanTxQueueFullError)
        opening.result()
        adapter.clear_faults()
        bus.send(numbered(2), confirm=True, timeout=PATIENCE)
        assert [number_of(msg) for msg in adapter.sent] == [2]


def test_a_port_that_is_opened_anew_loses_no_frame():
    """Who sends at that very moment may be told that it is closed."""
    with opened() as (adapter, bus):
        adapter.fault(Slow(delay=0.001))
        is_over = threading.Event()
        sent: list[int] = []
        errors: list[BaseException] = []

        def send():
            for number in range(10**6):
                if is_over.is_set():
                    return
                error = raised(bus.send, numbered(number), PATIENCE)
                if error is None:
                    sent.append(number)
                else:
                    errors.append(error)

        sender = Worker(send)
        for count in range(1, 4):
            adapter.wait_for_sent(20 * count)
            bus.reopen()
        adapter.wait_for_sent(len(adapter.sent) + 20)
        is_over.set()
        sender.result()
        bus.send(numbered(10**6), confirm=True, timeout=PATIENCE)
        assert [number_of(msg) for msg in adapter.sent] == [*sent, 10**6]
        assert {type(error) for error in errors} <= {can.CanChannelNotFoundError}


# -- frames under way ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["restart", "set_filters"])
def test_frames_whose_answers_are_slow_are_answered_before(name):
    with opened(MODEL, can_filters=FILTERS) as (adapter, bus):
        adapter.fault(Slow(delay=STEP))
        adapter.forget()
        for number in range(5):
            bus.send(numbered(number))
        CHANGES[name](bus)
        adapter.clear_faults()
        bus.send(numbered(5), confirm=True, timeout=PATIENCE)
        assert [number_of(msg) for msg in adapter.sent] == list(range(6))
        assert bus.statistics.tx_unanswered == bus.statistics.tx_refused == 0


@pytest.mark.parametrize("name", CHANGES)
def test_frames_that_are_refused_are_told_and_refuse_no_command(name):
    with opened(MODEL, can_filters=FILTERS) as (adapter, bus):
        adapter.fault(Refuse("t"), Slow(delay=STEP))
        taken: list[int] = []
        told: list[Any] = []
        for number in range(4):
            error = raised(bus.send, numbered(number))  # it may be told of one before it
            taken += [number] if error is None else []
            told += [] if error is None else [error]
        CHANGES[name](bus)
        adapter.clear_faults()
        assert adapter.is_open
        told += [raised(bus.send, numbered(9), PATIENCE) for _ in taken[len(told) :]]
        assert [refused(error) for error in told] == taken
        bus.send(numbered(10), confirm=True, timeout=PATIENCE)
        assert [number_of(msg) for msg in adapter.sent] == [10]
        assert bus.statistics.tx_refused == len(taken)
        assert bus.statistics.tx_unanswered == 0


@pytest.mark.parametrize("name", ["restart", "set_filters"])
def test_who_waits_for_a_refusal_is_told_though_the_channel_is_opened_meanwhile(name):
    with opened(MODEL, can_filters=FILTERS) as (adapter, bus):
        adapter.fault(Refuse("t"), Slow(delay=3 * STEP))
        confirming = Worker(lambda: bus.send(numbered(1), confirm=True))
        adapter.wait_for_command(b"t123400000001")
        CHANGES[name](bus)
        assert refused(confirming.error()) == 1
        assert bus.statistics.tx_refused == 1
        adapter.clear_faults()
        bus.send(numbered(2), confirm=True, timeout=PATIENCE)


def test_frames_that_are_never_answered_delay_it_by_half_a_second():
    with opened() as (adapter, bus):
        adapter.fault(Silent("t"))
        for number in range(3):
            bus.send(numbered(number))
        adapter.wait_for_command(b"t123400000002")
        adapter.clear_faults()
        with within(0.6, at_least=0.4):
            bus.restart()
        assert bus.statistics.tx_unanswered == 3
        told = [raised(bus.send, numbered(9), PATIENCE) for _ in range(3)]
        assert [type(error) for error in told] == [can.CanTimeoutError] * 3
        bus.send(numbered(4), confirm=True, timeout=PATIENCE)


def test_a_receiver_is_not_kept_waiting_by_new_filters():
    with opened(MODEL, can_filters=FILTERS) as (adapter, bus):
        adapter.arrive("321#01")
        adapter.wait_until_written()
        adapter.fault(Slow(delay=3 * STEP))
        adapter.forget()
        receiving = Worker(lambda: [bus.recv(PATIENCE) for _ in range(2)])
        wait_until_blocked(receiving)
        changing = Worker(lambda: bus.set_filters(FILTERS))
        adapter.wait_for_command(b"V")
        with within(0):
            bus.recv(0)
        assert changing.thread.is_alive()
        changing.result()
        adapter.clear_faults()
        adapter.arrive("321#02")
        assert [msg.data[0] for msg in receiving.result()] == [1, 2]
