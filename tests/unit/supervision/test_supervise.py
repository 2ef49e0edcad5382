"""supervise() and its policy: what can be asked for, what is refused, and how long is waited."""

from __future__ import annotations

import gc
import os
import signal
import threading
from typing import Any

import pytest

import canbus as can
from canbus.supervision import SupervisedBus
from canbus.supervision.policy import BackOff
from canbus.testing.support import PATIENCE, Worker, numbered, receive, wait_until_blocked
from tests.unit.slcan.serial_lines import no_leak
from tests.unit.supervision.fakes import ThirdPartyBus, Wire
from tests.unit.supervision.test_gaps import QUICK, supervised, until_lost


def test_the_factory_supervises_when_asked_to():
    with can.Bus("a", interface="virtual", auto_reconnect=True) as bus:
        assert isinstance(bus, SupervisedBus)
        assert isinstance(bus.inner, can.BusABC)
        with can.Bus("a", interface="virtual") as plain:
            assert not isinstance(plain, SupervisedBus)
            plain.send(numbered(1))
            assert receive(bus).arbitration_id == 0x123
    with can.Bus("a", interface="virtual", auto_reconnect=QUICK) as bus:
        assert isinstance(bus, SupervisedBus)


def test_arguments_are_those_of_the_factory():
    with can.supervise("a", "virtual", receive_own_messages=True) as bus:
        bus.send(numbered(3))
        assert receive(bus).arbitration_id == 0x123
    with pytest.raises(can.CanConfigError, match="receive_own_messages"):
        can.supervise("a", "virtual", receive_own_message=True)
    with pytest.raises(can.CanBackendNotFoundError):
        can.supervise("a", "virtua")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"policy": 5}, "ReconnectPolicy"),
        ({"on_gap": 5}, "on_gap"),
        ({"interface": "virtual"}, "open already"),
        ({"fd": True}, "fd"),
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_the_bus_open(options, problem):
    with no_leak(), ThirdPartyBus(Wire()) as bus:
        arguments: dict[str, Any] = {"reopen": lambda: bus, **options}
        if problem in {"open already", "fd"}:
            del arguments["reopen"]
        with pytest.raises(can.CanConfigError, match=problem):
            can.supervise(bus, **arguments)
        bus.send(numbered(1))


def test_a_bus_that_cannot_be_opened_anew_is_refused():
    with ThirdPartyBus(Wire()) as bus, pytest.raises(can.CanUnsupportedError) as told:
        can.supervise(bus)
    assert "arguments of can.Bus" in str(told.value.hint)


def test_none_is_supervised_twice():
    with supervised(ThirdPartyBus, Wire()) as bus, pytest.raises(can.CanConfigError, match="twice"):
        can.supervise(bus)


@pytest.mark.parametrize(
    "wrong",
    [
        {"first_delay": 0},
        {"first_delay": float("nan")},
        {"factor": 0.5},
        {"max_delay": 0.01},
        {"give_up_after": -1},
    ],
)
def test_a_policy_that_makes_no_sense(wrong):
    with pytest.raises(can.CanConfigError, match=next(iter(wrong))):
        can.ReconnectPolicy(**wrong)


def test_delays_grow_to_their_limit_and_begin_anew():
    back_off = BackOff(can.ReconnectPolicy(first_delay=1, factor=3, max_delay=10))
    assert back_off.lost(0.0)
    assert [back_off.next() for _ in range(4)] == [1, 3, 9, 10]
    back_off.back(20.0)
    assert not back_off.lost(29.0)  # it was not really back
    assert back_off.next() == 10
    back_off.back(40.0)
    assert back_off.lost(50.0)
    assert back_off.next() == 1


def test_backend_extras_are_on_the_inner_bus():
    wire = Wire()
    with supervised(ThirdPartyBus, wire) as bus:
        first = bus.inner
        wire.cut()
        until_lost(bus)
        wire.mend()
        assert bus.gaps.get(PATIENCE) is not None
        assert bus.inner is not first
        with pytest.raises(can.CanClosedError):
            first.recv(0)


def test_a_signal_handler_may_shut_it_down():
    with no_leak():
        bus = supervised(ThirdPartyBus, Wire())
        before = signal.signal(signal.SIGUSR1, lambda *_: bus.shutdown())
        try:
            timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1))
            timer.start()
            with pytest.raises(can.CanClosedError):
                bus.recv()
            timer.join()
        finally:
            signal.signal(signal.SIGUSR1, before)


def test_a_forked_child_can_shut_it_down_and_the_parent_goes_on():
    wire = Wire()
    with no_leak(), supervised(ThirdPartyBus, wire) as bus:
        waiting = Worker(bus.recv)
        wait_until_blocked(waiting)
        child = os.fork()
        if not child:
            bus.shutdown()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        wire.arrive(numbered(8))
        assert waiting.result().data == numbered(8).data


def test_one_that_is_forgotten_says_so():
    def forget() -> None:
        supervised(ThirdPartyBus, Wire())
        gc.collect()

    with no_leak(), pytest.warns(ResourceWarning, match="was not shut down"):
        forget()
