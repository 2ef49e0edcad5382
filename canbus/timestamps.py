"""Points in time: floats of seconds, as python-can has them, and the nanoseconds we keep."""

import math

from canbus.errors import CanMessageError

NS = 10**9


def seconds_to_ns(seconds: float) -> int:
    """Seconds as whole nanoseconds; the split keeps what a float of today's date still knows.

    Raises:
        CanMessageError: a ValueError; NaN or infinite.
    """
    if not math.isfinite(seconds):
        raise CanMessageError(f"timestamp {seconds} is not a point in time")
    whole = math.floor(seconds)
    return whole * NS + round((seconds - whole) * NS)


def time_stamp(seconds: float, nanoseconds: int | None) -> int:
    """The one of the two that was given, in nanoseconds.

    Raises:
        CanMessageError: a ValueError; both were given, or no point in time.
    """
    if nanoseconds is None:
        return seconds_to_ns(seconds)
    if seconds:
        raise CanMessageError("timestamp and timestamp_ns say the same thing: give one")
    return nanoseconds
