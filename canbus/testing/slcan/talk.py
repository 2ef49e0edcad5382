"""What an adapter and its host say to each other: the protocol, with the faults at work on it.

Bytes of the host go in, bytes for the host wait to be taken; what carries them, a terminal or USB,
is somebody else's matter. No I/O.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic_ns

from canbus.testing.slcan.adapter import SlcanAdapter
from canbus.testing.slcan.faulty import Faulty
from canbus.testing.slcan.outbox import Outbox

_LOST = 0x09  # of `F`: receive FIFO full, data overrun


class Talk:
    """The talk of an adapter with its host.

    Args:
        adapter: its protocol.
        faults: what is wrong with it.
        buffer: bytes that it holds for a host that does not read.
        clock: nanoseconds, rising.

    Attributes:
        adapter: as given.
        faults: as given.
        outbox: what waits for the host.
        commands: lines that the host has sent, frames included.
        trace: called with "<" and a line of the host, with ">" and what goes to it.
        has_host: somebody is at the other end; what is said to nobody is discarded.
        read_bytes: from the host.
        written_bytes: to the host.
        discarded_bytes: that were for a host while none was there.
    """

    def __init__(
        self,
        adapter: SlcanAdapter,
        faults: Faulty,
        buffer: int,
        clock: Callable[[], int] = monotonic_ns,
    ) -> None:
        self.adapter, self.faults = adapter, faults
        self.outbox = Outbox(buffer, faults)
        self.commands: list[bytes] = []
        self.trace: Callable[[str, bytes], object] | None = None
        self.has_host = False
        self.read_bytes = self.written_bytes = self.discarded_bytes = 0
        self._clock = clock
        self._busy_until_ns = 0  # with answers that are slow
        adapter.out, adapter.intercept = self._out, self._command

    def restart(self) -> None:
        """The adapter is powered up, and nothing waits for anybody."""
        self.adapter.power_up()
        self.outbox.clear()
        self._busy_until_ns = 0

    # -- from the host ----------------------------------------------------------------

    def hear(self, data: bytes) -> None:
        """Take what the host has written at once."""
        self.read_bytes += len(data)
        if self.faults.has_echo:
            self.put(data)
        self.adapter.feed(self.faults.incoming(data))

    def _command(self, line: bytes, handle: Callable[[bytes], bytes]) -> bytes:
        self.commands.append(line)
        if self.trace is not None:
            self.trace("<", line)
        return self.faults.intercept(line, handle)

    # -- to the host ------------------------------------------------------------------

    def _out(self, data: bytes) -> None:
        not_before = 0
        if self.adapter.is_answering and self.faults.delay_ns:
            not_before = max(self._busy_until_ns, self._clock()) + self.faults.delay_ns
            self._busy_until_ns = not_before
        data = self.faults.outgoing(data)
        if self.trace is not None:
            self.trace(">", data)
        if not self.put(data, not_before):
            self.adapter.lost |= _LOST

    def put(self, data: bytes, not_before_ns: int = 0) -> bool:
        """Say something to the host, if there is one; False if it is lost for want of room."""
        if not self.has_host:
            self.discarded_bytes += len(data)
            return True
        return self.outbox.put(data, not_before_ns)

    def peek(self, now_ns: int) -> bytes:
        """The bytes that may go to the host now."""
        return self.outbox.peek(now_ns)[: self.faults.until_unplug]

    def took(self, count: int, now_ns: int) -> None:
        """So many of those bytes have gone."""
        self.outbox.took(count, now_ns)
        self.written_bytes += count
        if self.faults.until_unplug is not None:
            self.faults.until_unplug -= count

    def discard(self) -> None:
        """Throw away what waits: nobody will read it."""
        self.discarded_bytes += self.outbox.clear()

    @property
    def is_over(self) -> bool:
        """The cable is to be pulled (`UnplugAfter`): the host was told all that it is to hear."""
        return self.faults.until_unplug == 0
