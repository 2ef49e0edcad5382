"""Supervisor: the thread that notices that a channel is lost, and has it back. No frames here.

What it does to the channel is supervised_bus.py's. While all is well the thread sleeps until
somebody meets an error, or the link tells that it has changed.
"""

from __future__ import annotations

import os
import select
import threading
import weakref
from collections.abc import Callable
from time import monotonic, time_ns
from typing import Any, Protocol

from canbus import thread_ends, thread_errors
from canbus.cyclic_task import GRACE
from canbus.errors import CanClosedError, CanError, CanOperationError
from canbus.link_backed import LinkNews
from canbus.logs import logger
from canbus.supervision.gap import Gap, GapCause, Gaps, cause_of
from canbus.supervision.policy import BackOff, ReconnectPolicy
from canbus.waiting import Deadline

_LONGEST = 10**6  # seconds; poll(2) takes an int of milliseconds


class Charge(Protocol):
    """What is supervised."""

    channel: Any
    channel_info: str
    _is_shutdown: bool

    def _closed(self) -> CanClosedError:
        """The error for a bus that was shut down."""

    def _diagnose(self) -> tuple[CanError, GapCause] | None:
        """What is wrong with the channel; None if nothing is known to be. Takes no time."""

    def _bring_back(self, why: CanError, cause: GapCause, is_due: bool) -> None:
        """Have the channel back, with all that is on it; a CanError where it is not back yet."""

    def _lose_channel(self) -> None:
        """Do not listen to it any more; takes no time."""

    def _listen_again(self, end: Callable[[], None]) -> None:
        """Listen to it again, and call end() before anybody is woken."""

    def _channel_given_up(self, error: CanError) -> None:
        """It will not come back: wake who waits."""


class Supervisor:
    """Looks after one channel.

    Args:
        charge: the bus; it is not kept, so that one that is forgotten can be noticed.
        policy: how soon and how long to try.
        news: what tells of changes; closed in the end. None where nothing does.
        on_gap: called with each gap when it is over, or was given up.

    Attributes:
        gap: the gap that lasts, as far as it is known; None while all is well.
        gaps: those that are over, or were given up.
        epoch: how many gaps there were; an error of before the last one is no news.
    """

    def __init__(
        self,
        charge: Charge,
        policy: ReconnectPolicy,
        news: LinkNews | None,
        on_gap: Callable[[Gap], object] | None,
    ) -> None:
        self._reference = weakref.ref(charge)
        self._shown = charge.channel_info
        self._policy = policy
        self._news = news
        self._on_gap = on_gap
        self._back_off = BackOff(policy)
        self._changed = threading.Condition()  # of an RLock: a signal handler may shut us down
        self._why: CanError | None = None  # the last try failed by this
        self._is_first_put_off = False
        self._lost_at = self._due_at = 0.0
        self._is_given_up = self._is_closing = False
        self._pid = os.getpid()
        self.gap: Gap | None = None
        self.gaps = Gaps(self._shown)
        self.epoch = 0
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._thread = threading.Thread(
            target=self._run, name=f"canbus supervisor {self._shown}", daemon=True
        )

    def start(self) -> None:
        """Begin; RuntimeError where no thread is to be had."""
        self._thread.start()

    # -- for the bus ------------------------------------------------------------------

    def look(self) -> None:
        """Have a look at the channel: something may be wrong with it."""
        with self._changed:
            if self._wake >= 0 and os.getpid() == self._pid:
                os.eventfd_write(self._wake, 1)

    def lost(
        self,
        error: CanError,
        cause: GapCause | None = None,
        *,
        epoch: int | None = None,
    ) -> None:
        """The channel is lost; no effect where that is known.

        Args:
            error: what says so.
            cause: why; by default what the error says.
            epoch: of before the call that met the error.
        """
        charge = self._reference()
        with self._changed:
            if charge is None or self.gap is not None or self._is_closing:
                return
            if epoch is not None and epoch != self.epoch:
                return
            self._lost_at = monotonic()
            self._is_first_put_off = not self._back_off.lost(self._lost_at)
            self._due_at = self._lost_at + self._back_off.next()
            self._why = error
            self.epoch += 1
            cause = cause or cause_of(error)
            self.gap = Gap(time_ns(), None, cause, charge.channel, error)
            charge._lose_channel()
            self.look()
        logger().warning("%s is lost, and will be had back: %s", self._shown, error)

    def is_gone(self) -> None:
        """The channel, of which only something less was known, is gone."""
        with self._changed:
            if self.gap is not None:
                self.gap = self.gap._replace(cause=GapCause.GONE)

    def check(self) -> None:
        """Raise if there is no hope: the bus was shut down, or the channel given up."""
        charge = self._reference()
        if self._is_closing and charge is not None:
            raise charge._closed()
        gap = self.gap
        if self._is_given_up and gap is not None:
            raise gap.error.with_traceback(None)

    def wait(self, timeout: float | None) -> bool:
        """Wait until no gap lasts; False if the time was up before.

        Raises:
            CanClosedError: the bus was shut down.
            CanError: the channel was given up.
        """
        deadline = Deadline(timeout)
        with self._changed:
            while self.gap is not None:
                self.check()
                left = deadline.remaining()
                if left == 0:
                    return False
                self._changed.wait(None if left is None else min(left, threading.TIMEOUT_MAX))
        self.check()
        return True

    def close(self) -> None:
        """The bus is shut down: wake who waits, and end the thread; not waited for."""
        if os.getpid() != self._pid:  # the thread, and whoever had the lock, is not in this process
            self._is_closing = True
            self._release()
            return
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
            self.look()
        self.gaps.end()
        if not thread_ends.is_alive(self._thread):
            self._release()

    def join(self) -> None:
        """Wait a moment for the thread, unless it is the caller."""
        thread = self._thread
        if thread_ends.is_alive(thread) and thread is not threading.current_thread():
            thread_ends.join(thread, GRACE)

    # -- the thread -------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._is_closing:
                pause: float | None = self._policy.first_delay
                charge = self._reference()
                if charge is None:
                    return
                try:
                    pause = self._turn(charge)
                except BaseException:  # noqa: BLE001 - reported; it is tried again
                    thread_errors.report()
                del charge
                self._sleep(pause)
        finally:
            self._release()

    def _turn(self, charge: Charge) -> float | None:
        """Look, and try; returns seconds until the next try, None if there is to be none."""
        self._notice(charge)
        gap, why = self.gap, self._why
        if gap is None or why is None or self._is_given_up:
            return None
        if self._is_first_put_off:  # it was not really back
            self._is_first_put_off = False
            return self._until_due()
        try:
            charge._bring_back(why, gap.cause, self._until_due() == 0)
        except CanError as exc:
            return None if charge._is_shutdown else self._failed(charge, exc)
        self._over(charge, self.gap or gap)
        return 0.0  # look once more: something may have changed meanwhile

    def _notice(self, charge: Charge) -> None:
        if self.gap is not None:
            return
        try:
            found = charge._diagnose()
        except CanError:
            if charge._is_shutdown:  # meanwhile
                return
            raise
        if found is not None:
            self.lost(*found)

    def _failed(self, charge: Charge, error: CanError) -> float | None:
        self._why = error
        if self._until_due() == 0:
            self._due_at = monotonic() + self._back_off.next()
        limit = self._policy.give_up_after
        if limit is None:
            return self._until_due()
        left = self._lost_at + limit - monotonic()
        if left > 0:
            return min(self._until_due(), left)
        gap = self.gap
        if gap is not None:
            with self._changed:
                self._is_given_up = True
                self._changed.notify_all()
            logger().error("%s is given up: %s", self._shown, gap.error)
            charge._channel_given_up(gap.error)
            self._tell(gap)
        return None

    def _until_due(self) -> float:
        """Seconds until the next try that nobody has asked for; news may come before."""
        return max(0.0, self._due_at - monotonic())

    def _over(self, charge: Charge, gap: Gap) -> None:
        whole = gap._replace(to_ns=time_ns())

        def end() -> None:
            with self._changed:
                self.gap = None
                self._why = None
                self._back_off.back(monotonic())
                self._changed.notify_all()

        charge._listen_again(end)
        logger().info("%s is back after %.3f s", self._shown, whole.duration)
        self._tell(whole)

    def _tell(self, gap: Gap) -> None:
        self.gaps.put(gap)
        if self._on_gap is None:
            return
        try:
            self._on_gap(gap)
        except BaseException as exc:  # noqa: BLE001 - a fence: the user's callback; reported
            logger().error("on_gap of %s failed: %s", self._shown, exc, exc_info=exc)

    def _sleep(self, seconds: float | None) -> None:
        """Sleep until something happens, so long at most."""
        poller = select.poll()
        poller.register(self._wake, select.POLLIN)
        if self._news is not None:
            poller.register(self._news.fileno(), select.POLLIN)
        events = poller.poll(None if seconds is None else min(seconds, _LONGEST) * 1000)
        for fd, _ in events:
            if fd == self._wake:
                os.eventfd_read(fd)
            elif self._news is not None:
                try:
                    self._news.take()
                except OSError as exc:
                    raise CanOperationError(f"{self._shown}: no news of links: {exc}") from exc

    def _release(self) -> None:
        with self._changed if os.getpid() == self._pid else threading.Lock():
            wake, self._wake = self._wake, -1
        if wake < 0:
            return
        os.close(wake)
        if self._news is not None:
            self._news.close()
