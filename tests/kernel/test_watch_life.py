"""The life of watches: one after the other on one id, many at once, those that callbacks begin."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

import canbus as can
from canbus.backends.socketcan.bcm_receiver import BcmReceiver
from canbus.testing.support import PATIENCE, Worker, number_of, numbered, receive
from canbus.watch import Watch
from tests.kernel.watching import (
    FIRST,
    ID,
    LAST_ID,
    OpenBus,
    content,
    descriptors,
    event,
    eventually,
    frame,
    reading_threads,
    taken,
)
from tests.scale import SOAK


class Flood:
    """Frames with rising numbers, from a thread of its own.

    Attributes:
        sent: the number of the last one that was sent entirely.
    """

    def __init__(self, bus: can.BusABC) -> None:
        self._bus = bus
        self._is_over = threading.Event()
        self.sent = 0
        self.worker = Worker(self._run)

    def _run(self) -> None:
        while not self._is_over.is_set():
            self._bus.send(numbered(self.sent + 1, ID))
            self.sent += 1

    def end(self) -> None:
        self._is_over.set()
        self.worker.result()


@pytest.fixture
def flood(open_bus: OpenBus) -> Iterator[Flood]:
    flood = Flood(open_bus())
    yield flood
    flood.end()


def test_a_new_watch_on_the_id_is_told_nothing_of_the_old_one(
    open_bus: OpenBus, flood: Flood
) -> None:
    """While frames flow; and the descriptors are as many after 200 rounds as after a few."""
    bus = open_bus(on_loss="count")
    most = 0
    for round_ in range(200 * SOAK):
        before = flood.sent
        while number_of(receive(bus)) < before:  # a busy kernel may put off what was sent
            pass
        with bus.watch(ID) as watch:
            first = event(watch)
            assert first.kind is FIRST
            assert first.message is not None
            assert number_of(first.message) > before
            assert first.watch is watch
        if round_ == 20:
            most = len(descriptors())
        assert round_ <= 20 or len(descriptors()) <= most + 2  # one receiver's socket and waker
    assert len(reading_threads()) <= 3


def test_what_comes_between_the_look_at_the_socket_and_the_end_is_not_the_next_ones(
    open_bus: OpenBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old watch ends when its thread has just found the socket empty."""
    bus, other = open_bus(), open_bus()
    old = bus.watch(ID)
    other.send(frame(b"\0"))
    assert content(event(old)) == b"\0"
    drained = BcmReceiver.drained
    began: list[Watch] = []

    def just_then(receiver: BcmReceiver) -> None:
        if not old.done:
            other.send(frame(b"\1"))
            old.stop()
        drained(receiver)
        if not began:
            began.append(bus.watch(ID))

    monkeypatch.setattr(BcmReceiver, "drained", just_then)
    bus.watch(LAST_ID).stop()  # wakes it
    eventually(lambda: bool(began), "the next watch")
    other.send(frame(b"\2"))
    assert content(event(began[0])) == b"\2"


def test_two_watches_of_a_bus_may_be_on_one_id(open_bus: OpenBus) -> None:
    bus, other = open_bus(), open_bus()
    with bus.watch(ID, mask=b"\x0f") as low, bus.watch(ID, mask=b"\xf0") as high:
        for data in (b"\x00", b"\x01", b"\x11", b"\x21", b"\x22"):
            other.send(frame(data))
        assert [content(event(low)) for _ in range(3)] == [b"\x00", b"\x01", b"\x22"]
        assert [content(event(high)) for _ in range(3)] == [b"\x00", b"\x11", b"\x21"]
        low.stop()
        other.send(frame(b"\xff"))
        assert content(event(high)) == b"\xff"
        assert list(low) == []


def test_a_thousand_watches_take_one_socket_and_what_wakes_its_thread(
    open_bus: OpenBus,
) -> None:
    bus, other = open_bus(), open_bus()
    before, threads = len(descriptors()), len(reading_threads())
    watches = [bus.watch(number, mask=b"\xff") for number in range(1000)]
    assert len(descriptors()) == before + 2
    assert len(reading_threads()) == threads + 1
    for number in range(1000):
        other.send(frame(number.to_bytes(2, "big"), number))
        assert content(event(watches[number])) == number.to_bytes(2, "big")
    assert all(taken(watch) == [] for watch in watches)
    bus.shutdown()
    assert all(watch.done for watch in watches)
    assert len(reading_threads()) == threads


# -- callbacks ----------------------------------------------------------------------------


def test_a_callback_may_stop_its_own_watch_and_begin_another(open_bus: OpenBus) -> None:
    bus, other = open_bus(), open_bus()
    told: list[tuple[int, bytes]] = []
    watches: list[Watch] = []

    def relay(got: can.WatchEvent) -> None:
        told.append((got.watch.arbitration_id, content(got)))
        got.watch.stop()
        if len(told) < 20:
            watches.append(bus.watch(got.watch.arbitration_id + len(told) % 2, on_event=relay))

    watches.append(bus.watch(ID, on_event=relay))
    expected = []
    for number in range(20):
        eventually(lambda number=number: len(watches) > number, "the next watch")  # type: ignore[misc]
        arbitration_id = watches[number].arbitration_id
        expected.append((arbitration_id, bytes([number])))
        other.send(frame(bytes([number]), arbitration_id))
        eventually(lambda number=number: len(told) > number, "the event")  # type: ignore[misc]
    assert told == expected
    assert all(watch.done for watch in watches)


def test_a_callback_may_shut_down_its_bus(vcan: str, open_bus: OpenBus) -> None:
    before, threads = descriptors(), reading_threads()
    bus = can.Bus(vcan, interface="socketcan")
    watch = bus.watch(ID, on_event=lambda got: bus.shutdown())
    bus.send(frame())
    eventually(lambda: watch.done, "the end")
    eventually(lambda: reading_threads() == threads and descriptors() == before, "nothing left")
    with pytest.raises(can.CanClosedError):
        bus.watch(ID)


def test_a_callback_may_use_its_bus(open_bus: OpenBus) -> None:
    bus, other = open_bus(), open_bus()
    bus.watch(ID, on_event=lambda got: bus.send(frame(content(got), ID + 1)))
    other.send(frame(b"\7"))
    got = other.recv(PATIENCE)
    assert got is not None
    assert (got.arbitration_id, bytes(got.data)) == (ID + 1, b"\7")
