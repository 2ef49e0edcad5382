"""The handle of a watch: its events, who takes them, and its end. The backend is a fake."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from canbus.errors import CanChannelNotFoundError, CanClosedError, CanConfigError
from canbus.testing.support import Worker, number_of, wait_until_blocked
from canbus.watch import Watch, WatchEvent
from tests.unit.watching import (
    BACK,
    CHANGED,
    FIRST,
    GONE,
    LINK_DOWN,
    LOST,
    MISSING,
    TIMEOUT_NS,
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


# -- what happened ------------------------------------------------------------------------


def test_the_first_frame_then_changes_in_order(watch: Watch) -> None:
    for number in range(4):
        watch._came(frame(number))
    events = taken(watch)
    assert [event.kind for event in events] == [FIRST, CHANGED, CHANGED, CHANGED]
    assert [number_of(event.message) for event in events if event.message] == [0, 1, 2, 3]
    assert all(event.watch is watch and event.since_ns is None for event in events)


def test_missing_and_back(watch: Watch) -> None:
    watch._came(frame(1, 1000))
    was_missing = [watch.is_missing]
    watch._went_missing(2000)
    was_missing.append(watch.is_missing)
    watch._came(frame(2, 5000))
    was_missing.append(watch.is_missing)
    assert was_missing == [False, True, False]
    watch._came(frame(3, 6000))
    seen = [(event.kind, event.timestamp_ns, event.since_ns) for event in taken(watch)]
    assert seen == [
        (FIRST, 1000, None),
        (MISSING, 2000, 2000 - TIMEOUT_NS),
        (BACK, 5000, 2000 - TIMEOUT_NS),
        (CHANGED, 6000, None),
    ]


def test_what_was_missing_before_it_ever_came_is_back_when_it_comes(watch: Watch) -> None:
    watch._went_missing(2000)
    watch._came(frame(1))
    watch._came(frame(2))
    assert kinds(watch) == [MISSING, BACK, CHANGED]


def test_only_the_frame_itself_has_a_message(watch: Watch) -> None:
    watch._came(frame(1))
    watch._went_missing(1)
    watch._tell(LINK_DOWN, 2)
    assert [event.message is not None for event in taken(watch)] == [True, False, False]


def test_after_a_loss_the_frame_is_told_as_if_for_the_first_time(watch: Watch) -> None:
    watch._came(frame(1))
    watch._was_lost(7, 1)
    watch._came(frame(2))
    assert watch.lost == 7
    watch._was_lost(3, 2)
    assert watch.lost == 10
    assert kinds(watch) == [FIRST, LOST, FIRST, LOST]


def test_a_loss_while_it_is_missing_leaves_it_missing_until_it_comes(watch: Watch) -> None:
    watch._went_missing(1000)
    watch._was_lost(1, 2000)
    assert watch.is_missing
    watch._came(frame(1))
    assert kinds(watch) == [MISSING, LOST, BACK]


# -- taking events ------------------------------------------------------------------------


def test_get_without_waiting(watch: Watch) -> None:
    assert watch.get(0) is None
    assert watch.get(0.001) is None
    watch._came(frame(1))
    assert kinds(watch) == [FIRST]
    assert watch.get(0) is None


@pytest.mark.parametrize("timeout", [None, 10, 3e6, 1e12, 1e300, float("inf")])
def test_get_waits_until_an_event_comes(watch: Watch, timeout: float | None) -> None:
    worker = Worker(lambda: watch.get(timeout))
    wait_until_blocked(worker)
    watch._came(frame(1))
    event = worker.result()
    assert event is not None
    assert event.kind is FIRST


@pytest.mark.parametrize("timeout", [-1, -1e-9, float("nan"), float("-inf")])
def test_a_timeout_that_is_no_time_is_refused(watch: Watch, timeout: float) -> None:
    watch._came(frame(1))
    with pytest.raises(CanConfigError, match="get"):
        watch.get(timeout)
    assert kinds(watch) == [FIRST]


def test_iteration_gives_what_was_told_and_ends_with_the_watch(watch: Watch) -> None:
    for number in range(3):
        watch._came(frame(number))
    watch.stop()
    assert [event.kind for event in watch] == [FIRST, CHANGED, CHANGED]
    assert list(watch) == []


def test_iteration_waits_and_stop_ends_it(watch: Watch) -> None:
    worker = Worker(lambda: [event.kind for event in watch])
    wait_until_blocked(worker)
    watch._came(frame(1))
    wait_until_blocked(worker)
    watch.stop()
    assert worker.result() == [FIRST]


def test_all_who_wait_end(watch: Watch) -> None:
    takers = [Worker(watch.get) for _ in range(3)]
    iterating = [Worker(lambda: list(watch)) for _ in range(3)]
    wait_until_blocked(*takers, *iterating)
    watch.stop()
    assert [type(taker.error()) for taker in takers] == [CanClosedError] * 3
    assert [worker.result() for worker in iterating] == [[], [], []]


def test_events_go_to_one_taker_each(watch: Watch) -> None:
    takers = [Worker(lambda: [event.message for event in watch]) for _ in range(4)]
    for number in range(1000):
        watch._came(frame(number))
    watch.stop()
    got = [msg for taker in takers for msg in taker.result() if msg is not None]
    assert sorted(number_of(msg) for msg in got) == list(range(1000))


# -- the end ------------------------------------------------------------------------------


def test_stop_ends_it_once_and_for_all(bus: WatchingBus, watch: Watch) -> None:
    watch._came(frame(1))
    watch.stop()
    assert bus.stopped == 1
    watch.stop()
    watch._came(frame(2))
    watch._went_missing(1)
    assert [event.kind for event in watch] == [FIRST]
    assert watch.done
    for timeout in (0, 0.001, None):
        with pytest.raises(CanClosedError, match="123"):
            watch.get(timeout)


def test_what_is_told_beside_the_end_does_not_come_after_it(watch: Watch) -> None:
    event = WatchEvent(CHANGED, 1, None, None, watch)
    watch.stop()
    watch._events.put(event)  # by a thread that looked before
    for _ in range(3):
        with pytest.raises(CanClosedError):
            watch.get(0)


def test_a_context_manager_stops_it(bus: WatchingBus) -> None:
    with bus.watch(0x123) as watch:
        is_done = watch.done
    assert (is_done, watch.done) == (False, True)
    assert bus.stopped == 1


def test_gone_is_the_last_event_and_then_the_error(watch: Watch) -> None:
    watch._tell(GONE, 1)
    watch._end(CanChannelNotFoundError("can0 is gone"))
    iterator = iter(watch)
    assert next(iterator).kind is GONE
    for take in (lambda: watch.get(0), watch.get, lambda: next(iterator)):
        with pytest.raises(CanChannelNotFoundError, match="can0 is gone"):
            take()
    assert watch.done
    watch.stop()  # which does not make another end of it
    with pytest.raises(CanChannelNotFoundError):
        watch.get(0)


def test_it_says_what_it_is(bus: WatchingBus) -> None:
    watch = bus.watch(0x12, is_extended_id=True)
    assert watch.arbitration_id == 0x12
    assert repr(watch) == "<Watch 00000012 [watching]>"
    watch._went_missing(1)
    assert repr(watch) == "<Watch 00000012 [missing]>"
    watch.stop()
    assert repr(watch) == "<Watch 00000012 [ended]>"
