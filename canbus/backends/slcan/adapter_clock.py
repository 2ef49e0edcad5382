"""AdapterClock: the adapter's wrapped counts as one rising clock, brought to wall time.

A stamp says when a frame was on the wire, better than we know, but on a clock that begins
again every minute and is not quite as fast as ours. Nothing is read here, clocks included.

The shortest way that a frame took from the adapter to us is the best that is known of the
difference between the clocks; the shortest of the last seconds, as they drift.
"""

from __future__ import annotations

_SPAN_NS = 5 * 10**9
"""The difference is the least of this span and the one before: 500 ppm are 5 ms in them."""
_STEP_NS = 20_000_000
"""Our clocks do not drift so far apart between two frames: somebody has set one of them."""
_LONGEST_COUNT = 0x10000


class AdapterClock:
    """Stamps of one adapter since its channel was opened.

    Args:
        tick_ns: nanoseconds of one count.
        wrap: count at which it begins at 0 again.
    """

    def __init__(self, tick_ns: int, wrap: int) -> None:
        self._tick_ns = tick_ns
        self._period_ns = tick_ns * wrap
        self._last: tuple[int, int] | None = None  # the adapter's time, and ours
        self._begin(0, 0)

    def _begin(self, wall_ns: int, monotonic_ns: int) -> None:
        """Nothing is known of the difference."""
        self._clocks_ns = wall_ns - monotonic_ns
        self._span_began_ns = monotonic_ns
        self._least: int | None = None
        self._least_before: int | None = None
        self._wall_ns = 0

    def read(self, raw_ns: int, wall_ns: int, monotonic_ns: int) -> tuple[int, int]:
        """What a stamp says.

        Args:
            raw_ns: the count, as nanoseconds.
            wall_ns: when the frame was read, nanoseconds since the epoch.
            monotonic_ns: the same on the clock that nobody sets.

        Returns:
            Time since the adapter's first period began, and wall time: never after the frame
            was read, and never going back, unless our clock is set. Both in nanoseconds.
        """
        time_ns = self._unwrapped(raw_ns, monotonic_ns)
        if abs(wall_ns - monotonic_ns - self._clocks_ns) > _STEP_NS:
            self._begin(wall_ns, monotonic_ns)
        self._clocks_ns = wall_ns - monotonic_ns
        if monotonic_ns - self._span_began_ns > _SPAN_NS:
            self._span_began_ns = monotonic_ns
            self._least_before, self._least = self._least, None
        difference = wall_ns - time_ns
        self._least = difference if self._least is None else min(self._least, difference)
        shortest = min(
            self._least, self._least if self._least_before is None else self._least_before
        )
        self._wall_ns = min(wall_ns, max(self._wall_ns, time_ns + shortest))
        return time_ns, self._wall_ns

    def _unwrapped(self, raw_ns: int, monotonic_ns: int) -> int:
        """Our clock tells how often the count began anew, unless a frame lay half a period."""
        if raw_ns >= self._period_ns:  # a clone that counts as far as its digits go
            self._period_ns = self._tick_ns * _LONGEST_COUNT
        now_ns = raw_ns
        if self._last is not None:
            before_ns, before_monotonic_ns = self._last
            due_ns = before_ns + monotonic_ns - before_monotonic_ns
            now_ns += round((due_ns - raw_ns) / self._period_ns) * self._period_ns
        self._last = now_ns, monotonic_ns
        return now_ns
