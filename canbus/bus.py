"""BusABC: what a user holds, and what a backend fulfils.

The public methods hold the policy, once for all backends: receiving.py and sending.py have
the two halves, subscribing.py many consumers, watching.py what is looked after below,
lifetime.py the end. Here are the contract, the state, and how a bus shows itself. Nothing here
opens anything or knows an operating system.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any, Self

from canbus.cyclic_task import CyclicTasks
from canbus.errors import CanClosedError, CanUnsupportedError
from canbus.filters import Filters, normalise
from canbus.logs import frame_logger
from canbus.sending import Sending
from canbus.state import BusState, BusStatistics, CanProtocol, CanState, bus_state
from canbus.subscribing import Subscribing
from canbus.watching import Watching


class BusABC(Sending, Watching, Subscribing):
    """One open CAN channel.

    **For users**: `send`, `send_many`, `recv`, `recv_many`, iteration, `send_periodic`,
    `watch`, `subscribe`, `request`, `set_filters`, `statistics`, `shutdown`; also a context
    manager. Any number of threads may use one bus at the same time.

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
    `can_state`, `flush_tx_buffer`, `_send_frames` (many at once), `_send_confirmed`,
    `_send_by` (expiry), `_make_task` (cyclic frames that are timed below), `_watch`, `_reply`,
    `restart`, `reopen`, and, so that consumers come and go at once, `_await_arrival` with
    `_wake`. A backend that reads many frames at once from
    a descriptor derives from `canbus.prefetch.PrefetchingBus` and writes `_read_batch`
    instead of `_recv_frame`. Never raise anything but a CanError for what the channel does;
    never drop a frame without counting it in `_read_statistics`.
    """

    channel_info: str = "unknown"  # the channel, for people
    _protocol: CanProtocol = CanProtocol.CAN_20
    _told_at_end: tuple[Callable[[], None], ...] = ()  # who waits for the end in an event loop

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        """Set up what the base needs, so that the order of constructors does not matter."""
        bus = super().__new__(cls)
        bus._ready = []
        bus._cyclic = CyclicTasks()
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
        self._xl_frames = protocol is CanProtocol.CAN_XL
        self._log = frame_logger()
        self._filters = normalise(can_filters)
        self._screen(None if already_filtered else self._make_matcher(self._filters))
        super().__init__()

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
        return self._with_share(self._read_statistics())

    def _read_statistics(self) -> BusStatistics:
        return BusStatistics()

    def restart(self) -> None:
        """Bring the controller back from bus-off.

        Raises:
            CanUnsupportedError: the backend has no means to.
        """
        raise CanUnsupportedError(f"{self.channel_info}: this backend cannot restart a controller")

    def reopen(self) -> None:
        """Open the channel again, after it vanished and came back; filters stay.

        Raises:
            CanUnsupportedError: the backend has no means to.
        """
        raise CanUnsupportedError(
            f"{self.channel_info}: this backend cannot reopen a channel", hint="open a new bus"
        )

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

    def _closed(self) -> CanClosedError:
        return CanClosedError(
            f"the bus on {self.channel_info} is shut down", hint="open a new one with can.Bus()"
        )

    def _after_close(self) -> None:
        self._ready.clear()
        self._end_dispatcher()
        for tell in self._told_at_end:
            tell()
        self._end_tasks()
