"""AsyncBus: what a task holds. Every method is that of BusABC, awaited where it may wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from canbus.aio.arrivals import BATCH, Arrivals
from canbus.aio.errands import in_thread
from canbus.aio.sending import Sender
from canbus.aio.subscription import AsyncSubscription
from canbus.aio.thread_arrivals import ThreadArrivals, arrivals_of
from canbus.aio.watch import AsyncWatch
from canbus.bus import BusABC
from canbus.errors import CanClosedError, CanTimeoutError
from canbus.filters import CanFilter, Filters
from canbus.message import Message
from canbus.periodic import CyclicSendTask
from canbus.receipt import SendReceipt
from canbus.receiving import check_recv_many, negative_timeout
from canbus.state import BusState, BusStatistics, CanProtocol, CanState
from canbus.subscribing import _OTHERS, _matching
from canbus.watching import RemoteReply

T = TypeVar("T")


class AsyncBus:
    """One open CAN channel, for the tasks of one event loop.

    Any number of tasks may use it. A task that is cancelled takes no frame along. It is an
    async context manager that shuts the bus down.

    Args:
        bus: an open bus; from now on it is read by this one.
    """

    def __init__(self, bus: BusABC) -> None:
        self.bus = bus
        self._loop = asyncio.get_running_loop()
        self._arrivals_made: Arrivals | None = None
        self._sender = Sender(bus)
        bus._told_at_end = (*bus._told_at_end, self._bus_has_ended)

    @property
    def _arrivals(self) -> Arrivals:
        if self._arrivals_made is None:
            self._arrivals_made = self._make_arrivals()
        return self._arrivals_made

    def _make_arrivals(self) -> Arrivals:
        """What others that were made of this bus have read is not hidden from this one."""
        others = [getattr(tell, "__self__", None) for tell in self.bus._told_at_end]
        for one in others:
            made = one._arrivals_made if isinstance(one, AsyncBus) else None
            if made is not None and made.loop.is_closed():
                made.serve(self._loop)
            if made is not None and made.loop is self._loop:
                return made
        return arrivals_of(self.bus, self._loop)

    # -- receiving --------------------------------------------------------------------

    async def recv(self, timeout: float | None = None) -> Message | None:
        """The next frame that passes the filters, or None if none came in `timeout` seconds.

        Raises:
            CanError: as `BusABC.recv`.
        """
        if timeout is not None and not timeout >= 0:
            raise negative_timeout(f"recv({timeout})")
        arrivals = self._arrivals_made or self._arrivals
        if arrivals.waiters.taken < BATCH and (arrivals.frames or arrivals.has_some_now()):
            arrivals.waiters.taken += 1
            return arrivals.frames.popleft()
        frames = await arrivals.take(1, timeout)
        return frames[0] if frames else None

    async def recv_many(
        self, max_frames: int = BATCH, timeout: float | None = None
    ) -> list[Message]:
        """The frames that wait, in order, at most 64; if none does, wait for the first.

        Raises:
            CanConfigError: a ValueError; less than one frame, or a negative timeout.
            CanError: as `BusABC.recv_many`.
        """
        check_recv_many(max_frames, timeout)
        return await self._arrivals.take(min(max_frames, BATCH), timeout)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        arrivals = self._arrivals_made or self._arrivals
        try:
            # The usual way, without a coroutine more: a frame is here, or waits in the bus.
            if arrivals.waiters.taken < BATCH and (arrivals.frames or arrivals.has_some_now()):
                arrivals.waiters.taken += 1
                return arrivals.frames.popleft()
            frames = await arrivals.take(1, None)
        except CanClosedError:
            raise StopAsyncIteration from None
        return frames[0]

    async def batches(self, max_frames: int = BATCH) -> AsyncIterator[list[Message]]:
        """Yield the frames that wait, again and again; ends when the bus is shut down.

        Args:
            max_frames: in one batch, 64 at most.

        Raises:
            CanError: as `recv_many`.
        """
        while True:
            try:
                frames = await self.recv_many(max_frames)
            except CanClosedError:
                return
            yield frames

    def subscribe(
        self, filters: Filters | None = None, *, maxlen: int = 10_000, overflow: str = "drop_oldest"
    ) -> AsyncSubscription:
        """Get frames in a row of their own, independently of all others; see `BusABC.subscribe`."""
        return AsyncSubscription(self.bus, filters, maxlen, overflow)

    def _keep_what_waits(self) -> None:
        """What the bus has received is for who awaits the bus, though nobody has done so yet."""
        with self.bus._dispatch_lock():
            self.bus._was_read = self.bus._was_read or not self.bus._is_dispatched

    async def request(
        self,
        msg: Message,
        match: Callable[[Message], object] | CanFilter | Mapping[str, Any] | Filters,
        timeout: float | None = None,
        *,
        filters: Filters | None = None,
    ) -> Message:
        """Send a frame and return the one that answers it; see `BusABC.request`.

        Raises:
            CanTimeoutError: no answer came in time.
            CanError: as `send` and `recv`.
        """
        if timeout is not None and not timeout >= 0:
            raise negative_timeout(f"request(timeout={timeout})")
        answers, wanted = _matching(match, filters)
        self._keep_what_waits()
        async with self.subscribe(wanted) as replies:
            limit = asyncio.timeout(timeout)
            try:
                async with limit:
                    await self.send(msg)
                    async for reply in replies:
                        if not reply._flags & _OTHERS and answers(reply):
                            return reply
            except TimeoutError as exc:
                if isinstance(exc, CanTimeoutError) or not limit.expired():
                    raise
                raise CanTimeoutError(
                    f"{self.channel_info}: no answer to {msg:candump} within {timeout} s",
                    hint="is the other node there, and its answer's id what was asked for?",
                ) from exc
        raise self.bus._closed()

    # -- sending ----------------------------------------------------------------------

    async def send(
        self,
        msg: Message,
        timeout: float | None = None,
        *,
        confirm: bool = False,
        ttl: float | None = None,
    ) -> SendReceipt | None:
        """Send one frame; see `BusABC.send`.

        Raises:
            CanError: as `BusABC.send`.
            asyncio.CancelledError: `frames_sent` says how many frames left: 0; or None where a
                thread was sending (with `confirm` or `ttl`, without a descriptor), and may have.
        """
        if confirm or ttl is not None:
            call = partial(self.bus.send, msg, timeout, confirm=confirm, ttl=ttl)
            return await self._sender.by_thread(call, 1, in_order=self._is_by_thread)
        if self._is_by_thread or self.bus._send_waits(many=False):
            await self._sender.by_thread(partial(self.bus.send, msg, timeout), 1, in_order=True)
        else:
            await self._sender.send(msg, timeout)
        return None

    async def send_many(self, msgs: Iterable[Message], timeout: float | None = None) -> int:
        """Send several frames, in order; see `BusABC.send_many`. Other tasks run meanwhile.

        Raises:
            CanError: as `BusABC.send_many`; `sent` says how many went out before.
            asyncio.CancelledError: `frames_sent` says how many went out before; None where a
                thread was sending.
        """
        if self._is_by_thread or self.bus._send_waits(many=True):
            frames = await self._sender.validated(msgs)
            call = partial(self.bus.send_many, frames, timeout)
            return await self._sender.by_thread(call, len(frames), in_order=True)
        return await self._sender.send_many(msgs, timeout)

    @property
    def _is_by_thread(self) -> bool:
        return isinstance(self._arrivals, ThreadArrivals)

    def send_periodic(
        self, msgs: Message | Sequence[Message], period: float, *args: Any, **kwargs: Any
    ) -> CyclicSendTask:
        """Send a frame, or several in turn, once a period; see `BusABC.send_periodic`."""
        return self.bus.send_periodic(msgs, period, *args, **kwargs)

    def stop_all_periodic_tasks(self) -> None:
        """See `BusABC.stop_all_periodic_tasks`."""
        self.bus.stop_all_periodic_tasks()

    def reply_to_remote(self, msg: Message) -> RemoteReply:
        """Have remote frames answered; see `BusABC.reply_to_remote`."""
        return self.bus.reply_to_remote(msg)

    def watch(self, arbitration_id: int, **kwargs: Any) -> AsyncWatch:
        """Have a frame watched; see `BusABC.watch`. The events are awaited."""
        return AsyncWatch(self.bus.watch(arbitration_id, **kwargs))

    # -- what it is -------------------------------------------------------------------

    @property
    def channel(self) -> Any:
        """What was opened."""
        return self.bus.channel

    @property
    def channel_info(self) -> str:
        """The channel, for people."""
        return self.bus.channel_info

    @property
    def protocol(self) -> CanProtocol:
        """What kind of frames the bus was opened for."""
        return self.bus.protocol

    @property
    def state(self) -> BusState:
        """See `BusABC.state`."""
        return self.bus.state

    @property
    def can_state(self) -> CanState | None:
        """See `BusABC.can_state`."""
        return self.bus.can_state

    @property
    def statistics(self) -> BusStatistics:
        """See `BusABC.statistics`."""
        return self.bus.statistics

    @property
    def filters(self) -> Sequence[CanFilter] | None:
        """The filters in force."""
        return self.bus.filters

    def set_filters(self, filters: Filters | None = None) -> None:
        """See `BusABC.set_filters`: from now on, also for what waits already."""
        self.bus.set_filters(filters)
        if self._arrivals_made is not None:
            self._arrivals_made.sift(self.bus._make_matcher(self.bus.filters))

    def __repr__(self) -> str:
        return f"<AsyncBus of {self.bus!r}>"

    # -- the end ----------------------------------------------------------------------

    async def shutdown(self) -> None:
        """Stop all cyclic tasks and close the channel. May be called any number of times.

        Tasks that await a frame get CanClosedError; iteration ends.
        """
        if self._arrivals_made is not None:
            self._arrivals_made.end(self.bus._closed())
        # Cyclic tasks are waited for, and a serial adapter is told farewell: a thread does that,
        # and goes on if the task is cancelled.
        await in_thread(self._shut_down)

    def _shut_down(self) -> None:
        self.bus.shutdown()
        self._sender.join()
        if self._arrivals_made is not None:
            self._arrivals_made.join()

    def _bus_has_ended(self) -> None:
        """Called by whoever shut the bus down, in any thread."""
        self._sender.end()
        arrivals = self._arrivals_made
        if arrivals is None:
            return
        try:
            self._loop.call_soon_threadsafe(arrivals.end, self.bus._closed())
        except RuntimeError:  # the loop is closed, so nobody waits
            arrivals.end(self.bus._closed())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.shutdown()
