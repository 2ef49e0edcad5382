"""A watch whose events a callback takes, or nobody: what is logged, bounded and counted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from canbus.errors import CanChannelNotFoundError, CanClosedError, CanConfigError
from canbus.testing.support import PATIENCE, Worker, number_of
from canbus.watch import QUEUE_SIZE, Watch, WatchEvent
from tests.unit.watching import (
    CHANGED,
    FIRST,
    GONE,
    LOST,
    MISSING,
    WatchingBus,
    frame,
    kinds,
    taken,
)


@pytest.fixture
def bus() -> Iterator[WatchingBus]:
    with WatchingBus() as bus:
        yield bus


@pytest.fixture
def watch(bus: WatchingBus) -> Watch:
    return bus.watch(0x123, period=1)


# -- callbacks ----------------------------------------------------------------------------


def test_a_callback_is_called_with_each_event_and_none_is_left_to_take(bus: WatchingBus) -> None:
    events: list[WatchEvent] = []
    watch = bus.watch(0x123, on_event=events.append)
    watch._came(frame(1))
    watch._went_missing(2)
    assert [event.kind for event in events] == [FIRST, MISSING]
    assert watch.get(0) is None
    watch.stop()
    watch._came(frame(2))
    assert len(events) == 2


def test_a_callback_that_raises_is_logged_and_the_watch_goes_on(
    bus: WatchingBus, caplog: pytest.LogCaptureFixture
) -> None:
    events: list[WatchEvent] = []

    def fail(event: WatchEvent) -> None:
        events.append(event)
        if len(events) == 1:
            raise LookupError("no such signal")

    watch = bus.watch(0x123, on_event=fail)
    with caplog.at_level(logging.ERROR, logger="canbus"):
        watch._came(frame(1))
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [LookupError]
    assert "no such signal" in caplog.text
    assert "<Watch 123" in caplog.text
    watch._came(frame(2))
    assert [event.kind for event in events] == [FIRST, CHANGED]


def test_a_callback_may_stop_its_watch(bus: WatchingBus) -> None:
    events: list[WatchEvent] = []

    def once(event: WatchEvent) -> None:
        events.append(event)
        event.watch.stop()

    watch = bus.watch(0x123, on_event=once)
    watch._came(frame(1))
    watch._came(frame(2))
    assert len(events) == 1
    assert watch.done


# -- nobody takes them --------------------------------------------------------------------


def test_events_that_nobody_takes_are_bounded_counted_and_said(
    bus: WatchingBus, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="canbus"):
        for number in range(QUEUE_SIZE + 25):
            watch._came(frame(number))
    assert watch.lost == 25
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "10000 events" in caplog.text
    assert bus.renewed == 0
    for number in range(QUEUE_SIZE):
        event = watch.get(0)
        assert event is not None
        assert event.message is not None
        assert number_of(event.message) == number
    assert bus.renewed == 0
    assert kinds(watch) == [LOST]  # where they are missing
    assert bus.renewed == 1  # and the frame is told anew
    watch._came(frame(77))
    assert kinds(watch) == [FIRST]
    assert watch.lost == 25


def test_each_gap_is_marked_and_the_bound_is_kept(watch: Watch) -> None:
    for _ in range(3):
        for number in range(QUEUE_SIZE + 5):
            watch._came(frame(number))
        assert len(watch._events) <= QUEUE_SIZE + 1
        for _ in range(100):
            watch.get(0)
    assert kinds(watch).count(LOST) == 3
    assert watch.lost > 3 * 5


def test_a_full_queue_does_not_hide_the_end(watch: Watch) -> None:
    for number in range(QUEUE_SIZE + 5):
        watch._came(frame(number))
    watch._tell(GONE, 1)
    watch._end(CanChannelNotFoundError("can0 is gone"))
    with pytest.raises(CanChannelNotFoundError):
        taken(watch)
    assert watch.lost == 6


def test_stop_beside_a_thread_that_tells(bus: WatchingBus) -> None:
    for _ in range(100):
        watch = bus.watch(0x123)
        together = threading.Barrier(2)

        def tell(watch: Watch = watch, together: threading.Barrier = together) -> None:
            together.wait(PATIENCE)
            for number in range(50):
                watch._came(frame(number))

        teller = Worker(tell)
        together.wait(PATIENCE)
        watch.stop()
        teller.result()
        got = [number_of(event.message) for event in watch if event.message is not None]
        assert got == list(range(len(got)))
        with pytest.raises(CanClosedError):
            watch.get(0)


def test_a_callback_that_cannot_be_called_is_refused(bus: WatchingBus) -> None:
    with pytest.raises(CanConfigError, match="on_event") as caught:
        bus.watch(0x123, on_event=5)  # type: ignore[arg-type]
    assert caught.value.hint
