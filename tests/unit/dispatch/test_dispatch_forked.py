"""dispatcher: a forked child has a copy of everything but the thread."""

from __future__ import annotations

import gc
import sys
import threading

import pytest

from canbus.dispatcher import dispatcher_of
from canbus.errors import CanClosedError
from canbus.testing.support import PATIENCE, number_of, numbered
from tests.unit.dispatch.conftest import Wire
from tests.unit.dispatch.consumers import Recorder, Slow, dispatchers, next_of

if sys.platform == "win32":
    pytest.skip("there is no fork", allow_module_level=True)

from tests.unit.test_waiting_forked import in_child


def test_a_child_reads_and_closes_its_copy_and_the_parent_goes_on(wire: Wire) -> None:
    subscription = wire.bus.subscribe()
    wire.bus.recv(0)

    def child() -> bool:
        wire.other.send(numbered(1))  # to the child's copy of the wire
        msg = wire.bus.recv(PATIENCE)
        assert msg is not None
        assert number_of(msg) == 1
        with pytest.raises(CanClosedError, match="does not outlive a fork"):
            subscription.recv(0)
        with wire.bus.subscribe() as own:
            wire.other.send(numbered(2))
            assert next_of(own) == 2
        subscription.close()
        wire.bus.shutdown()
        wire.other.shutdown()
        return dispatchers() == []

    assert in_child(child)
    wire.other.send(numbered(3))
    assert next_of(subscription) == 3
    subscription.close()


def test_a_child_is_not_held_up_by_what_the_thread_was_doing(wire: Wire) -> None:
    slow = Slow()
    dispatcher_of(wire.bus).add(slow)
    wire.other.send(numbered(1))
    assert slow.is_busy.wait(PATIENCE)
    is_held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with wire.bus._dispatch_lock():
            is_held.set()
            assert go_on.wait(PATIENCE)

    holder = threading.Thread(target=hold)
    holder.start()
    assert is_held.wait(PATIENCE)

    def child() -> bool:
        dispatcher_of(wire.bus).remove(slow)
        recorder = Recorder()
        dispatcher_of(wire.bus).add(recorder)
        wire.other.send(numbered(2))
        recorder.numbers(1)
        wire.bus.shutdown()
        return dispatchers() == []

    try:
        assert in_child(child)
    finally:
        go_on.set()
        slow.go_on.set()
        holder.join()
    dispatcher_of(wire.bus).remove(slow)


def test_a_child_that_forgets_a_subscription_says_nothing(wire: Wire) -> None:
    subscriptions = [wire.bus.subscribe()]

    def child() -> bool:
        subscriptions.clear()
        gc.collect()
        return True

    assert in_child(child)
    subscriptions[0].close()
