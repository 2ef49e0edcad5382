"""timestamps: seconds and nanoseconds, and which of the two was meant."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.errors import CanMessageError
from canbus.message import Message
from canbus.timestamps import NS, seconds_to_ns, time_stamp

TABLE = [
    (0.0, 0),
    (-0.0, 0),
    (1.0, 10**9),
    (0.5, 500_000_000),
    (1e-9, 1),
    (0.4e-9, 0),
    (0.6e-9, 1),
    (0.1, 100_000_000),
    (0.9999999999, 10**9),  # the rest rounds up into the next second
    (-0.25, -250_000_000),
    (-1.5, -1_500_000_000),
    (1_700_000_000.25, 1_700_000_000_250_000_000),
    # Multiplied as a float this would be ...456_000, as a float of 1.7e18 steps by 256.
    (1_700_000_000.123456, 1_700_000_000_123_456_001),
    (1e15, 10**24),
    (3, 3 * 10**9),
]


@pytest.mark.parametrize(("seconds", "nanoseconds"), TABLE)
def test_seconds_become_whole_nanoseconds(seconds: float, nanoseconds: int) -> None:
    found = seconds_to_ns(seconds)
    assert found == nanoseconds
    assert type(found) is int


@given(st.integers(min_value=-(2**40), max_value=2**40))
def test_whole_seconds_are_exact(seconds: int) -> None:
    assert seconds_to_ns(float(seconds)) == seconds * NS


@given(st.floats(min_value=-(2.0**33), max_value=2.0**33))
def test_the_float_comes_back(seconds: float) -> None:
    """What a float can say above 2**23 s (where its step is 1.8 ns) is kept to the last bit."""
    back = seconds_to_ns(seconds) / NS
    assert abs(back - seconds) <= max(0.5e-9, math.ulp(seconds))
    if abs(seconds) >= 2**24:
        assert back == seconds


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf])
def test_what_is_no_point_in_time_is_refused_by_its_value(seconds: float) -> None:
    with pytest.raises(CanMessageError, match=str(seconds)):
        seconds_to_ns(seconds)
    with pytest.raises(CanMessageError):
        time_stamp(seconds, None)
    msg = Message()
    with pytest.raises(ValueError, match="is not a point in time"):
        msg.timestamp = seconds


@pytest.mark.parametrize(
    ("seconds", "nanoseconds", "stamp"),
    [
        (0.0, None, 0),
        (1.5, None, 1_500_000_000),
        (0.0, 0, 0),
        (0.0, 7, 7),
        (0, -7, -7),
        (0.0, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
    ],
)
def test_the_one_that_was_given_counts(seconds: float, nanoseconds: int | None, stamp: int) -> None:
    assert time_stamp(seconds, nanoseconds) == stamp


@pytest.mark.parametrize("nanoseconds", [0, 5, 1_500_000_000])
def test_both_at_once_are_refused_even_if_they_agree(nanoseconds: int) -> None:
    with pytest.raises(CanMessageError, match="give one"):
        time_stamp(1.5, nanoseconds)
    with pytest.raises(CanMessageError, match="give one"):
        Message(timestamp=1.5, timestamp_ns=nanoseconds)


def test_now_as_a_float_survives_a_message() -> None:
    now = time.time()
    assert Message(timestamp=now).timestamp == now
