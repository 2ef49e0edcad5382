"""A device that does not send: sends keep order and deadline, and nothing stale is left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from time import monotonic

import pytest

import canbus as can
from canbus.testing.support import Worker, number_of, numbered
from canbus.testing.usb import EmulatedAdapter
from tests.hardware.network import link_up

COUNT = 10_000
PATIENCE = 60


@pytest.fixture
def bus(gs_usb: EmulatedAdapter) -> Iterator[can.BusABC]:
    """A bus on a candleLight with the default queue of ten frames."""
    for name in gs_usb.netdevs:  # the second channel acknowledges
        link_up(name)
    with can.Bus(gs_usb.netdevs[0], interface="socketcan", ignore_rx_error_frames=True) as one:
        yield one


def _numbers(adapter: EmulatedAdapter, count: int) -> list[int]:
    return [number_of(sent.msg) for sent in adapter.wait_for_sent(count, PATIENCE)]


@pytest.mark.timeout(300)
def test_ten_thousand_sends_keep_order_and_lose_none(
    bus: can.BusABC, gs_usb: EmulatedAdapter
) -> None:
    """The queue is full all the time; for a while nobody acknowledges."""

    silent = threading.Event()

    def send() -> None:
        for number in range(COUNT):
            if number == 3000:
                gs_usb.fault("noack")
                silent.set()
            bus.send(numbered(number), timeout=2)

    sending = Worker(send)
    assert silent.wait(PATIENCE)
    gs_usb.wait_for_pending(1, PATIENCE)
    gs_usb.fault("none")
    sending.thread.join(4 * PATIENCE)
    sending.result()
    assert _numbers(gs_usb, COUNT) == list(range(COUNT))


def _fill(bus: can.BusABC) -> int:
    for number in range(1000):
        try:
            bus.send(numbered(number), timeout=0)
        except can.CanTxQueueFullError:
            return number
    raise AssertionError("the queue never filled")


def test_with_nobody_acknowledging_a_send_raises_at_its_deadline(
    bus: can.BusABC, gs_usb: EmulatedAdapter
) -> None:
    gs_usb.fault("noack")
    filled = _fill(bus)
    for timeout in (0.2, 0.5):
        start = monotonic()
        with pytest.raises(can.CanTimeoutError) as caught:
            bus.send(numbered(filled), timeout=timeout)
        assert timeout <= monotonic() - start < timeout + 5
        assert isinstance(caught.value, can.CanTxQueueFullError)
    gs_usb.fault("none")
    bus.send(numbered(filled), timeout=PATIENCE)
    assert _numbers(gs_usb, filled + 1) == list(range(filled + 1))


def test_a_send_without_timeout_tells_after_a_second_that_nobody_acknowledges(
    bus: can.BusABC, gs_usb: EmulatedAdapter
) -> None:
    gs_usb.fault("noack")
    _fill(bus)
    start = monotonic()
    with pytest.raises(can.CanWarning, match="nobody acknowledges"):  # warnings are errors here
        bus.send(numbered(0))
    assert 1.0 <= monotonic() - start < 6


@pytest.mark.parametrize("many", [False, True])
def test_send_many_says_how_many_went_out(
    bus: can.BusABC, gs_usb: EmulatedAdapter, many: bool
) -> None:
    gs_usb.fault("noack")
    with pytest.raises(can.CanTxQueueFullError) as caught:
        bus.send_many([numbered(number) for number in range(300)], 0.1 if many else 0)
    sent = caught.value.sent
    assert 0 < sent < 300
    gs_usb.fault("none")
    bus.send_many([numbered(number) for number in range(sent, 300)], PATIENCE)
    assert _numbers(gs_usb, 300) == list(range(300))


def test_after_healing_at_most_one_expired_frame_appears_and_the_ledger_names_it(
    bus: can.BusABC, gs_usb: EmulatedAdapter
) -> None:
    gs_usb.fault("noack")
    bus.send(numbered(0), ttl=0.1)  # handed over, and stuck in the device
    for number in range(1, 20):
        with pytest.raises(can.CanFrameExpiredError):
            bus.send(numbered(number), ttl=0.1)
    assert (bus.statistics.tx_expired, bus.statistics.tx_late) == (19, 0)
    gs_usb.fault("none")
    bus.send(numbered(99), ttl=20)
    assert _numbers(gs_usb, 2) == [0, 99]
    statistics = bus.statistics
    assert (statistics.tx_expired, statistics.tx_late) == (19, 1)


def test_the_ledger_names_a_late_frame_also_if_nothing_is_sent_after_it(
    bus: can.BusABC, gs_usb: EmulatedAdapter
) -> None:
    gs_usb.fault("noack")
    bus.send(numbered(0), ttl=0.05)
    with pytest.raises(can.CanFrameExpiredError):
        bus.send(numbered(1), ttl=0.05)
    gs_usb.fault("none")
    gs_usb.wait_for_sent(1, PATIENCE)
    deadline = monotonic() + 10
    while bus.statistics.tx_late == 0:  # the echo comes after the frame
        assert monotonic() < deadline
    assert bus.statistics.tx_late == 1


def test_a_receipt_comes_when_the_wire_took_the_frame_and_not_before(
    bus: can.BusABC, gs_usb: EmulatedAdapter
) -> None:
    receipt = bus.send(numbered(1), PATIENCE, confirm=True)
    assert receipt.confirmed_by is can.ConfirmedBy.ADAPTER
    gs_usb.fault("noack")
    start = monotonic()
    with pytest.raises(can.CanTimeoutError, match="not confirmed"):
        bus.send(numbered(2), 0.3, confirm=True)
    assert 0.3 <= monotonic() - start < 5


def test_an_equal_frame_of_another_program_is_no_confirmation(
    bus: can.BusABC, gs_usb: EmulatedAdapter
) -> None:
    """It is the only one that the wire takes: ours is ahead of it in another channel's queue."""
    gs_usb.fault("noack")
    waiting = Worker(lambda: bus.send(numbered(7), 3, confirm=True))
    gs_usb.wait_for_pending(1, PATIENCE)
    name = gs_usb.netdevs[0]
    with can.Bus(name, interface="socketcan", receive_own_messages=True) as stranger:
        gs_usb.frame(numbered(7))  # an equal one from the wire
        while stranger.recv(PATIENCE).origin is not can.FrameOrigin.WIRE:
            pass
    assert isinstance(waiting.error(), can.CanTimeoutError)


def test_shutdown_wakes_who_waits_for_a_receipt(bus: can.BusABC, gs_usb: EmulatedAdapter) -> None:
    gs_usb.fault("noack")
    waiting = Worker(lambda: bus.send(numbered(1), confirm=True))
    gs_usb.wait_for_pending(1, PATIENCE)
    bus.shutdown()
    assert isinstance(waiting.error(), can.CanClosedError)
