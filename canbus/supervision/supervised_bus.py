"""SupervisedBus: a bus in front of one that comes and goes.

It is itself a bus as any other: subscriptions, filters, cyclic tasks and watches hang on it, and
stay. This file joins the parts: receiving and recovery are recovering.py's, sending is
sending_through.py's, when to try supervisor.py's.
"""

from __future__ import annotations

import select
from collections.abc import Callable

from canbus.bus import BusABC
from canbus.collecting import MAX_BATCH
from canbus.cyclic_job import CyclicJob
from canbus.cyclic_task import OwnedCyclicTask
from canbus.errors import CanClosedError, CanConfigError, CanUnsupportedError
from canbus.link_backed import LinkBacked
from canbus.message import Message
from canbus.state import BusState, BusStatistics, CanState
from canbus.supervision.gap import Gap, Gaps
from canbus.supervision.ledger import together
from canbus.supervision.policy import ReconnectPolicy
from canbus.supervision.sending_through import SendingThrough
from canbus.supervision.source import source_of
from canbus.supervision.supervised_task import SupervisedTask
from canbus.supervision.supervised_watch import SupervisedReply, SupervisedWatch
from canbus.supervision.supervisor import Supervisor
from canbus.waiting import Waiter
from canbus.watch import Watch, WatchEvent
from canbus.watch_job import WatchJob
from canbus.watching import RemoteReply


class SupervisedBus(SendingThrough):
    """A bus whose channel may be lost, and is had back; `canbus.supervise` makes one.

    `recv` waits through a gap, as if the wire were silent. `send` waits for the end of one by
    its timeout, and then raises CanLinkDownError; so does one whose frame was on its way when
    the channel was lost. Both raise the first error for ever once the channel was given up.

    Args:
        inner: the bus that comes and goes; shut down with this one.
        policy: how it is had back.
        reopen: opens it anew, for a backend whose own `reopen()` cannot; or None.
        sets_up: `reopen` sets its link up, too, and so is called before a `reopen()`.
        on_gap: called with each gap when it is over, or was given up, by a thread.

    Raises:
        CanUnsupportedError: nothing can open this bus anew; or there is no epoll.
        CanConfigError: a ValueError; it is supervised already, or `on_gap` is no function.
        CanOperationError: the system has no descriptor left.
    """

    def __init__(
        self,
        inner: BusABC,
        policy: ReconnectPolicy,
        reopen: Callable[[], BusABC] | None = None,
        *,
        sets_up: bool = False,
        on_gap: Callable[[Gap], object] | None = None,
    ) -> None:
        _check(inner, reopen, on_gap)
        self._inner = inner
        self._policy = policy
        self._reopen = reopen
        self._sets_up = sets_up
        self._below = inner.filters
        self._may_be_off = isinstance(inner, LinkBacked)
        self._past = BusStatistics()
        self._entries: dict[SupervisedWatch | SupervisedReply, None] = {}
        self.channel_info = inner.channel_info
        self._loss_told = True  # by the inner bus
        news = inner._open_news() if isinstance(inner, LinkBacked) else None
        self._source = source_of(inner)
        self._ears = select.epoll()
        self._ears.register(self._source.fileno(), select.EPOLLIN)
        self._waiter = Waiter(self._ears.fileno(), self._ears.close)
        self._supervisor = Supervisor(self, policy, news, on_gap)
        super().__init__(
            inner.channel, inner.filters, protocol=inner.protocol, already_filtered=True
        )
        self._be_quiet()
        self._supervisor.start()

    def _be_quiet(self) -> None:
        """The inner bus logs frames."""
        self._log = None
        self._ahead = MAX_BATCH
        self._screen(None)

    @property
    def inner(self) -> BusABC:
        """The bus itself, for what only its backend has. In a gap it may be shut down."""
        return self._inner

    @property
    def gap(self) -> Gap | None:
        """The gap that lasts now, without its end; None while the channel is there."""
        return self._supervisor.gap

    @property
    def gaps(self) -> Gaps:
        """Gaps that are over, or were given up, to be taken one by one."""
        return self._supervisor.gaps

    def fileno(self) -> int:
        """A descriptor that is readable whenever a frame waits, or the channel was given up."""
        if self._is_shutdown:
            raise self._closed()
        return self._hand_out(self._ears.fileno())

    # -- what goes on over a gap ------------------------------------------------------

    def _make_task(self, job: CyclicJob, engine: str, is_stored: bool) -> OwnedCyclicTask:
        if engine != "thread" and job.limit is None:
            task = self._inner._make_task(job, engine, is_stored=False)
            if task.engine != "thread":
                return SupervisedTask(job, self, task.engine, is_stored)
        elif engine == "bcm":
            raise CanUnsupportedError(
                f"{self.channel_info}: the kernel cannot say how many frames of a task are left "
                "when its channel is lost",
                hint='leave engine out, or say "thread": a supervised bus counts itself',
            )
        return super()._make_task(job, "thread", is_stored)

    def _check_addressed(self, msg: Message) -> None:
        self._inner._check_addressed(msg)

    def _check_sendable(self, msg: Message) -> None:
        self._check_open()
        self._supervisor.check()
        gap = self._supervisor.gap
        if gap is not None:
            raise self._not_sent(gap)
        self._inner._check_sendable(msg)

    def _watch(self, job: WatchJob, on_event: Callable[[WatchEvent], object] | None) -> Watch:
        watch = SupervisedWatch(job, on_event, self)
        self._enter(watch)
        return watch.handle

    def _reply(self, msg: Message) -> RemoteReply:
        reply = SupervisedReply(msg, self)
        self._enter(reply)
        return reply

    def _enter(self, entry: SupervisedWatch | SupervisedReply) -> None:
        entry.begin()
        self._entries[entry] = None
        if self._is_shutdown:  # meanwhile
            entry.end()
            raise self._closed()

    def _forget(self, entry: SupervisedWatch | SupervisedReply) -> None:
        self._entries.pop(entry, None)

    def _restore(self, *, is_anew: bool) -> None:
        for task in list(self._cyclic.running):
            if isinstance(task, SupervisedTask):
                task.restore(is_anew=is_anew)
        for entry in list(self._entries):
            entry.restore(is_anew=is_anew)

    # -- state and lifetime -----------------------------------------------------------

    @property
    def can_state(self) -> CanState | None:
        """See BusABC."""
        return self._inner.can_state

    @property
    def state(self) -> BusState:
        """See BusABC."""
        return self._inner.state

    @state.setter
    def state(self, new_state: BusState) -> None:
        self._inner.state = new_state

    def restart(self) -> None:
        """See BusABC."""
        self._inner.restart()

    def reopen(self) -> None:
        """Try to have the channel back now, rather than after the next delay; not waited for."""
        self._check_open()
        self._supervisor.check()
        self._supervisor.look()

    def _read_statistics(self) -> BusStatistics:
        try:
            return together(self._past, self._inner.statistics)
        except CanClosedError:  # in a gap
            return together(self._past, BusStatistics())

    def _close(self) -> None:
        self._supervisor.close()
        try:
            super()._close()
        finally:
            self._close_inner()

    def _after_close(self) -> None:
        super()._after_close()
        for entry in list(self._entries):
            entry.end()
        if not self._waiter.is_inherited:
            self._supervisor.join()


def _check(inner: BusABC, reopen: object, on_gap: object) -> None:
    if isinstance(inner, SupervisedBus):
        raise CanConfigError(f"{inner} is supervised already; nobody needs that twice")
    if on_gap is not None and not callable(on_gap):
        raise CanConfigError(f"on_gap {on_gap!r} cannot be called", hint="give a function")
    if reopen is None and type(inner).reopen is BusABC.reopen:
        raise CanUnsupportedError(
            f"{inner}: this backend cannot reopen a channel",
            hint="supervise() can open it anew: give it the arguments of can.Bus, and no bus",
        )
    if not hasattr(select, "epoll"):
        raise CanUnsupportedError(f"{inner}: a bus can be supervised on Linux only")
