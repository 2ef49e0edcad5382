"""A refused frame is told once, to the right one, in time; and also where nobody awaits answers."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import pytest

import canbus as can
from canbus.testing.slcan import Refuse, Silent, Slow
from canbus.testing.support import PATIENCE, Worker, number_of, numbered
from tests.unit.slcan.rig import opened, raised, receive_all, within

LONG = 30.0  # seconds for an answer to F: whoever waits for it does not keep his deadline


def refused(error: Any) -> int:
    """The number of the frame that was refused."""
    frame = error.frame
    assert isinstance(error, can.CanFrameRefusedError)
    return number_of(frame)


# -- once, and to the right one -----------------------------------------------------------


def test_with_a_window_of_one_nobody_is_told_of_another_threads_frame():
    with opened(window=1) as (adapter, bus):
        adapter.fault(Refuse("t7"), Slow(delay=0.002))

        def send(arbitration_id):
            return [raised(bus.send, numbered(number, arbitration_id)) for number in range(20)]

        refusing = [Worker(partial(send, each)) for each in (0x701, 0x702)]
        accepting = [Worker(lambda: send(0x123)) for _ in range(2)]
        for worker, arbitration_id in zip(refusing, (0x701, 0x702), strict=True):
            errors: list[Any] = worker.result()
            assert [refused(error) for error in errors] == list(range(20))
            assert {error.frame.arbitration_id for error in errors} == {arbitration_id}
        assert all(worker.result() == [None] * 20 for worker in accepting)
        assert bus.statistics.tx_refused == 40
        assert len(adapter.sent) == 40


def test_what_was_told_is_not_told_again():
    with opened(window=1) as (adapter, bus):
        adapter.fault(Refuse("t"))
        assert refused(raised(bus.send, numbered(1))) == 1
        assert refused(raised(bus.send, numbered(2), confirm=True)) == 2
        assert refused(raised(bus.send_many, [numbered(3)])) == 3
        adapter.clear_faults()
        bus.send(numbered(5), confirm=True, timeout=PATIENCE)
        bus.send(numbered(6), timeout=PATIENCE)
        assert [number_of(msg) for msg in adapter.sent] == [5, 6]


def test_nothing_goes_out_behind_a_frame_that_is_known_to_be_refused(monkeypatch):
    """The answer is there already when the second frame is about to be sent."""
    with opened(window=1) as (adapter, bus):
        adapter.fault(Refuse("t7"))
        sender = bus._session.sender
        settle = sender._settle_what_is_due

        def settle_late():
            if bus._line.answers.frames_waiting:
                adapter.wait_for_command(b"t777400000001")
                adapter.wait_until_written()
            return settle()

        monkeypatch.setattr(sender, "_settle_what_is_due", settle_late)
        error: Any = raised(bus.send_many, [numbered(1, 0x777), numbered(2)])
        assert refused(error) == 1
        assert error.sent == 0
        monkeypatch.undo()
        bus.send(numbered(3), confirm=True, timeout=PATIENCE)
        assert [number_of(msg) for msg in adapter.sent] == [3]


@pytest.mark.parametrize("question", ["get_serial_number", "get_version"])
def test_a_question_that_was_not_answered_does_not_take_the_refusal(question):
    with opened() as (adapter, bus):
        adapter.fault(Silent("N", "V"))
        assert getattr(bus, question)(0.01) in {None, (None, None)}
        adapter.clear_faults()
        adapter.fault(Refuse("t"))
        assert refused(raised(bus.send, numbered(1), confirm=True)) == 1


def test_flags_that_were_not_answered_do_not_take_it_either():
    with opened() as (adapter, bus):
        adapter.fault(Silent("F"))
        assert bus.can_state is None
        adapter.fault(Refuse("t"))
        bus.send(numbered(1))
        adapter.wait_for_command(b"t123400000001")
        adapter.arrive("321#")  # behind the refusal
        receive_all(bus, 1)
        assert refused(raised(bus.send, numbered(2), 0)) == 1


def test_it_is_the_very_next_call_that_tells():
    """Not the one after the window is full: what is here already is looked at."""
    with opened() as (adapter, bus):
        adapter.fault(Refuse("t"))
        bus.send(numbered(1))
        adapter.wait_for_command(b"t123400000001")
        adapter.wait_until_written()
        assert refused(raised(bus.send, numbered(2))) == 1
        assert adapter.commands.count(b"t123400000002") == 0


# -- in time ------------------------------------------------------------------------------


@pytest.fixture
def slow_flags(monkeypatch):
    """As long as it may take to be told why a frame was refused, if nothing else limits it."""
    monkeypatch.setattr("canbus.backends.slcan.session._ANSWER", LONG)


@pytest.mark.parametrize("confirm", [False, True])
def test_why_it_was_refused_is_asked_for_no_longer_than_there_is_time(confirm, slow_flags):
    with opened(window=1) as (adapter, bus):
        adapter.fault(Refuse("t"), Silent("F"))
        with within(0.05):
            assert refused(raised(bus.send, numbered(1), 0.05, confirm=confirm)) == 1
        adapter.clear_faults()
        bus.send(numbered(2), timeout=PATIENCE)
        assert [number_of(msg) for msg in adapter.sent] == [2]


def test_without_any_time_it_is_not_asked_for(slow_flags):
    with opened() as (adapter, bus):
        adapter.fault(Refuse("t"), Silent("F"))
        bus.send(numbered(1), timeout=0)
        adapter.wait_for_command(b"t123400000001")
        adapter.wait_until_written()
        with within(0):
            assert refused(raised(bus.send, numbered(2), 0)) == 1
        assert b"F" not in adapter.commands


# -- where nobody awaits answers ----------------------------------------------------------


@pytest.mark.parametrize("options", [{"window": 0}, {"handshake": "off", "dialect": "lawicel"}])
def test_refusals_that_nobody_awaits_are_counted_and_warned_of_once(options):
    with opened(**options) as (adapter, bus):
        adapter.fault(Refuse("t"))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            for number in range(3):
                bus.send(numbered(number))
                adapter.wait_for_command(b"t1234%08d" % number)
                adapter.arrive("321#")
                receive_all(bus, 1)
        assert ["refused something" in str(each.message) for each in told] == [True]
        assert bus.statistics.tx_refused >= 3


def test_refusals_that_are_awaited_are_counted_once():
    with opened(window=1) as (adapter, bus), warnings.catch_warnings():
        warnings.simplefilter("error")
        adapter.fault(Refuse("t"))
        assert refused(raised(bus.send, numbered(1))) == 1
        adapter.arrive("321#")
        receive_all(bus, 1)
        assert bus.statistics.tx_refused == 1


@pytest.mark.parametrize("options", [{"window": 0}, {"handshake": "off"}, {}])
def test_a_bell_of_weact_is_an_error_on_the_bus(options):
    with (
        opened("weact", dialect="weact", **options) as (adapter, bus),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("error")
        adapter.wait_for_command(b"O")
        adapter.write(b"\a\a")
        adapter.arrive("321#")
        receive_all(bus, 1)
        assert bus.statistics.tx_refused == 0
