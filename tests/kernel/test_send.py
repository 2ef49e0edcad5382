"""Sending into a transmit queue that is full: deadlines are kept, order too."""

from __future__ import annotations

import threading
from time import monotonic

import pytest

import canbus as can


def _fill(bus):
    """Send numbered frames until the queue is full; return how many it took."""
    for number in range(1000):
        try:
            bus.send(can.Message(arbitration_id=1, data=number.to_bytes(4, "big")), timeout=0)
        except can.CanTxQueueFullError:
            return number
    raise AssertionError("the queue never filled")


def test_a_full_queue_is_an_error_at_once_with_timeout_zero(open_bus, full_queue, vcan):
    bus = open_bus()

    assert _fill(bus) > 0
    with pytest.raises(can.CanTxQueueFullError, match=vcan) as caught:
        bus.send(can.Message.parse("123#"), timeout=0)
    assert isinstance(caught.value, can.CanTimeoutError)
    assert "txqueuelen" in caught.value.hint


def test_a_full_queue_is_waited_for_until_the_deadline(open_bus, full_queue):
    bus = open_bus()
    _fill(bus)

    start = monotonic()
    with pytest.raises(can.CanTimeoutError):
        bus.send(can.Message.parse("123#"), timeout=0.2)
    elapsed = monotonic() - start

    assert 0.2 <= elapsed < 5


@pytest.mark.parametrize("timeout", [None, 20])
def test_sending_goes_on_in_order_when_the_queue_flows_again(open_bus, full_queue, timeout):
    bus, receiver = open_bus(), open_bus()
    filled = _fill(bus)

    thread = threading.Thread(target=lambda: bus.send(can.Message.parse("7FF#"), timeout=timeout))
    thread.start()
    full_queue()  # lets it flow
    thread.join(20)

    got = [receiver.recv(20) for _ in range(filled + 1)]
    assert [int.from_bytes(msg.data, "big") for msg in got[:-1]] == list(range(filled))
    assert got[-1].arbitration_id == 0x7FF


def test_a_cyclic_task_of_a_thread_waits_for_room(open_bus, full_queue):
    bus, receiver = open_bus(), open_bus()
    filled = _fill(bus)

    task = bus.send_periodic(can.Message.parse("7FF#"), 0.001, duration=0.005, engine="thread")
    assert not task.wait(0.05)  # stuck
    full_queue()

    got = [receiver.recv(20).arbitration_id for _ in range(filled + 5)]
    assert got.count(0x7FF) == 5
    assert task.wait(20)
    assert task.error is None
    assert receiver.recv(0) is None


def test_a_cyclic_task_of_the_kernel_goes_on_without_what_found_no_room(open_bus, full_queue):
    bus, receiver = open_bus(), open_bus()
    filled = _fill(bus)

    task = bus.send_periodic(can.Message.parse("7FF#"), 0.001, duration=0.005)
    assert task.engine == "bcm"
    assert task.wait(20)
    full_queue()
    task.start()
    assert task.wait(20)

    bus.send(can.Message.parse("7FE#"))
    got = [receiver.recv(20).arbitration_id for _ in range(filled + 6)]
    assert got.count(0x7FF) == 5
    assert got[-1] == 0x7FE
    assert task.error is None
