"""Watches and answers as messages to the kernel's broadcast manager, and what it tells of them.

With no bits to look at, the kernel tells the first frame, then nothing until the frame goes
missing and comes back (RX_ANNOUNCE_RESUME): so whether a frame comes costs nobody anything.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from threading import RLock
from time import time_ns

from canbus.backends.socketcan.arrivals import Arrivals
from canbus.backends.socketcan.bcm_operations import Ancillary, Key
from canbus.backends.socketcan.bcm_receiver import BcmReceiver
from canbus.backends.socketcan.os_errors import receive_error
from canbus.codecs.bcm import BcmFlag, BcmHead, BcmOpcode, encode_bcm
from canbus.codecs.can_frame import encode_can_frame
from canbus.frame_flags import EFF, EFF_MASK, RTR
from canbus.logs import logger
from canbus.plugin import CanClosedError, CanError, CanMessageError, Message
from canbus.watch import Watch, WatchEvent, WatchKind
from canbus.watch_job import WatchJob
from canbus.watching import RemoteReply, answer

_RX_SETUP = int(BcmOpcode.RX_SETUP)
_RX_TIMEOUT = int(BcmOpcode.RX_TIMEOUT)
_RX_CHANGED = int(BcmOpcode.RX_CHANGED)
_SETTIMER = int(BcmFlag.SETTIMER)
_TIMED = _SETTIMER | int(BcmFlag.STARTTIMER) | int(BcmFlag.RX_ANNOUNCE_RESUME)
_CHECK_DLC = int(BcmFlag.RX_CHECK_DLC)
_RTR_FRAME = int(BcmFlag.RX_RTR_FRAME)
_CAN_FD_FRAME = int(BcmFlag.CAN_FD_FRAME)


def key_of(job: WatchJob) -> Key:
    """Under which key the kernel looks after it."""
    flags = EFF if job.is_extended_id else 0
    return job.arbitration_id | flags, _CAN_FD_FRAME if job.is_fd else 0


def encode_watch(job: WatchJob) -> bytes:
    """The message that sets a watch up, or anew: what was told before is told again then."""
    can_id, flags = key_of(job)
    if job.timeout_ns:
        flags |= _TIMED
    elif job.throttle_ns:
        flags |= _SETTIMER
    if job.check_length:
        flags |= _CHECK_DLC
    frames = [
        encode_can_frame(Message(is_extended_id=False, is_fd=job.is_fd, data=mask))
        for mask in job.masks
    ]
    return encode_bcm(_RX_SETUP, can_id, flags, 0, job.timeout_ns, job.throttle_ns, frames)


class BcmWatch:
    """The kernel's side of a Watch."""

    def __init__(
        self,
        job: WatchJob,
        receiver: BcmReceiver,
        on_event: Callable[[WatchEvent], object] | None,
        lock: RLock,
        forget: Callable[[BcmWatch], object],
    ) -> None:
        self._key = key_of(job)
        self._message = encode_watch(job)
        self._receiver = receiver
        self._lock = lock  # held by who begins another watch of the id
        self._forget = forget
        self._is_stopped = False
        self._arrivals = Arrivals()
        self.handle = Watch(job, on_event, self.stop, self._renew_by_user)

    def begin(self) -> None:
        """Have the kernel look; an OSError if it refuses."""
        self._receiver.set_up(self._key, self, self._message)
        if self._is_stopped:  # meanwhile
            self._receiver.end(self._key, self)

    def stop(self) -> None:
        """Have it look no more."""
        self._is_stopped = True
        self._receiver.end(self._key, self)
        self._forget(self)

    def end(self) -> None:
        """The bus is shut down."""
        self.handle.stop()

    # -- in the reading thread --------------------------------------------------------

    def told(
        self, head: BcmHead, frames: tuple[bytes, ...], ancillary: Ancillary, flags: int, ch: str
    ) -> None:
        """A frame came that is worth telling, or none in time."""
        if head.opcode == _RX_TIMEOUT:
            self.handle._went_missing(time_ns())
        elif head.opcode == _RX_CHANGED and frames:
            msg = self._arrivals.message(frames[0], ancillary, flags, ch, time_ns())
            if msg is not None:
                self.handle._came(msg)

    def lost(self, number: int) -> None:
        """Say so, and have the frame told anew."""
        self.handle._was_lost(number, time_ns())
        self._renew()

    def _renew_by_user(self) -> None:
        with self._lock:
            self._renew()

    def _renew(self) -> None:
        with suppress(OSError):  # the interface is gone, and trouble() is about to be called
            self._receiver.renew(self._key, self, self._message)

    def trouble(self, code: int) -> None:
        """The link is down, or gone."""
        now_ns = time_ns()
        if code == errno.ENETDOWN:
            self.handle._tell(WatchKind.LINK_DOWN, now_ns)
            return
        self.handle._tell(WatchKind.GONE, now_ns)
        self.handle._end(receive_error(code, self._receiver.channel, "watch"))
        self.stop()


class BcmReply(RemoteReply):
    """The kernel's answers to remote frames."""

    def __init__(
        self,
        msg: Message,
        receiver: BcmReceiver,
        prepare: Callable[[Message], Message],
        lock: RLock,
        forget: Callable[[BcmReply], object],
    ) -> None:
        self._key = reply_key(msg)
        self._receiver = receiver
        self._prepare = prepare
        self._lock = lock  # held by who begins another answer to the id
        self._forget = forget
        self._is_stopped = False
        self._error: CanError | None = None

    @property
    def done(self) -> bool:
        """Whether nothing is answered any more."""
        return self._is_stopped

    def begin(self, msg: Message) -> None:
        """Have the kernel answer; an OSError if it refuses."""
        frame = encode_can_frame(msg)
        message = encode_bcm(_RX_SETUP, self._key[0], _RTR_FRAME, frames=(frame,))
        self._receiver.set_up(self._key, self, message)
        if self._is_stopped:  # meanwhile
            self._receiver.end(self._key, self)

    def modify_data(self, msg: Message) -> None:
        """Answer with this frame from now on."""
        msg = answer(self._prepare(msg))
        if reply_key(msg) != self._key:
            raise CanMessageError(
                f"remote frames of another id are answered, not of {msg.arbitration_id:#x}",
                hint="stop this, and begin another with reply_to_remote()",
            )
        try:
            with self._lock:
                if self._is_stopped:
                    raise self._closed()
                self.begin(msg)
        except OSError as exc:
            if isinstance(exc, CanError):
                raise
            if self._is_stopped:  # meanwhile
                raise self._closed() from None
            code = errno.ENODEV if exc.errno == errno.ENOTCONN else exc.errno or 0
            raise receive_error(code, self._receiver.channel, "answer remote frames on") from exc

    def _closed(self) -> CanError:
        return self._error or CanClosedError(
            f"remote frames {self._key[0] & EFF_MASK:#x} are answered no more"
        )

    def stop(self) -> None:
        """Answer no more."""
        self._is_stopped = True
        self._receiver.end(self._key, self)
        self._forget(self)

    end = stop

    def told(self, head: BcmHead, frames: object, ancillary: object, flags: int, ch: str) -> None:
        """Nothing is told of answers."""

    def lost(self, number: int) -> None:
        """Nothing of it was."""

    def trouble(self, code: int) -> None:
        """It goes on when the link is up again; where that is gone it cannot."""
        if code != errno.ENETDOWN and not self._is_stopped:
            self._error = receive_error(code, self._receiver.channel, "answer remote frames on")
            logger().error("%s", self._error)
            self.stop()


def reply_key(msg: Message) -> Key:
    """Under which key the kernel answers."""
    return msg.arbitration_id | msg._flags & EFF | RTR, 0
