"""Receipts and expiry on a vcan; what a device that does not send makes of them: tests/hardware."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, monotonic_ns, time_ns
from typing import Any

import pytest

import canbus as can
from canbus.backends.socketcan import confirmed
from canbus.backends.socketcan.bus import SocketcanBus
from canbus.backends.socketcan.echo import EchoWatch
from canbus.testing.support import Worker, number_of, numbered, receive

OpenBus = Callable[..., SocketcanBus]


@pytest.mark.parametrize(
    "text", ["123#DEADBEEF", "1F334455#00", "123#R4", "123##3" + "AA" * 64, "7FF#"]
)
def test_a_receipt_says_when_and_by_whom(open_bus: OpenBus, text: str) -> None:
    bus, other = open_bus(fd=True), open_bus(fd=True)
    before = time_ns()
    receipt = bus.send(can.Message.parse(text), 20, confirm=True)
    assert before <= receipt.timestamp_ns <= time_ns()
    assert receipt.timestamp_source is can.TimestampSource.KERNEL
    assert receipt.confirmed_by is can.ConfirmedBy.DRIVER  # a vcan has no wire
    arrived = receive(other)
    assert format(arrived, "candump") == text
    assert arrived.timestamp_ns == receipt.timestamp_ns


def test_the_users_socket_takes_no_part(open_bus: OpenBus) -> None:
    bus = open_bus(can_filters=[can.CanFilter(0x7FF, 0x7FF, extended=False)])
    fd = bus.fileno()
    bus.send(numbered(1), 20, confirm=True)
    assert bus.recv(0) is None
    assert bus.fileno() == fd
    hears = open_bus(receive_own_messages=True)
    hears.send(numbered(2), 20, confirm=True)
    own = receive(hears)
    assert (number_of(own), own.origin) == (2, can.FrameOrigin.OWN)
    assert hears.recv(0) is None


def test_several_threads_get_each_their_own_receipt(open_bus: OpenBus) -> None:
    bus, other = open_bus(), open_bus()
    workers = [
        Worker(lambda n=n: [bus.send(numbered(n * 100 + i), 20, confirm=True) for i in range(20)])  # type: ignore[misc]
        for n in range(4)
    ]
    stamps = sorted(receipt.timestamp_ns for worker in workers for receipt in worker.result())
    arrived = sorted(receive(other).timestamp_ns for _ in range(80))
    assert stamps == arrived


@pytest.mark.parametrize("options", [{"channel": ""}, {"local_loopback": False}])
def test_where_no_echo_can_be_seen_it_is_refused(
    open_bus: OpenBus, options: dict[str, Any]
) -> None:
    bus = open_bus(**options)
    msg = numbered(1)
    for special in ({"confirm": True}, {"ttl": 1.0}):
        with pytest.raises(can.CanUnsupportedError):
            bus.send(msg, 1, **special)


def test_an_error_frame_cannot_be_confirmed(open_bus: OpenBus) -> None:
    with pytest.raises(can.CanUnsupportedError, match="error frames"):
        open_bus().send(can.Message.parse("20000040#0000000000000000"), 1, confirm=True)


def test_a_frame_in_time_is_sent_and_nothing_is_counted(open_bus: OpenBus) -> None:
    bus, other = open_bus(), open_bus()
    for number in range(50):
        assert bus.send(numbered(number), ttl=20) is None
    assert [number_of(receive(other)) for _ in range(50)] == list(range(50))
    assert bus.send(numbered(50), ttl=20, confirm=True).timestamp_ns > 0
    assert (bus.statistics.tx_expired, bus.statistics.tx_late) == (0, 0)


def test_frames_that_cannot_go_in_time_are_dropped_and_counted(
    open_bus: OpenBus, full_queue: Callable[[], None]
) -> None:
    bus, other = open_bus(), open_bus()
    bus.send(numbered(0), ttl=0.05)  # in the queue, which is stopped
    for number in range(1, 6):
        start = monotonic()
        with pytest.raises(can.CanFrameExpiredError, match="ttl"):
            bus.send(numbered(number), ttl=0.05)
        assert 0.05 <= monotonic() - start < 5
    full_queue()  # lets it flow
    bus.send(numbered(9), ttl=20)
    assert [number_of(receive(other)) for _ in range(2)] == [0, 9]
    assert other.recv(0) is None
    # That the first left late cannot be seen here: for a link without echo of its own (vcan)
    # the kernel gives it at once (net/can/af_can.c, can_send). tests/hardware has one that can.
    assert (bus.statistics.tx_expired, bus.statistics.tx_late) == (5, 0)


def test_a_ttl_frame_waits_behind_earlier_frames_of_the_bus(
    open_bus: OpenBus, full_queue: Callable[[], None]
) -> None:
    bus, other = open_bus(), open_bus()
    bus.send(numbered(0))
    with pytest.raises(can.CanFrameExpiredError, match="earlier frames"):
        bus.send(numbered(1), ttl=0.05)
    full_queue()
    assert number_of(receive(other)) == 0
    assert other.recv(0) is None


def test_a_timeout_before_the_ttl_is_a_timeout(
    open_bus: OpenBus, full_queue: Callable[[], None]
) -> None:
    bus = open_bus()
    bus.send(numbered(0))
    with pytest.raises(can.CanTimeoutError) as caught:
        bus.send(numbered(1), 0.05, ttl=20)
    assert not isinstance(caught.value, can.CanFrameExpiredError)
    assert bus.statistics.tx_expired == 0


@pytest.mark.parametrize("ttl", [0, -1, float("nan"), float("inf")])
def test_a_ttl_that_is_no_time_is_refused(open_bus: OpenBus, ttl: float) -> None:
    with pytest.raises(can.CanConfigError, match="ttl"):
        open_bus().send(numbered(1), ttl=ttl)


def test_flushing_says_what_it_cannot_take_back(
    open_bus: OpenBus, full_queue: Callable[[], None]
) -> None:
    bus = open_bus()
    bus.flush_tx_buffer()  # nothing is there
    for number in range(1000):
        try:
            bus.send(numbered(number), 0)
        except can.CanTxQueueFullError:
            break
    waiting = Worker(lambda: bus.send(numbered(0), 20))
    while waiting.thread.is_alive():
        with pytest.raises(can.CanUnsupportedError, match="kernel's queue"):
            bus.flush_tx_buffer()
    assert "flush_tx_buffer" in str(waiting.error())


def test_a_send_without_timeout_says_once_that_it_waits(
    open_bus: OpenBus, full_queue: Callable[[], None]
) -> None:
    bus = open_bus()
    for number in range(1000):
        try:
            bus.send(numbered(number), 0)
        except can.CanTxQueueFullError:
            break
    with pytest.raises(can.CanWarning, match="no timeout"):  # warnings are errors here
        bus.send(numbered(1))
    waiting = Worker(lambda: bus.send(numbered(2)))
    full_queue()
    waiting.result()


def test_shutting_down_wakes_a_frame_with_ttl_that_waits_for_earlier_ones(
    open_bus: OpenBus, full_queue: Callable[[], None]
) -> None:
    bus = open_bus()
    bus.send(numbered(0))
    waiting = Worker(lambda: bus.send(numbered(1), ttl=20))
    while not bus._waiter.is_used:
        assert waiting.thread.is_alive()
    bus.shutdown()
    assert isinstance(waiting.error(), can.CanClosedError)


def test_a_private_socket_that_is_opened_while_the_bus_is_shut_down_is_closed(
    open_bus: OpenBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = open_bus()
    open_watch, opened = bus._confirmed._open_watch, []

    def open_late() -> EchoWatch:
        opened.append(open_watch())
        bus.shutdown()
        return opened[0]

    monkeypatch.setattr(bus._confirmed, "_open_watch", open_late)
    with pytest.raises(can.CanClosedError):
        bus.send(numbered(1), 1, confirm=True)
    assert opened[0]._socket.fileno() == -1


def test_late_is_counted_from_the_call(open_bus: OpenBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """The frame spent most of its time before it was handed over."""
    bus = open_bus()
    passed_ns = 0
    put = bus._confirmed._put

    def put_late(frame: bytes, msg: can.Message, deadline_ns: int | None) -> None:
        nonlocal passed_ns
        put(frame, msg, deadline_ns)
        passed_ns = 9 * 10**9

    monkeypatch.setattr(bus._confirmed, "_put", put_late)
    monkeypatch.setattr(confirmed, "monotonic_ns", lambda: monotonic_ns() + passed_ns)
    monkeypatch.setattr(confirmed, "time_ns", lambda: time_ns() + passed_ns)
    monkeypatch.setattr(EchoWatch, "wait", lambda watch, until_ns: _echo_at(time_ns() + 11 * 10**9))
    bus.send(numbered(1), ttl=10.0)
    assert bus.statistics.tx_late == 1


def _echo_at(ns: int) -> can.Message:
    msg = numbered(1)
    msg.timestamp_ns = ns
    return msg
