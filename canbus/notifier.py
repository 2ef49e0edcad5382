"""Notifier: buses whose frames listeners are called with. It reads no bus and queues no frame.

Reading is the dispatcher's; who is called, where, and what becomes of errors is the folder
listening's.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from canbus.arguments import check_number
from canbus.bus import BusABC
from canbus.dispatcher import Dispatcher, dispatcher_of
from canbus.errors import CanClosedError, CanConfigError, CanError
from canbus.filters import CanFilter
from canbus.inbox import Inbox
from canbus.listener import MessageRecipient
from canbus.listening import active
from canbus.listening.audience import Audience
from canbus.listening.pump import Pump
from canbus.listening.thread_pump import ThreadPump
from canbus.logs import logger
from canbus.receiving import negative_timeout

if TYPE_CHECKING:
    import asyncio

MAXLEN = 100_000
"""Frames that wait at most for slow listeners: ten seconds of a full 1 Mbit/s bus."""


class _Intake:
    """What one bus hands over; a dispatcher's consumer."""

    def __init__(self, bus: BusABC, inbox: Inbox) -> None:
        self.bus = bus
        self.deliver = inbox.deliver
        self.dispatcher: Dispatcher | None = None
        self._inbox = inbox
        self._is_over = False

    @property
    def filters(self) -> Sequence[CanFilter] | None:
        return self.bus.filters

    def fail(self, error: CanError) -> None:
        if self._is_over:
            return
        self._is_over = isinstance(error, CanClosedError)  # they are counted
        self._inbox.fail(error)


class Notifier:
    """Calls listeners with every frame of one or several buses, until `stop()`.

    A context manager that stops at its end. It also stops when the last of its buses has been
    shut down. It takes the frames that `bus.recv` would get: those that pass `bus.filters`,
    also where these change. Whoever reads the bus beside it gets each frame, too.

    Listeners are called one after the other, never two at the same time, in a thread of the
    Notifier; with `loop`, in the thread of the loop. What a listener raises goes to its
    `on_error`, or is logged; the others get the frame.

    Args:
        bus: a bus, or several.
        listeners: Listeners, or functions that take a frame; with `loop` also coroutine
            functions.
        timeout: kept for python-can; it has no effect, as nothing here polls.
        loop: where to call the listeners, and await what they return.
        maxlen: frames that wait at most while listeners are busy; those that come then are
            lost. The first loss is logged, all are counted in `lost`, and the next frame says
            how many in `lost_before`.

    Attributes:
        timeout: what was given.

    Raises:
        CanConfigError: a ValueError; a bus is in another active Notifier already, or an
            argument makes no sense.
        CanClosedError: a bus is shut down.
    """

    def __init__(
        self,
        bus: BusABC | Iterable[BusABC],
        listeners: Iterable[MessageRecipient],
        timeout: float = 1.0,
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        maxlen: int = MAXLEN,
    ) -> None:
        if not timeout >= 0:
            raise negative_timeout(f"Notifier(timeout={timeout})")
        check_number("maxlen", maxlen, 1, None, "frames that may wait for slow listeners")
        self.timeout = timeout
        self._lock = threading.RLock()
        self._intakes: list[_Intake] = []
        self._ended = 0  # buses that were shut down
        self._stopped = False
        self._audience = Audience(listeners, self.__str__, has_loop=loop is not None)
        self._pump = self._make_pump(loop, maxlen)
        try:
            for each in [bus] if isinstance(bus, BusABC) else bus:
                self.add_bus(each)
        except BaseException:
            self._leave()
            raise

    def _make_pump(self, loop: asyncio.AbstractEventLoop | None, maxlen: int) -> Pump:
        if loop is None:
            return ThreadPump(self, self._audience, maxlen)
        from canbus.listening.loop_pump import LoopPump

        return LoopPump(self, self._audience, maxlen, loop)

    def __str__(self) -> str:
        return f"Notifier for {', '.join(str(intake.bus) for intake in self._intakes)}"

    def __repr__(self) -> str:
        return f"<{self} [{'stopped' if self._stopped else 'active'}]>"

    @property
    def bus(self) -> BusABC | tuple[BusABC, ...]:
        """The bus; where there are several or none, a tuple of them."""
        buses = tuple(intake.bus for intake in self._intakes)
        return buses[0] if len(buses) == 1 else buses

    @property
    def listeners(self) -> list[MessageRecipient]:
        """Those that are called."""
        return self._audience.listeners

    @property
    def exception(self) -> BaseException | None:
        """The last error, of a bus or of a listener; None if there was none."""
        return self._audience.exception

    @property
    def stopped(self) -> bool:
        """Whether it was stopped, or has stopped as its buses were shut down."""
        return self._stopped

    @property
    def lost(self) -> int:
        """Frames that no listener got: they were too slow, or the end came before."""
        return self._pump.lost

    @staticmethod
    def find_instances(bus: BusABC) -> tuple[Notifier, ...]:
        """The active Notifiers of this bus: one, or none."""
        holder = active.holder(bus)
        return () if holder is None else (holder,)

    # -- while it runs ----------------------------------------------------------------

    def add_listener(self, listener: MessageRecipient) -> None:
        """Call this one, too, from the next frame on; one that is there twice is called twice.

        Raises:
            CanConfigError: a ValueError; it cannot be called.
        """
        self._audience.add(listener)

    def remove_listener(self, listener: MessageRecipient) -> None:
        """Do not call it any more. It is not stopped.

        Raises:
            ValueError: it is not there.
        """
        self._audience.remove(listener)

    def add_bus(self, bus: BusABC) -> None:
        """Call the listeners with the frames of this bus, too.

        Raises:
            CanConfigError: a ValueError; it is in an active Notifier already, or no bus.
            CanClosedError: the bus is shut down, or the Notifier stopped.
        """
        if not isinstance(bus, BusABC):
            raise CanConfigError(f"a Notifier needs a bus, not {bus!r}", hint="can.Bus(...)")
        active.claim(bus, self)
        intake = _Intake(bus, self._pump.inbox)
        try:
            with self._lock:
                if self._stopped:
                    raise CanClosedError(f"{self} is stopped", hint="make a new Notifier")
                self._intakes.append(intake)
                intake.dispatcher = dispatcher_of(bus)
                intake.dispatcher.add(intake, in_place_of_bus=True)
                self._pump.start()
        except BaseException:
            self._withdraw(intake)
            if intake in self._intakes:
                self._intakes.remove(intake)
            raise

    def _withdraw(self, intake: _Intake) -> None:
        if intake.dispatcher is not None:
            intake.dispatcher.remove(intake)
        active.release(intake.bus, self)

    # -- the end ----------------------------------------------------------------------

    def stop(self, timeout: float = 5.0) -> None:
        """Read no more; hand out what was read already, and `stop()` every listener.

        It may be called any number of times, from any thread, and by a listener: then it
        returns at once, the frame of just now is the last, and listeners are stopped after it.

        Args:
            timeout: seconds to wait for listeners; what they have not got by then they do not
                get, and it counts in `lost`.

        Raises:
            BaseException: what a listener's `stop` raised, once all have been called; of
                several the first, and the others go where errors of listeners go.
        """
        with self._lock:
            is_first, self._stopped = not self._stopped, True
        if is_first:
            self._leave()
        if self._pump.is_inside:
            return
        if not self._pump.wait(timeout):
            self._pump.abandon()
            logger().warning("%s: a listener is busy for longer than %g s", self, timeout)
        self._audience.stop()

    def _leave(self) -> None:
        for intake in self._intakes:
            self._withdraw(intake)
        self._pump.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    # -- for the pump, by whom listeners are called -----------------------------------

    def _bus_failed(self, error: CanError) -> None:
        self._audience.bus_failed(error)
        if isinstance(error, CanClosedError):
            self._ended += 1
            if self._ended == len(self._intakes):
                self.stop()

    def _loop_closed(self) -> None:
        logger().error("%s: the event loop is closed, so it has stopped", self)
        self.stop()
