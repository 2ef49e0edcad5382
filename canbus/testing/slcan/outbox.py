"""What waits to go to the host: bounded as in an adapter, and paced. No I/O; time is told.

A line that does not fit is lost as a whole, never in part.
"""

from __future__ import annotations

from collections import deque

from canbus.testing.slcan.faulty import Faulty

_NS = 10**9
_AT_ONCE = 4096  # bytes; a host that does not read takes no more anyway


class Outbox:
    """The adapter's buffer towards the host.

    Args:
        limit: bytes that it holds.
        faults: they say how slowly, and in which pieces, it is emptied.

    Attributes:
        size: bytes in it.
        overflowed: lines that were lost because it was full.
    """

    def __init__(self, limit: int, faults: Faulty) -> None:
        self.size = 0
        self.overflowed = 0
        self._limit = limit
        self._faults = faults
        self._lines: deque[tuple[int, bytes]] = deque()  # with the time that each may go
        self._free_ns = 0  # when the line is free again

    def put(self, data: bytes, not_before_ns: int = 0) -> bool:
        """Append a line; False if it is lost."""
        if self.size + len(data) > self._limit:
            self.overflowed += 1
            return False
        self._lines.append((not_before_ns, data))
        self.size += len(data)
        return True

    def clear(self) -> int:
        """Throw everything away, and say how many bytes that were."""
        size, self.size = self.size, 0
        self._lines.clear()
        return size

    def due_ns(self) -> int | None:
        """When something may go; None: there is nothing."""
        return max(self._free_ns, self._lines[0][0]) if self._lines else None

    def peek(self, now_ns: int) -> bytes:
        """The bytes that may go now, together."""
        due = self.due_ns()
        if due is None or due > now_ns:
            return b""
        limit = self._most()
        first = self._lines[0][1]
        if limit is not None or len(self._lines) == 1:
            return first[:limit]
        pieces, size = [], 0
        for when, data in self._lines:
            if when > now_ns or size >= _AT_ONCE:
                break
            pieces.append(data)
            size += len(data)
        return b"".join(pieces)

    def _most(self) -> int | None:
        faults = self._faults
        if faults.rate is not None:
            # As often as every 5 ms, so that it looks like a stream.
            pace = max(1, int(faults.rate / 200))
            return min(pace, faults.piece or pace)
        return faults.piece

    def took(self, count: int, now_ns: int) -> None:
        """So many of those bytes have gone."""
        self.size -= count
        if self._faults.rate is not None:
            self._free_ns = max(self._free_ns, now_ns) + round(_NS * count / self._faults.rate)
        elif self._faults.piece is not None:
            self._free_ns = now_ns + self._faults.gap_ns
        while count:
            when, data = self._lines.popleft()
            if len(data) > count:
                self._lines.appendleft((when, data[count:]))
                return
            count -= len(data)
