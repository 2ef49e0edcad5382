"""Sending with a receipt, and sending before an expiry date: both live by the frame's echo.

With a `ttl` at most one frame is on its way: the next is handed over only when the echo of the
one before has come, so that a bus that does not move holds one stale frame and not a queue.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic_ns, time_ns

from canbus.backends.socketcan.drivers import confirmed_by
from canbus.backends.socketcan.echo import EchoWatch
from canbus.backends.socketcan.ethtool import driver_of
from canbus.errors import CanChannelNotFoundError, CanFrameExpiredError, CanLinkDownError
from canbus.frame_flags import ERR
from canbus.place import Place
from canbus.plugin import CanError, CanTimeoutError, CanUnsupportedError, Message
from canbus.receipt import SendReceipt
from canbus.waiting import deadline_after

_PAUSE_NS = 1_000_000
_NS = 10**9
_HINT = (
    "nobody acknowledges, the controller is bus-off (see can_state), or the bus is busier "
    "than this time allows"
)

Put = Callable[[bytes, Message, int | None], None]  # frame, its message, deadline


class ConfirmedSending:
    """What a bus needs for `confirm` and `ttl`; opened when first asked for.

    Args:
        shown: the channel, for messages.
        place: where it is.
        open_watch: opens the private socket.
        put: hands a frame to the kernel by a deadline.
        in_queue: whether frames of the bus lie in the kernel's queue.
        sleep_until: sleeps until a monotonic time, or until the bus is closed.

    Attributes:
        expired: frames dropped because their `ttl` had passed.
        late: frames that left after their `ttl`.
    """

    def __init__(
        self,
        shown: str,
        place: Place,
        open_watch: Callable[[], EchoWatch],
        put: Put,
        in_queue: Callable[[], bool],
        sleep_until: Callable[[int], object],
    ) -> None:
        self._shown = shown
        self._place = place
        self._open_watch = open_watch
        self._put = put
        self._in_queue = in_queue
        self._sleep_until = sleep_until
        self._lock = threading.RLock()
        self._watch: EchoWatch | None = None
        self._is_closed = False
        self._under_way: tuple[EchoWatch, int] | None = None  # who sees it; expiry in wall ns
        self.expired = 0
        self.late = 0

    def send(self, frame: bytes, msg: Message, timeout: float | None) -> SendReceipt:
        """Send and wait for the echo; raises CanTimeoutError if it does not come by then."""
        deadline_ns = deadline_after(timeout)
        with self._alone_until(deadline_ns):
            watch = self._watching(msg)
            self._settle(watch, deadline_ns)
            self._hand_over(watch, frame, msg, deadline_ns)
            return self._receipt(watch, deadline_ns)

    def send_by(
        self, frame: bytes, msg: Message, timeout: float | None, confirm: bool, ttl: float
    ) -> SendReceipt | None:
        """Send if that can be done within `ttl` seconds; else drop, count and raise."""
        expiry_ns = monotonic_ns() + round(ttl * _NS)
        deadline_ns = deadline_after(timeout)
        by_ns = expiry_ns if deadline_ns is None else min(deadline_ns, expiry_ns)
        with self._alone_until(by_ns, expiry_ns):
            watch = self._watching(msg)
            try:
                self._settle(watch, by_ns)
                self._wait_for_queue(by_ns)
                if monotonic_ns() >= by_ns:
                    raise self._not_in_time("the time was up")
                self._hand_over(watch, frame, msg, by_ns)
            except CanTimeoutError as exc:
                raise self._expired(exc, expiry_ns) from exc
            self._under_way = (watch, time_ns() + expiry_ns - monotonic_ns())
            return self._receipt(watch, deadline_ns) if confirm else None

    def look(self) -> None:
        """See whether the frame on its way has left meanwhile."""
        watch = self._watch
        if watch is not None and self._lock.acquire(blocking=False):
            try:
                self._settle(watch, monotonic_ns())
            except CanError:
                pass  # not yet, or gone with the link; who sends next is told
            finally:
                self._lock.release()

    def forget(self) -> None:
        """Start anew: the interface is another one. Who waits for an echo is told."""
        # Without the lock, which is held as long as an echo is waited for.
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()

    def close(self) -> None:
        """Close the private socket; wakes whoever waits."""
        self._is_closed = True
        watch = self._watch
        if watch is not None:
            watch.close()

    # -- steps ------------------------------------------------------------------------

    @contextmanager
    def _alone_until(self, by_ns: int | None, expiry_ns: int | None = None) -> Iterator[None]:
        """Hold the lock, to be had by then: one echo is watched at a time."""
        seconds = -1.0
        if by_ns is not None:
            seconds = min(max(0.0, (by_ns - monotonic_ns()) / _NS), threading.TIMEOUT_MAX)
        if not self._lock.acquire(timeout=seconds):
            error = self._not_in_time("another frame of this bus is being confirmed")
            raise error if expiry_ns is None else self._expired(error, expiry_ns)
        try:
            yield
        finally:
            self._lock.release()

    def _watching(self, msg: Message) -> EchoWatch:
        if msg._flags & ERR:
            raise CanUnsupportedError(
                f"{self._shown}: error frames do not leave this machine, so none comes back",
                hint="leave confirm and ttl out",
            )
        watch = self._watch
        if watch is None:
            watch = self._watch = self._open_watch()
            if self._is_closed:  # meanwhile, when it was not there yet
                watch.close()
        return watch

    def _hand_over(self, watch: EchoWatch, frame: bytes, msg: Message, by_ns: int | None) -> None:
        marked = watch.marked(frame)
        watch.expect(marked, msg)
        self._put(marked, msg, by_ns)

    def _receipt(self, watch: EchoWatch, deadline_ns: int | None) -> SendReceipt:
        echo = watch.wait(deadline_ns)
        if echo is None:
            error = self._not_in_time("the frame was handed over, but not confirmed in time")
            error.sent = 1
            raise error
        self._has_left(echo)
        by = confirmed_by(driver_of(self._shown, self._place))
        return SendReceipt(echo.timestamp_ns, echo.timestamp_source, by)

    def _settle(self, watch: EchoWatch, by_ns: int | None) -> None:
        """Until the frame that is under way has left, or is known to be lost."""
        if self._under_way is not None and self._under_way[0] is not watch:
            self._under_way = None  # it was sent before the interface was opened anew
        while self._under_way is not None:
            second_ns = monotonic_ns() + _NS
            try:
                echo = watch.wait(second_ns if by_ns is None else min(by_ns, second_ns))
            except (CanLinkDownError, CanChannelNotFoundError):
                # It took the frame along. Whether it still is so, handing over the next will say.
                self._under_way = None
                return
            if echo is not None:
                self._has_left(echo)
            elif watch.is_lost:
                self._under_way = None
            elif by_ns is not None and monotonic_ns() >= by_ns:
                raise self._not_in_time("the frame before it has not left")

    def _wait_for_queue(self, by_ns: int) -> None:
        """Until no frame of this bus lies in the kernel's queue."""
        while self._in_queue():
            if monotonic_ns() >= by_ns:
                raise self._not_in_time("earlier frames of this bus have not left")
            self._sleep_until(min(by_ns, monotonic_ns() + _PAUSE_NS))

    def _has_left(self, echo: Message) -> None:
        if self._under_way is not None:
            _, expiry_ns = self._under_way
            self.late += echo.timestamp_ns > expiry_ns
            self._under_way = None

    def _expired(self, exc: CanTimeoutError, expiry_ns: int) -> CanTimeoutError:
        """The error for a frame that could not be handed over: by its ttl, or by the timeout."""
        if monotonic_ns() < expiry_ns:
            return exc
        self.expired += 1
        return CanFrameExpiredError(f"{exc}; its ttl has passed, so it was dropped", hint=_HINT)

    def _not_in_time(self, why: str) -> CanTimeoutError:
        return CanTimeoutError(f"{self._shown}: {why}", hint=_HINT)
