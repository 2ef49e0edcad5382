"""SocketcanCyclic: which engine times a cyclic task of SocketcanBus, and the kernel's sockets.

What the kernel can do is bcm_limits.py's, what it is told bcm_task.py's.
"""

from __future__ import annotations

import errno
import os

from canbus.backends.socketcan.bcm_limits import reason_against, reason_against_all
from canbus.backends.socketcan.bcm_sender import BcmSender
from canbus.backends.socketcan.bcm_task import BcmCyclicSendTask
from canbus.backends.socketcan.link_watch import is_interface_up, takes_fd
from canbus.backends.socketcan.os_errors import send_error
from canbus.backends.socketcan.sender import SocketcanSender
from canbus.cyclic_job import CyclicJob
from canbus.cyclic_task import GRACE, OwnedCyclicTask
from canbus.plugin import CanUnsupportedError, Message


class SocketcanCyclic(SocketcanSender):
    """Cyclic tasks; one descriptor of the broadcast manager for each interface they go to."""

    _senders: dict[str, BcmSender]
    _has_kernel_tasks: bool = False

    def _make_task(self, job: CyclicJob, engine: str, is_stored: bool) -> OwnedCyclicTask:
        if self._channels.fixed is None:
            self._check_addressed(job.messages[0])
        if engine != "thread":
            reason = None
            if not self._has_kernel_tasks:  # once true, it stays
                reason = reason_against_all(self._options)
                self._has_kernel_tasks = reason is None
            reason = reason or reason_against(job)
            if reason is None:
                return BcmCyclicSendTask(job, self, is_stored)
            if engine == "bcm":
                raise CanUnsupportedError(
                    f"{self.channel_info}: the kernel's broadcast manager cannot time this task: "
                    f"{reason}",
                    hint='leave engine out, or say "thread"',
                )
        return super()._make_task(job, "thread", is_stored)

    def _check_addressed(self, msg: Message) -> None:
        self._goes_to(msg)

    def _goes_to(self, msg: Message) -> str:
        """The interface of a frame; CanConfigError where nothing says which."""
        return self._channels.fixed or self._transmitter.target(msg)

    def _check_sendable(self, msg: Message) -> None:
        self._check_open()
        name = self._goes_to(msg)
        code = self._trouble_of(name)
        if code:
            is_open = self._channels.fixed is not None
            raise send_error(OSError(code, os.strerror(code)), name, msg, is_open=is_open)

    def _trouble_of(self, name: str) -> int:
        """Why no frame can pass the interface now, as an errno; 0 where one can."""
        try:
            return 0 if is_interface_up(self._current_name(name), self._place) else errno.ENETDOWN
        except OSError as exc:
            # By index there is no such interface (ENXIO) what by name there is not (ENODEV).
            return errno.ENODEV if exc.errno == errno.ENXIO else exc.errno or errno.EIO

    def _current_name(self, name: str) -> str:
        """What the interface is called now: a bus on one keeps it when it is renamed."""
        return self._link.current_name() if self._channels.fixed else name

    def _check_takes_fd(self, msg: Message) -> None:
        name = self._goes_to(msg)
        try:
            if takes_fd(self._current_name(name), self._place):
                return
        except OSError as exc:
            raise send_error(exc, name, msg, is_open=True) from exc
        raise send_error(OSError(errno.EINVAL, ""), name, msg, is_open=True)

    def _sender_for(self, msg: Message) -> BcmSender:
        """The sender of the interface that the frame goes to, which was up just now."""
        if self._is_shutdown:
            raise self._closed()
        name = self._channels.fixed or self._goes_to(msg)
        sender = self._senders.get(name)
        if sender is None:
            self._check_sendable(msg)
            return self._open_sender(name, msg)
        if sender.needs_a_look or not sender.is_up():
            sender.needs_a_look = False  # before the look: trouble may come right after
            try:
                self._check_sendable(msg)
                is_right = not sender.is_gone and sender.is_on(self._current_name(name))
            except BaseException:
                sender.needs_a_look = True
                raise
            if not is_right:
                return self._open_sender(name, msg)
        return sender

    def _look_again(self) -> None:
        """The bus was opened anew: the interface may be another one."""
        for sender in list(self._senders.values()):
            sender.needs_a_look = True

    def _open_sender(self, name: str, msg: Message) -> BcmSender:
        try:
            sender = BcmSender(self._current_name(name), self._place)
        except OSError as exc:
            raise send_error(exc, name, msg, is_open=False) from exc
        old = self._senders.pop(name, None)
        self._senders[name] = sender
        if old is not None:
            old.abandon()
        if self._is_shutdown:  # meanwhile, by a signal handler
            sender.close()
            raise self._closed()
        return sender

    def _close_senders(self) -> None:
        for sender in list(self._senders.values()):
            sender.close()

    def _after_close(self) -> None:
        super()._after_close()
        for sender in list(self._senders.values()):
            sender.join(GRACE)
