"""Cyclic jobs: arithmetic with numbers only, and which frames form one task."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.cyclic_job import frames_in, own_frames, period_to_ns
from canbus.cyclic_scheduler import MAX_BURST, Pace
from canbus.errors import (
    CanConfigError,
)
from canbus.frame_rules import prepare
from canbus.message import Message

NS = 10**9
PATIENCE = 10.0


def as_it_is(msg: Message) -> Message:
    return prepare(msg, fd=False, channel="here")


# -- arithmetic ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("duration", "period", "count"),
    [
        (0.3, 0.1, 3),  # in floats 0.3 / 0.1 is 2.9999999999999996
        (0.6, 0.2, 3),  # and this one
        (1.2, 0.4, 3),
        (0.7, 0.1, 7),
        (0.05, 0.1, 1),
        (0.1, 0.1, 1),
        (0.10000001, 0.1, 2),
        (0.25, 0.1, 3),
        (3600, 0.001, 3_600_000),
        (1e-6, 1e-6, 1),
        (1e-12, 0.1, 1),
    ],
)
def test_a_duration_holds_every_period_that_begins_in_it(
    duration: float, period: float, count: int
) -> None:
    assert frames_in(duration, period_to_ns(period)) == count


def test_without_a_duration_there_is_no_count() -> None:
    assert frames_in(None, NS) is None


@pytest.mark.parametrize("duration", [0, -0.1, float("inf"), float("nan")])
def test_a_duration_that_is_no_time_is_refused(duration: float) -> None:
    with pytest.raises(CanConfigError, match="duration"):
        frames_in(duration, NS)


@pytest.mark.parametrize("period", [0, -0.1, float("inf"), float("nan"), 1e-10, 0.99e-6])
def test_a_period_that_is_no_time_is_refused(period: float) -> None:
    with pytest.raises(CanConfigError, match="period"):
        period_to_ns(period)


@given(st.integers(1, 10**6), st.lists(st.integers(0, 99), max_size=50))
def test_a_punctual_sender_never_drifts(start: int, delays: list[int]) -> None:
    pace = Pace(period_ns=100, start_ns=start)
    due = start
    for delay in delays:  # each frame is sent a little late, but within its period
        wait = pace.after_send(due + delay)
        due += 100
        assert due + delay - 100 + wait == due
    assert pace.missed == 0


def test_a_late_sender_catches_up_with_a_short_burst() -> None:
    pace = Pace(period_ns=100, start_ns=0)
    # The first frame is sent at 250: those due at 100 and 200 follow at once.
    assert [pace.after_send(250) for _ in range(3)] == [0, 0, 50]
    assert pace.missed == 0


def test_a_burst_has_at_most_sixteen_frames_and_what_is_given_up_is_counted() -> None:
    pace = Pace(period_ns=100, start_ns=0)
    waits = [pace.after_send(5050) for _ in range(MAX_BURST)]
    assert MAX_BURST == 16
    assert waits == [*[0] * 15, 50]  # due at 0 to 1500 were sent; 1600 to 5000 are given up
    assert pace.missed == 35
    assert pace.due_ns == 5100  # in phase with the start


def test_a_new_burst_is_allowed_after_a_rest() -> None:
    pace = Pace(period_ns=100, start_ns=0)
    for _ in range(MAX_BURST):
        pace.after_send(5050)
    assert [pace.after_send(5250) for _ in range(2)] == [0, 50]


@given(st.integers(1, 1000), st.lists(st.integers(0, 50_000), min_size=1, max_size=60))
def test_sent_and_missed_frames_account_for_all_time(period: int, steps: list[int]) -> None:
    pace = Pace(period_ns=period, start_ns=0)
    now = burst = longest = 0
    for sent, step in enumerate(steps, 1):
        now += step
        wait = pace.after_send(now)
        assert wait >= 0
        assert pace.due_ns == (sent + pace.missed) * period
        burst = burst + 1 if wait == 0 else 0
        longest = max(longest, burst)
        now += wait
    assert longest < MAX_BURST


# -- frames of a task ---------------------------------------------------------------------


def test_one_message_is_a_task_of_one() -> None:
    msg = Message()
    (alone,) = own_frames(msg, as_it_is)
    assert alone is not msg  # a copy: who changes the frame later does not change the task
    assert alone.equals(msg)
    assert len(own_frames([msg, msg], as_it_is)) == 2


@pytest.mark.parametrize(
    ("frames", "why"),
    [
        ([], "at least one"),
        ([Message(arbitration_id=1), Message(arbitration_id=2)], "same arbitration_id"),
        ([Message(channel="a"), Message(channel="b")], "same channel"),
    ],
)
def test_frames_that_make_no_task_are_refused(frames: list[Message], why: str) -> None:
    with pytest.raises(CanConfigError, match=why):
        own_frames(frames, as_it_is)


@pytest.mark.parametrize("frames", [b"\1\2", "abc", [None], [object()]])
def test_what_is_no_message_is_a_type_error(frames: Any) -> None:
    with pytest.raises(TypeError):
        own_frames(frames, as_it_is)
