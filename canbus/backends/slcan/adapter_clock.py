"""AdapterClock: the adapter's wrapped counts as one rising clock, brought to wall time.

A stamp says when a frame was on the wire, better than we know, but on a clock that begins
again every minute and is not quite as fast as ours. Nothing is read here, clocks included.
"""

from __future__ import annotations

_STEP_NS = 10 * 10**9
"""No frame lies in a buffer that long; then it is our clock that has moved."""
_DRIFT = 2_000
"""Our clock may gain one part in so many on the adapter's (500 ppm; quartzes have 100)."""


class AdapterClock:
    """Stamps of one adapter since its channel was opened.

    Args:
        tick_ns: nanoseconds of one count.
        wrap: count at which it begins at 0 again.
    """

    def __init__(self, tick_ns: int, wrap: int) -> None:
        self._period_ns = tick_ns * wrap
        self._last: tuple[int, int] | None = None  # the adapter's time, and ours
        self._offset_ns = 0
        self._wall_ns: int | None = None

    def time_ns(self, raw_ns: int, monotonic_ns: int) -> int:
        """A count, as time since the adapter's first period began.

        Args:
            raw_ns: the count, as nanoseconds.
            monotonic_ns: when the frame was read: tells how often the count began anew
                meanwhile, as long as no frame lies unread for half a period.
        """
        now_ns = raw_ns
        if self._last is not None:
            before_ns, before_monotonic_ns = self._last
            due_ns = before_ns + monotonic_ns - before_monotonic_ns
            now_ns += round((due_ns - raw_ns) / self._period_ns) * self._period_ns
        self._last = now_ns, monotonic_ns
        return now_ns

    def wall_ns(self, time_ns: int, host_ns: int) -> int:
        """Wall time of a stamp: never after the frame was read, and never going back.

        When our own clock is set, it begins anew.

        Args:
            time_ns: as `time_ns` returns.
            host_ns: when the frame was read, nanoseconds since the epoch.
        """
        offset_ns = host_ns - time_ns
        if self._wall_ns is None or abs(offset_ns - self._offset_ns) > _STEP_NS:
            self._offset_ns = offset_ns  # the first, or somebody has set our clock
            self._wall_ns = host_ns
            return host_ns
        # The shortest way seen so far is the true one; our clock may run ahead of it slowly.
        passed_ns = max(0, time_ns + self._offset_ns - self._wall_ns)
        self._offset_ns = min(offset_ns, self._offset_ns + passed_ns // _DRIFT)
        self._wall_ns = max(self._wall_ns, time_ns + self._offset_ns)
        return self._wall_ns
