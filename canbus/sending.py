"""The sending half of BusABC: validation, deadlines, many frames at once, cyclic tasks.

Nothing is received here, and no operating system is known.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Literal, overload

from canbus.cyclic_thread import ThreadBasedCyclicSendTask
from canbus.errors import CanClosedError, CanConfigError, CanError, CanUnsupportedError
from canbus.frame_rules import is_plain, prepare
from canbus.lifetime import Lifetime
from canbus.message import Message
from canbus.periodic import CyclicSendTask, period_to_ns
from canbus.receipt import SendReceipt
from canbus.receiving import negative_timeout


class Sending(Lifetime):
    """What a user calls to send frames; see BusABC."""

    channel_info: str = "unknown"
    _fd_frames: bool = False
    _xl_frames: bool = False
    _log: Callable[[str, Any], None] | None = None
    _periodic_tasks: list[CyclicSendTask]

    @overload
    def send(
        self,
        msg: Message,
        timeout: float | None = None,
        *,
        confirm: Literal[False] = False,
        ttl: float | None = None,
    ) -> None: ...
    @overload
    def send(
        self,
        msg: Message,
        timeout: float | None = None,
        *,
        confirm: Literal[True],
        ttl: float | None = None,
    ) -> SendReceipt: ...
    @overload
    def send(
        self,
        msg: Message,
        timeout: float | None = None,
        *,
        confirm: bool,
        ttl: float | None = None,
    ) -> SendReceipt | None: ...
    def send(
        self,
        msg: Message,
        timeout: float | None = None,
        *,
        confirm: bool = False,
        ttl: float | None = None,
    ) -> SendReceipt | None:
        """Send one frame.

        Args:
            msg: the frame. It is validated, but never changed.
            timeout: seconds to wait for room in the transmit queue, and for the confirmation;
                None waits as long as it takes, 0 not at all.
            confirm: wait until the frame is reported as sent, and return a receipt that says
                when, and by whom.
            ttl: seconds after which the frame is not worth sending. One that could not be
                handed over by then is dropped, counted (`statistics.tx_expired`) and raises.
                At most one such frame is on its way at a time.

        Returns:
            With `confirm`, the receipt; otherwise None.

        Raises:
            CanTxQueueFullError: a CanTimeoutError; there was no room by the deadline.
            CanFrameExpiredError: a CanTimeoutError; `ttl` passed before the frame could go.
            CanTimeoutError: with `confirm`; the frame was handed over, but not reported as
                sent by the deadline. It may still go.
            CanMessageError: a ValueError; no such frame can exist.
            CanUnsupportedError: an FD or XL frame on a bus that was not opened for it, or a
                backend that cannot confirm or expire.
            CanClosedError: the bus was shut down, before or while waiting.
            CanOperationError: the channel failed; it says how.
        """
        if self._is_shutdown:
            raise self._closed()
        if timeout is not None and not timeout >= 0.0:
            raise negative_timeout(f"send(timeout={timeout})")
        if not is_plain(msg):
            msg = self._prepare(msg)
        if self._log:
            self._log("Sending: %s", msg)
        if confirm or ttl is not None:
            return self._send_specially(msg, timeout, confirm, ttl)
        self._send_frame(msg, timeout)
        return None

    def _prepare(self, msg: Message) -> Message:
        """The frame as it can be sent; raises where it cannot."""
        return prepare(msg, fd=self._fd_frames, channel=self.channel_info, xl=self._xl_frames)

    def _send_specially(
        self, msg: Message, timeout: float | None, confirm: bool, ttl: float | None
    ) -> SendReceipt | None:
        if ttl is not None and not 0 < ttl < float("inf"):
            raise CanConfigError(f"send(ttl={ttl}): give seconds, more than 0")
        if ttl is not None:
            return self._send_by(msg, timeout, confirm, ttl)
        return self._send_confirmed(msg, timeout)

    def send_many(self, msgs: Iterable[Message], timeout: float | None = None) -> int:
        """Send several frames, in order, for the price of few system calls.

        Args:
            msgs: the frames. All are validated before the first one leaves.
            timeout: seconds to wait for room, for all of them together; None as long as it
                takes, 0 not at all.

        Returns:
            How many were sent: all of them, else an error is raised.

        Raises:
            CanError: as `send`; its attribute `sent` says how many frames went out before.
        """
        if self._is_shutdown:
            raise self._closed()
        if timeout is not None and not timeout >= 0:
            raise negative_timeout(f"send_many(timeout={timeout})")
        frames = [msg if is_plain(msg) else self._prepare(msg) for msg in msgs]
        if self._log:
            for msg in frames:
                self._log("Sending: %s", msg)
        self._send_frames(frames, timeout)
        return len(frames)

    def _send_frames(self, frames: Sequence[Message], timeout: float | None) -> None:
        """Send validated frames in order; a backend that can do better replaces it.

        Raises:
            CanError: with `sent` set to the number of frames that were sent.
        """
        from canbus.waiting import Deadline

        deadline = Deadline(timeout)
        for sent, msg in enumerate(frames):
            try:
                self._send_frame(msg, deadline.remaining())
            except CanError as exc:
                exc.sent = sent
                raise

    def send_periodic(
        self,
        msgs: Message | Sequence[Message],
        period: float,
        duration: float | None = None,
        store_task: bool = True,
        autostart: bool = True,
        modifier_callback: Callable[[Message], None] | None = None,
    ) -> CyclicSendTask:
        """Send a frame, or several in turn, once a period.

        Args:
            msgs: the frame or frames (one id); the task keeps copies.
            period: seconds between frames.
            duration: seconds to send for, None until stopped. The first frame is sent at
                once, so 0.3 s at 0.1 s are 3 frames.
            store_task: the bus remembers the task, for `stop_all_periodic_tasks`.
            autostart: start now, rather than with `task.start()`.
            modifier_callback: called with the frame before each time it is sent.

        Raises:
            CanConfigError: a ValueError; no frame, different ids, no such period.
            CanMessageError: a ValueError; no such frame can exist.
        """
        if self._is_shutdown:
            raise self._closed()
        task = ThreadBasedCyclicSendTask(
            partial(self.send, confirm=False),
            self._prepare,
            msgs,
            period_to_ns(period),
            duration,
            modifier_callback,
            self._periodic_tasks if store_task else None,
            self._check_open,
        )
        if autostart:
            task.start()
        return task

    def stop_all_periodic_tasks(self, remove_tasks: bool = True) -> None:
        """Stop every cyclic task of this bus.

        A stopped task is forgotten, and remembered again when it is started again, whatever
        `remove_tasks` (python-can's) says.
        """
        for task in list(self._periodic_tasks):
            task.stop()

    def flush_tx_buffer(self) -> None:
        """Discard frames that wait to be sent.

        Raises:
            CanUnsupportedError: frames wait where the backend cannot take them back.
        """
        raise CanUnsupportedError(f"{self.channel_info}: queued frames cannot be taken back")

    def _check_open(self) -> None:
        if self._is_shutdown:
            raise self._closed()

    # -- for backends -----------------------------------------------------------------

    @abstractmethod
    def _send_frame(self, msg: Message, timeout: float | None) -> None: ...

    def _send_confirmed(self, msg: Message, timeout: float | None) -> SendReceipt:
        """Send one frame and wait for the report that it was sent."""
        raise CanUnsupportedError(
            f"{self.channel_info}: this backend cannot confirm a frame", hint="leave confirm out"
        )

    def _send_by(
        self, msg: Message, timeout: float | None, confirm: bool, ttl: float
    ) -> SendReceipt | None:
        """Send one frame unless `ttl` seconds pass before it can be handed over."""
        raise CanUnsupportedError(
            f"{self.channel_info}: this backend cannot let a frame expire", hint="leave ttl out"
        )

    @abstractmethod
    def _closed(self) -> CanClosedError: ...
