"""LoopBus: all buses on a channel of one name hear each other, `delay_ms` later."""

import threading
import time
from collections import deque
from copy import copy

from canbus.plugin import BusABC, CanConfigError, CanProtocol, Filters, Message

_buses: list["LoopBus"] = []
_changed = threading.Condition(threading.RLock())


class LoopBus(BusABC):
    """A bus that exists in this process only."""

    def __init__(
        self,
        channel: str = "loop",
        can_filters: Filters | None = None,
        *,
        fd: bool = False,
        delay_ms: int = 0,
    ) -> None:
        if delay_ms < 0:
            raise CanConfigError(f"delay_ms={delay_ms}: a frame cannot arrive before it is sent")
        self.channel_info = f"loop {channel}"
        self._delay = delay_ms / 1000
        self._queue: deque[tuple[float, Message]] = deque()  # when it is due, what it is
        protocol = CanProtocol.CAN_FD if fd else CanProtocol.CAN_20
        super().__init__(channel, can_filters, protocol=protocol)
        with _changed:
            _buses.append(self)

    def _send_frame(self, msg: Message, timeout: float | None) -> None:
        with _changed:  # never full, so there is no timeout to keep
            for bus in _buses:
                if bus is not self and bus.channel == self.channel:
                    bus._arrive(msg)
            _changed.notify_all()

    def _arrive(self, msg: Message) -> None:
        if msg.is_fd and self.protocol is CanProtocol.CAN_20:
            return  # as the kernel: FD frames are for buses opened with fd=True
        arrived = copy(msg)
        arrived.channel = self.channel
        arrived.timestamp_ns = time.time_ns()
        arrived.is_rx = True
        self._queue.append((time.monotonic() + self._delay, arrived))

    def _recv_frame(self, timeout: float | None) -> Message | None:
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        with _changed:
            while True:
                if self not in _buses:
                    raise self._closed()
                now = time.monotonic()
                due = self._queue[0][0] if self._queue else float("inf")
                if due <= now:
                    return self._queue.popleft()[1]
                if deadline <= now:
                    return None
                wake = min(due, deadline)
                _changed.wait(None if wake == float("inf") else wake - now)

    def _close(self) -> None:
        with _changed:
            _buses.remove(self)
            _changed.notify_all()
