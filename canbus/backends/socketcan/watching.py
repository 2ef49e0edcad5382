"""SocketcanWatching: watches and answers of SocketcanBus, and the kernel's sockets for them.

What the kernel is told is bcm_watch.py's.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from canbus.backends.socketcan.bcm_limits import no_broadcast_manager
from canbus.backends.socketcan.bcm_operations import Key
from canbus.backends.socketcan.bcm_receiver import BcmReceiver
from canbus.backends.socketcan.bcm_watch import BcmReply, BcmWatch, key_of, reply_key
from canbus.backends.socketcan.link_news import SocketcanLink
from canbus.backends.socketcan.os_errors import channel_name, open_error, receive_error
from canbus.cyclic_task import GRACE
from canbus.plugin import CanConfigError, CanError, CanUnsupportedError, Message
from canbus.watch import Watch, WatchEvent
from canbus.watch_job import WatchJob
from canbus.watching import RemoteReply

T = TypeVar("T")

_LOOK_EVERY = 0.1  # seconds


class SocketcanWatching(SocketcanLink):
    """One descriptor for all frames of an interface; one more for each id that is taken."""

    _receivers: dict[BcmReceiver, str]  # and what was asked for: an interface may be renamed
    _watched: dict[BcmWatch | BcmReply, None]

    def _watch(self, job: WatchJob, on_event: Callable[[WatchEvent], object] | None) -> Watch:
        channel, key = self._watched_channel(job), key_of(job)

        def begin() -> Watch:
            receiver = self._receiver_for(channel, key)
            watch = BcmWatch(job, receiver, on_event, self._cyclic.lock, self._forget)
            self._begin(watch, watch.begin)
            return watch.handle

        return self._twice(begin, channel)

    def _reply(self, msg: Message) -> RemoteReply:
        channel = self._goes_to(msg)

        def begin() -> RemoteReply:
            receiver = self._receiver_for(channel, reply_key(msg))
            reply = BcmReply(msg, receiver, self._prepare, self._cyclic.lock, self._forget)
            self._begin(reply, lambda: reply.begin(msg))
            return reply

        return self._twice(begin, channel)

    def _twice(self, begin: Callable[[], T], channel: str) -> T:
        """Begin; once more where the interface went and came back, and nobody had noticed."""
        with self._one_at_a_time():
            try:
                return begin()
            except OSError as exc:
                if exc.errno != errno.ENOTCONN or isinstance(exc, CanError):
                    raise self._cannot_watch(exc, channel) from exc
            try:
                return begin()
            except OSError as exc:
                raise self._cannot_watch(exc, channel) from exc

    def _cannot_watch(self, exc: OSError, channel: str) -> Exception:
        if isinstance(exc, CanError):
            return exc
        if self._is_shutdown:
            return self._closed()
        return receive_error(exc.errno or 0, channel, "watch")

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """Who has to wait gives up at shutdown: that waits for the threads that call callbacks."""
        lock = self._cyclic.lock
        while not lock.acquire(timeout=_LOOK_EVERY):
            self._check_open()
        try:
            yield
        finally:
            lock.release()

    def _begin(self, one: BcmWatch | BcmReply, begin: Callable[[], None]) -> None:
        self._watched[one] = None
        try:
            begin()
        except BaseException:
            self._forget(one)
            raise
        if self._is_shutdown:  # meanwhile, by a signal handler
            one.end()
            raise self._closed()

    def _forget(self, one: BcmWatch | BcmReply) -> None:
        self._watched.pop(one, None)

    def _watched_channel(self, job: WatchJob) -> str:
        fixed = self._channels.fixed
        if job.channel is None or job.channel == fixed:
            return fixed or ""
        if fixed is None and isinstance(job.channel, str):
            return channel_name(job.channel)
        raise CanConfigError(
            f"{self.channel_info}: cannot watch channel {job.channel!r}",
            hint='a bus on all interfaces (channel="") can, by their names',
        )

    def _receiver_for(self, channel: str, key: Key) -> BcmReceiver:
        """An open receiver where nobody has this key."""
        reason = no_broadcast_manager()
        if reason is not None:
            raise CanUnsupportedError(
                f"{self.channel_info}: the kernel's broadcast manager cannot watch: {reason}",
                hint="receive the frames, and look at their time stamps",
            )
        code = self._trouble_of(channel) if channel else 0
        if code == errno.ENODEV and self._channels.fixed is None:
            raise open_error(OSError(code, ""), channel)
        if code:
            raise receive_error(code, channel, "watch")
        name = self._current_name(channel) if channel else ""
        for receiver, asked in list(self._receivers.items()):
            if receiver.is_gone or not receiver.is_on(name if asked == channel else asked):
                self._receivers.pop(receiver, None)
                receiver.abandon()
            elif asked == channel:
                if receiver.is_ending(key):
                    receiver.catch_up()
                if not receiver.has(key):
                    return receiver
        return self._open_receiver(name, channel)

    def _open_receiver(self, name: str, asked: str) -> BcmReceiver:
        receiver = BcmReceiver(name, self._place)
        self._receivers[receiver] = asked
        if self._is_shutdown:  # meanwhile, by a signal handler
            receiver.close()
            raise self._closed()
        return receiver

    def _close_receivers(self) -> None:
        for one in list(self._watched):
            one.end()
        for receiver in list(self._receivers):
            receiver.close()

    def _after_close(self) -> None:
        super()._after_close()
        for receiver in list(self._receivers):
            receiver.join(GRACE)
