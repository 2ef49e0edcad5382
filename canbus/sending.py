"""The sending half of BusABC: validation, deadlines, many frames at once, cyclic tasks.

Nothing is received here, and no operating system is known.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, overload

from canbus.cyclic_job import CyclicJob, make_job, own_frames
from canbus.cyclic_scheduler import CyclicScheduler
from canbus.cyclic_task import GRACE, CyclicTasks, OwnedCyclicTask
from canbus.cyclic_thread import ThreadBasedCyclicSendTask
from canbus.errors import CanClosedError, CanConfigError, CanError, CanUnsupportedError
from canbus.frame_rules import is_plain, prepare
from canbus.lifetime import Lifetime
from canbus.message import Message
from canbus.periodic import CyclicSendTask
from canbus.receipt import SendReceipt
from canbus.receiving import negative_timeout

if TYPE_CHECKING:
    from canbus.rolling import Checksum, Counter

ENGINES = ("auto", "bcm", "thread")


class Sending(Lifetime):
    """What a user calls to send frames; see BusABC."""

    channel_info: str = "unknown"
    _fd_frames: bool = False
    _xl_frames: bool = False
    _log: Callable[[str, Any], None] | None = None
    _cyclic: CyclicTasks
    _scheduler: CyclicScheduler | None = None

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
        *,
        count: int | None = None,
        subsequent_period: float | None = None,
        counters: Counter | Iterable[Counter] = (),
        checksum: Checksum | None = None,
        on_error: Callable[[Exception], object] | None = None,
        engine: str = "auto",
    ) -> CyclicSendTask:
        """Send a frame, or several in turn, once a period.

        Args:
            msgs: the frame or frames (one id); the task keeps copies.
            period: seconds between frames, a microsecond or more.
            duration: seconds to send for, None until stopped. The first frame is sent at
                once, so 0.3 s at 0.1 s are 3 frames.
            store_task: `stop_all_periodic_tasks` stops it, too (`shutdown` always does).
            autostart: start now, rather than with `task.start()`.
            modifier_callback: called with the frame before each time it is sent. Only a
                thread can do that; `counters` and `checksum` the kernel can send, too.
            count: number of frames to send, rather than a duration.
            subsequent_period: seconds between frames once `count` of them were sent; such a
                task does not end.
            counters: fields that count up from frame to frame.
            checksum: computed over each frame, counters included, and written into it.
            on_error: called with the error when a frame could not be sent; if it returns
                true, the task goes on with the next. Without it a task waits for a link that
                is down, and ends with any other error. Called by the timing thread.
            engine: who does the timing. "bcm" is the kernel (socketcan), which no busy
                interpreter delays; "thread" keeps the mean rate exactly. "auto" takes the
                kernel where it can do what is asked for.

        Raises:
            CanConfigError: a ValueError; no frame, different ids, no such period or count, a
                field that is not in the frame.
            CanMessageError: a ValueError; no such frame can exist.
            CanUnsupportedError: the engine cannot do that; it says why.
            CanError: nothing can be sent now: the link is down, for instance.
        """
        if self._is_shutdown:
            raise self._closed()
        if engine not in ENGINES:
            raise CanConfigError(f"engine {engine!r} is none", hint=f"one of {', '.join(ENGINES)}")
        job = make_job(
            own_frames(msgs, self._prepare),
            period,
            duration,
            count,
            subsequent_period,
            counters,
            checksum,
            modifier_callback,
            on_error,
        )
        task = self._make_task(job, engine, store_task)
        if autostart:
            task.start()
        return task

    def stop_all_periodic_tasks(self, remove_tasks: bool = True) -> None:
        """Stop every cyclic task of this bus that was not kept out by `store_task=False`.

        A stopped task is forgotten, and remembered again when it is started again, whatever
        `remove_tasks` (python-can's) says.
        """
        for task, is_stored in list(self._cyclic.running.items()):
            if is_stored:
                task.stop()

    def _end_tasks(self) -> None:
        """Stop every cyclic task, and the thread that timed them."""
        for task in list(self._cyclic.running):
            task.stop_soon()
        if self._scheduler is not None:
            self._scheduler.join(GRACE)

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

    def _make_task(self, job: CyclicJob, engine: str, is_stored: bool) -> OwnedCyclicTask:
        """A task for the job; a backend that can time frames itself replaces it."""
        if engine == "bcm":
            raise CanUnsupportedError(
                f'{self.channel_info}: engine="bcm" is the kernel\'s, and only socketcan has it',
                hint='leave engine out, or say "thread"',
            )
        if self._scheduler is None:
            self._scheduler = CyclicScheduler(f"canbus cyclic {self.channel_info}")
        send = partial(self.send, confirm=False)
        return ThreadBasedCyclicSendTask(job, self, self._scheduler, send, is_stored)

    def _check_addressed(self, msg: Message) -> None:
        """Raise if nothing says where a cyclic frame goes, on a bus on several channels."""

    def _check_sendable(self, msg: Message) -> None:
        """Raise if a cyclic task cannot send the frame now; a backend may know more reasons."""
        self._check_open()

    @abstractmethod
    def _send_frame(self, msg: Message, timeout: float | None) -> None: ...

    def _send_waits(self, *, many: bool) -> bool:
        """Whether sending waits for more than room, an answer say, unless its timeout is 0.

        Args:
            many: of `send_many`, rather than `send`.
        """
        return False

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
