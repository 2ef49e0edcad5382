"""What evidence means: a table, and what holds for any evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.bringup.detect.evidence import Evidence
from canbus.bringup.detect.judging import PATIENCE, Verdict, judge

DWELL = 1.0


def evidence(seconds, frames, errors, **more):
    return Evidence(
        bitrate=500_000, seconds=seconds, data_frames=frames, error_frames=errors, **more
    )


@pytest.mark.parametrize(
    ("seconds", "frames", "errors", "verdict"),
    [
        (0.0, 0, 0, "open"),
        (0.0, 3, 0, "right"),
        (0.0, 2, 0, "open"),
        (0.1, 3, 1, "open"),
        (0.1, 0, 4, "open"),
        (0.0, 0, 5, "wrong"),
        (0.1, 1, 5000, "open"),
        (1.0, 0, 0, "silent"),
        (1.0, 0, 1, "unsure"),
        (1.0, 0, 4, "unsure"),
        (1.0, 3, 1, "right"),
        (1.0, 3, 300, "right"),
        (1.0, 3, 301, "open"),
        (1.0, 1, 0, "open"),
        (3.9, 1, 0, "open"),
        (4.0, 1, 0, "right"),
        (4.0, 2, 1, "unsure"),
        (4.0, 3, 301, "unsure"),
    ],
)
def test_the_table(seconds, frames, errors, verdict):
    assert judge(evidence(seconds, frames, errors), DWELL).value == verdict


any_evidence = st.builds(
    evidence,
    st.floats(0, 10),
    st.integers(0, 10_000),
    st.integers(0, 100_000),
    bus_errors=st.none() | st.integers(0, 100_000),
    rx_errors_risen=st.integers(0, 255),
)


@given(any_evidence)
def test_no_rate_is_right_without_a_frame_nor_wrong_with_one(given):
    verdict = judge(given, DWELL)
    assert verdict is not Verdict.RIGHT or given.data_frames
    assert verdict is not Verdict.WRONG or not given.data_frames
    assert (verdict is Verdict.SILENT) <= (not given.data_frames and not given.errors)


@given(any_evidence)
def test_it_does_not_go_on_for_ever(given):
    late = replace(given, seconds=DWELL * PATIENCE)
    assert judge(late, DWELL) is not Verdict.OPEN


@given(any_evidence, st.integers(1, 1000))
def test_more_errors_never_make_a_rate_right(given, more):
    worse = replace(given, error_frames=given.errors + more)
    assert judge(worse, DWELL) is not Verdict.RIGHT or judge(given, DWELL) is Verdict.RIGHT


@given(any_evidence)
def test_the_three_ways_to_tell_of_an_error_count_once(given):
    told = max(given.error_frames, given.bus_errors or 0, given.rx_errors_risen)
    assert given.errors == told
