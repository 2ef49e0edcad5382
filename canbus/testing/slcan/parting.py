"""When a host has read the last bytes that it is to get before the cable is pulled.

Pulling it throws away what the host has not read. But no system tells whether it has: only how
much lies ready for it, and what was just written may not lie there yet. No I/O here.
"""

from __future__ import annotations

_LONGEST_NS = 10**9
_QUIET_NS = 200_000_000


class Parting:
    """The time between the last byte and the end.

    Args:
        now_ns: when the last byte was written.
    """

    def __init__(self, now_ns: int) -> None:
        self._begin_ns = now_ns
        self._was_seen = False

    def is_over(self, unread: int, now_ns: int) -> bool:
        """Whether it is time.

        Args:
            unread: bytes that lie ready for the host, now.
            now_ns: the time.

        Returns:
            True if bytes lay there and have gone; if none were seen for so long that they were
            probably read between two looks; if the host has not read them for a second.
        """
        self._was_seen = self._was_seen or unread > 0
        waited = now_ns - self._begin_ns
        if unread:
            return waited >= _LONGEST_NS
        return self._was_seen or waited >= _QUIET_NS
