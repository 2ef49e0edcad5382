"""BcmCyclicSendTask: a cyclic task that the kernel times, as messages to its broadcast manager.

Setting a timer sends the first frame at once. What is changed later leaves the timer alone,
and a frame of a sequence is replaced in its place, so phase and counters go on.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Protocol

from canbus.backends.socketcan.bcm_operations import CAN_FD_FRAME
from canbus.backends.socketcan.bcm_sender import BcmSender
from canbus.backends.socketcan.os_errors import send_error
from canbus.codecs.bcm import BcmFlag, BcmOpcode, encode_bcm
from canbus.codecs.can_frame import CANFD_MTU, encode_can_frame
from canbus.cyclic_job import CyclicJob
from canbus.cyclic_task import CyclicHost, OwnedCyclicTask, Run
from canbus.frame_flags import FDF, XLF
from canbus.plugin import CanConfigError, CanOperationError, Message

_TX_SETUP = int(BcmOpcode.TX_SETUP)
_SETTIMER = int(BcmFlag.SETTIMER)
_START = _SETTIMER | int(BcmFlag.STARTTIMER)
_TX_COUNTEVT = int(BcmFlag.TX_COUNTEVT)


class BcmHost(CyclicHost, Protocol):
    """What such a task needs from its bus."""

    def _goes_to(self, msg: Message) -> str:
        """The interface of a frame; CanConfigError where nothing says which."""

    def _check_takes_fd(self, msg: Message) -> None:
        """Raise if the interface takes no CAN FD frames: the kernel would drop them unseen."""

    def _sender_for(self, msg: Message) -> BcmSender:
        """The sender of the interface that the frame goes to, which was up just now."""


def frames_of(job: CyclicJob) -> list[bytes]:
    """All that the kernel has to send in turn: the frames, or a whole cycle of the counters."""
    messages: Sequence[Message] = job.messages
    if job.rolling is not None:
        cycle = job.rolling.cycle(len(messages))
        messages = job.rolling.sequence(messages, cycle)
    elif len(messages) == 1:
        return [encode_can_frame(messages[0])]
    return [encode_can_frame(msg) for msg in messages]


class _BcmRun(Run):
    """One time that a task is started.

    Attributes:
        key: of the task in the kernel.
        is_counted: it comes to an end by itself.
        is_stopped: it is to be deleted; whoever sets it up once more has to look.
        is_deleted: it was; no need to do that again for who has not set it up since.
    """

    __slots__ = ("_task", "is_counted", "is_deleted", "is_stopped", "key", "sender")

    def __init__(
        self, task: BcmCyclicSendTask, sender: BcmSender, is_counted: bool, fd_flag: int
    ) -> None:
        super().__init__()
        self._task = task
        self.sender = sender
        self.key = sender.number(), fd_flag
        self.is_counted = is_counted
        self.is_stopped = self.is_deleted = False

    def delete(self) -> None:
        self.is_stopped = True
        self.sender.delete(self.key)
        self.is_deleted = True

    def expired(self) -> None:
        """All its frames were sent. The kernel says so before the last one is under way."""
        self.delete()  # waits for that one (net/can/bcm.c, bcm_remove_op)
        self._task._finish(self)

    def trouble(self, code: int) -> None:
        self._task._trouble(self, code)


class BcmCyclicSendTask(OwnedCyclicTask):
    """A cyclic task timed by the kernel.

    No busy interpreter delays it, but the kernel counts each period from when the last frame
    was sent, so that delays add up. It says nothing of frames that found the transmit queue
    full or the link down.

    Args:
        job: what to do; see `reason_against`.
        host: the bus.
        is_stored: whether `stop_all_periodic_tasks` stops it.
    """

    engine = "bcm"
    _host: BcmHost

    def __init__(self, job: CyclicJob, host: BcmHost, is_stored: bool = True) -> None:
        super().__init__(job, host, is_stored)
        self._frames = frames_of(job)

    def _check_can_start(self) -> None:
        msg = self._job.messages[0]
        self._sender = self._host._sender_for(msg)
        if msg._flags & FDF:
            self._host._check_takes_fd(msg)

    def _begin(self) -> None:
        job = self._job
        ends = job.ends
        fd_flag = CAN_FD_FRAME if len(self._frames[0]) == CANFD_MTU else 0
        for is_again in (False, True):
            run = _BcmRun(self, self._sender, ends, fd_flag)
            self._run = run
            try:
                self._set_up(run, job, self._frames, _START)
                break
            except BaseException as exc:  # also of a signal handler: the kernel may have it
                run.delete()
                run.end()
                gone = isinstance(exc, CanOperationError) and exc.error_code == errno.ENOTCONN
                if is_again or not gone:
                    raise
            self._check_can_start()  # the interface went and came back, and nobody had noticed
        if ends and job.limit == 1:  # sent, and the kernel says nothing about it
            run.expired()

    def _let_finish(self, run: Run) -> None:
        if isinstance(run, _BcmRun) and run.is_counted:
            run.sender.catch_up()

    def _halt(self, run: Run) -> None:
        if isinstance(run, _BcmRun) and not run.is_deleted:
            run.delete()

    def _change(self, job: CyclicJob, keep_count: bool) -> None:
        kind = self.messages[0]._flags & (FDF | XLF)
        if any(msg._flags & (FDF | XLF) != kind for msg in job.messages):
            raise CanConfigError(
                f"cyclic task {self.arbitration_id:#x}: the kernel cannot change from classic "
                "frames to CAN FD or CAN XL frames, or back",
                hint="stop it and start another with send_periodic()",
            )
        frames = frames_of(job)
        run = self._run
        channel = self._host._goes_to(self.messages[0])
        if self._host._goes_to(job.messages[0]) != channel:
            raise CanConfigError(
                f"cyclic task {self.arbitration_id:#x} sends on {channel}, and cannot change that",
                hint="stop it and start another with send_periodic()",
            )
        if isinstance(run, _BcmRun) and not run.is_over:
            self._set_up(run, job, frames, 0 if keep_count else _SETTIMER)
        self._job = job
        self._frames = frames

    def _set_up(self, run: _BcmRun, job: CyclicJob, frames: list[bytes], flags: int) -> None:
        """Tell the kernel, and take it back if the task was stopped meanwhile."""
        count, first_ns, then_ns = 0, 0, job.period_ns
        if job.limit is not None:
            flags |= _TX_COUNTEVT if job.ends else 0
            count, first_ns, then_ns = job.limit, job.period_ns, job.subsequent_ns or 0
        number, fd_flag = run.key
        flags |= fd_flag
        message = encode_bcm(_TX_SETUP, number, flags, count, first_ns, then_ns, frames)
        try:
            run.sender.set_up(run.key, run, message)
        except OSError as exc:
            raise self._refused(exc, run) from exc
        finally:
            if run.is_stopped:
                run.delete()

    def _refused(self, exc: OSError, run: _BcmRun) -> Exception:
        self._host._check_sendable(self._job.messages[0])  # knows the better reasons
        return send_error(exc, run.sender.channel, self._job.messages[0], is_open=True)

    def _trouble(self, run: _BcmRun, code: int) -> None:
        """The interface is down, or gone and the task with it. Called by the reading thread."""
        channel, msg = run.sender.channel, self._job.messages[0]
        error = send_error(OSError(code, ""), channel, msg, is_open=True)
        is_down = code == errno.ENETDOWN
        if is_down and self._job.on_error is None:
            return  # the sender has said so once for all, and the kernel goes on when it is up
        if self._fail(run, error) and not is_down:
            self._finish(run, error)

    def _finish(self, run: Run, error: Exception | None = None) -> None:
        self._halt(run)
        super()._finish(run, error)

    def _is_timing_thread(self) -> bool:
        run = self._run
        return isinstance(run, _BcmRun) and run.sender.is_reading_thread()
