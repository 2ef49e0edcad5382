"""BusABC: what a user holds, and what a backend fulfils.

The public methods hold the policy, once for all backends: validation, software filters,
lifetime, iteration, cyclic tasks. A backend writes the few methods named `_like_this` in
the class docstring. Nothing here opens anything or knows an operating system.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from threading import RLock
from time import monotonic
from typing import Any, Self

from canbus.cyclic_thread import ThreadBasedCyclicSendTask
from canbus.errors import CanClosedError, CanConfigError, CanUnsupportedError
from canbus.filters import CanFilter, Filters, Matcher, matcher, normalise
from canbus.frame_rules import is_plain, prepare
from canbus.lifetime import Lifetime
from canbus.logs import frame_logger
from canbus.message import Message
from canbus.periodic import CyclicSendTask, period_to_ns
from canbus.state import BusState, BusStatistics, CanProtocol, CanState, bus_state

_LOOKS_AFTER_DEADLINE = 1000


class BusABC(Lifetime):
    """One open CAN channel.

    **For users**: `send`, `recv`, iteration, `send_periodic`, `set_filters`, `shutdown`;
    also a context manager. Any number of threads may use one bus at the same time.

    **For backends**: open the channel in the constructor, from typed keyword arguments, and
    call `super().__init__` there, in whatever order. Write:

    `_send_frame(msg, timeout)`
        Send one frame that has been validated. Wait for room in the transmit queue at most
        `timeout` seconds (None: as long as it takes), then raise CanTxQueueFullError.
    `_recv_frame(timeout)`
        Return one frame, or None after `timeout` seconds (0: at once; None: wait for ever).
        While waiting, wake on `_close()` from another thread and raise CanClosedError
        (`raise self._closed()`).
    `_close()`
        Release everything, waking whoever waits. Called once.

    and, where there is something to say: `_apply_filters`, `_read_statistics`, `fileno`,
    `can_state`, `flush_tx_buffer`. Never raise anything but a CanError for what the channel
    does; never drop a frame without counting it in `_read_statistics`.
    """

    channel_info: str = "unknown"  # the channel, for people
    _protocol: CanProtocol = CanProtocol.CAN_20
    _fd_frames: bool = False
    _filters: Sequence[CanFilter] | None = None
    _matcher: Matcher | None = None
    _log: Callable[[str, Any], None] | None = None
    _screened: bool = False  # there is a matcher or a log to look at each frame
    _periodic_tasks: list[CyclicSendTask]
    _filter_lock: RLock

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        """Set up what the base needs, so that the order of constructors does not matter."""
        bus = super().__new__(cls)
        bus._periodic_tasks = []
        bus._filter_lock = RLock()
        return bus

    def __init__(
        self,
        channel: Any,
        can_filters: Filters | None = None,
        *,
        protocol: CanProtocol = CanProtocol.CAN_20,
        already_filtered: bool = False,
    ) -> None:
        """Called by the backend.

        Args:
            channel: what was opened.
            can_filters: which frames the user wants.
            protocol: what kind of frames the bus was opened for.
            already_filtered: the backend has installed the filters below, before the
                first frame could pass; so none needs to be looked at again.
        """
        self.channel = channel
        if self.channel_info == "unknown":
            self.channel_info = str(channel)
        self._protocol = protocol
        self._fd_frames = protocol is not CanProtocol.CAN_20
        self._log = frame_logger()
        self._filters = normalise(can_filters)
        self._screen(None if already_filtered else matcher(self._filters))
        super().__init__()

    # -- receiving --------------------------------------------------------------------

    def recv(self, timeout: float | None = None) -> Message | None:
        """Return the next frame that passes the filters, or None if none came in time.

        Args:
            timeout: seconds to wait; None waits for ever, 0 returns at once.

        Raises:
            CanClosedError: the bus was shut down, before or while waiting.
            CanConfigError: a ValueError; the timeout is negative.
            CanOperationError: the channel failed; it says how.
        """
        if self._is_shutdown:
            raise self._closed()
        if timeout is not None and not timeout >= 0:
            raise _negative(f"recv({timeout})")
        # One look before any wait: a deadline costs a clock reading, which is only needed now.
        msg = self._recv_frame(0)
        if msg is None:
            return None if timeout == 0 else self._recv_by(timeout)
        if self._screened and not self._passes(msg):
            return self._recv_by(timeout)
        return msg

    def _recv_by(self, timeout: float | None) -> Message | None:
        """Wait for a frame that passes; those that do not pass do not eat the timeout."""
        deadline = None if timeout is None else monotonic() + timeout
        late = 0
        while True:
            msg = self._recv_frame(timeout)
            if msg is None:
                return None
            if not self._screened or self._passes(msg):
                return msg
            if deadline is None:
                continue
            timeout = max(0.0, deadline - monotonic())
            # Time may be up with a frame that passes still queued behind: look on, though
            # not for ever, as frames may come faster than they can be looked at.
            late += timeout == 0
            if late > _LOOKS_AFTER_DEADLINE:
                return None

    def _passes(self, msg: Message) -> bool:
        """Look at a frame as it comes out: the filters in force now, and the log."""
        passes = self._matcher
        if passes is not None and not passes(msg):
            return False
        if self._log:
            self._log("Received: %s", msg)
        return True

    def __iter__(self) -> Iterator[Message]:
        """Yield frames as they come; ends when the bus is shut down."""
        if self._is_shutdown:
            raise self._closed()
        while True:
            try:
                msg = self.recv(None)
            except CanClosedError:
                return
            if msg is not None:
                yield msg

    # -- sending ----------------------------------------------------------------------

    def send(self, msg: Message, timeout: float | None = None) -> None:
        """Send one frame.

        Args:
            msg: the frame. It is validated, but never changed.
            timeout: seconds to wait for room in the transmit queue; None waits as long as
                it takes, 0 not at all.

        Raises:
            CanTxQueueFullError: a CanTimeoutError; there was no room by the deadline.
            CanMessageError: a ValueError; no such frame can exist.
            CanUnsupportedError: an FD frame on a bus that was not opened for FD.
            CanClosedError: the bus was shut down, before or while waiting.
            CanOperationError: the channel failed; it says how.
        """
        if self._is_shutdown:
            raise self._closed()
        if timeout is not None and not timeout >= 0:
            raise _negative(f"send(timeout={timeout})")
        if not is_plain(msg):
            msg = prepare(msg, fd=self._fd_frames, channel=self.channel_info)
        if self._log:
            self._log("Sending: %s", msg)
        self._send_frame(msg, timeout)

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
            self.send,
            partial(prepare, fd=self._fd_frames, channel=self.channel_info),
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
            CanUnsupportedError: the backend cannot take a frame back.
        """
        raise CanUnsupportedError(f"{self.channel_info}: queued frames cannot be taken back")

    # -- filters ----------------------------------------------------------------------

    @property
    def filters(self) -> Sequence[CanFilter] | None:
        """The filters in force; None means that every frame passes."""
        return self._filters

    @filters.setter
    def filters(self, filters: Filters | None) -> None:
        self.set_filters(filters)

    def set_filters(self, filters: Filters | None = None) -> None:
        """Choose which frames `recv` returns, from now on.

        Args:
            filters: CanFilter or python-can's dictionaries; a frame passes if any matches.
                None and `[]` let everything pass, `CanFilter.nothing()` lets nothing.
                Error frames pass always.

        Raises:
            CanConfigError: a ValueError; a filter makes no sense. The old ones stay.
        """
        if self._is_shutdown:
            raise self._closed()
        wanted = normalise(filters)
        with self._filter_lock:  # what is below Python and what is here change together
            self._screen(None if self._apply_filters(wanted) else matcher(wanted))
            self._filters = wanted

    def _apply_filters(self, filters: Sequence[CanFilter] | None) -> bool:
        """Install filters below Python, if the backend can.

        Returns:
            True if from now on `_recv_frame` returns matching frames only, frames already
            queued included; False if the base class has to look at each frame.
        """
        return False

    def _screen(self, passes: Matcher | None) -> None:
        self._matcher = passes
        self._screened = passes is not None or self._log is not None

    # -- state ------------------------------------------------------------------------

    @property
    def can_state(self) -> CanState | None:
        """The controller's state as the kernel or the adapter tells it; None if it has none."""
        return None

    @property
    def state(self) -> BusState:
        """`can_state` in python-can's three words."""
        return bus_state(self.can_state)

    @state.setter
    def state(self, new_state: BusState) -> None:
        raise CanUnsupportedError(f"{self.channel_info}: the state cannot be set")

    @property
    def protocol(self) -> CanProtocol:
        """What kind of frames the bus was opened for."""
        return self._protocol

    @property
    def statistics(self) -> BusStatistics:
        """The ledger: every loss that this bus knows of, read now."""
        if self._is_shutdown:
            raise self._closed()
        return self._read_statistics()

    def _read_statistics(self) -> BusStatistics:
        return BusStatistics()

    def fileno(self) -> int:
        """A descriptor that is readable whenever a frame waits, for select() and friends.

        Raises:
            CanUnsupportedError: the backend has none.
        """
        raise CanUnsupportedError(f"{self.channel_info}: this backend has no file descriptor")

    # -- for people -------------------------------------------------------------------

    def __str__(self) -> str:
        return self.channel_info

    def __repr__(self) -> str:
        state = "closed" if self._is_shutdown else "open"
        return f"<{type(self).__name__} {self.channel_info} [{state}]>"

    def _check_open(self) -> None:
        if self._is_shutdown:
            raise self._closed()

    def _closed(self) -> CanClosedError:
        return CanClosedError(
            f"the bus on {self.channel_info} is shut down", hint="open a new one with can.Bus()"
        )

    def _after_close(self) -> None:
        self.stop_all_periodic_tasks()

    # -- for backends -----------------------------------------------------------------

    @abstractmethod
    def _send_frame(self, msg: Message, timeout: float | None) -> None: ...

    @abstractmethod
    def _recv_frame(self, timeout: float | None) -> Message | None: ...


def _negative(call: str) -> CanConfigError:
    return CanConfigError(
        f"{call}: a timeout cannot be negative", hint="0 does not wait, None waits for ever"
    )
