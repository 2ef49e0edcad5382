"""FakeBus: a bus made of two lists, for tests of code that uses a bus. No channel, no clock.

It is BusABC with the smallest honest insides, so all policy (validation, filters, cyclic
tasks, lifetime) is the real one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from copy import copy
from typing import Any

from canbus.plugin import BusABC, CanError, CanProtocol, Filters, Message


class FakeBus(BusABC):
    """A bus that receives what the test feeds it and remembers what was sent.

    Args:
        incoming: frames to receive, in order.
        channel: shown in messages.
        can_filters: which frames to receive.
        fd: send and receive CAN FD frames.

    Attributes:
        sent: copies of the frames that were sent.
        send_error: raised by the next sends instead of sending; None sends.
    """

    def __init__(
        self,
        incoming: Iterable[Message] = (),
        channel: Any = "fake",
        can_filters: Filters | None = None,
        *,
        fd: bool = False,
    ) -> None:
        self.sent: list[Message] = []
        self.send_error: CanError | None = None
        self._incoming = deque(incoming)
        self._changed = threading.Condition()
        super().__init__(
            channel, can_filters, protocol=CanProtocol.CAN_FD if fd else CanProtocol.CAN_20
        )

    def feed(self, *messages: Message) -> None:
        """Let these frames arrive."""
        with self._changed:
            self._incoming.extend(messages)
            self._changed.notify_all()

    def wait_for_sent(self, count: int, timeout: float = 10.0) -> list[Message]:
        """Wait until `count` frames have been sent, at most `timeout` seconds.

        Returns:
            All frames sent so far.

        Raises:
            AssertionError: fewer were sent.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.sent) >= count, timeout):
                raise AssertionError(f"{len(self.sent)} frames were sent, not {count}")
            return list(self.sent)

    def _send_frame(self, msg: Message, timeout: float | None) -> None:
        with self._changed:
            if self.send_error is not None:
                raise self.send_error
            self.sent.append(copy(msg))
            self._changed.notify_all()

    def _recv_frame(self, timeout: float | None) -> Message | None:
        with self._changed:
            if timeout == 0 or not self._is_dispatched:  # else another thread reads
                self._changed.wait_for(self._is_worth_a_look, timeout)
            if self._is_shutdown:
                raise self._closed()
            if timeout != 0 and self._is_dispatched:
                return None
            return self._incoming.popleft() if self._incoming else None

    def _is_worth_a_look(self) -> bool:
        return bool(self._incoming) or self._is_shutdown or self._is_dispatched

    def _await_arrival(self, is_woken: Callable[[], object]) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._incoming or is_woken())
        return True

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _close(self) -> None:
        with self._changed:
            self._changed.notify_all()
