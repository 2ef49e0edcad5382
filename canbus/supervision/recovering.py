"""Recovering: the receiving half of SupervisedBus, and how it has its channel back.

The inner bus is read through an epoll descriptor that has nothing in it during a gap: who waits
for frames sleeps through it. When to try is supervisor.py's.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from canbus.bus import BusABC
from canbus.errors import (
    CanChannelNotFoundError,
    CanError,
    CanFramesLostError,
    CanLinkDownError,
    CanLinkError,
    CanUnsupportedError,
)
from canbus.filters import CanFilter
from canbus.frame_flags import ERR
from canbus.link_backed import LinkBacked
from canbus.logs import logger
from canbus.message import Message
from canbus.prefetch import PrefetchingBus
from canbus.state import BusStatistics, CanState
from canbus.supervision.gap import GapCause, cause_of
from canbus.supervision.ledger import together
from canbus.supervision.loss import is_loss, refuses
from canbus.supervision.policy import ReconnectPolicy
from canbus.supervision.source import Source, source_of

if TYPE_CHECKING:
    from canbus.supervision.supervisor import Supervisor

_BUS_OFF = 0x40  # CAN_ERR_BUSOFF of <linux/can/error.h>
_TELLINGS = 4
"""How often a channel that is back may still tell that it was lost."""


class Recovering(PrefetchingBus):
    """A bus in front of another; SupervisedBus sets these."""

    _supervisor: Supervisor
    _policy: ReconnectPolicy
    _inner: BusABC
    _source: Source
    _ears: select.epoll
    _reopen: Callable[[], BusABC] | None
    _sets_up: bool  # _reopen sets the link up, too
    _past: BusStatistics  # of inner buses that were closed
    _below: Sequence[CanFilter] | None  # what the inner bus is to filter
    _is_below_due: bool = False  # and was not told yet
    _is_draining: bool = False
    _may_be_off: bool = False  # bus-off: worth to ask
    _is_refusal_told: bool = False

    # -- receiving --------------------------------------------------------------------

    def _read_batch(self, limit: int) -> list[Message]:
        if self._supervisor.gap is not None and not self._is_draining:
            self._supervisor.check()
            return []
        try:
            batch = self._source.read(limit)
        except CanError as exc:
            if self._is_shutdown:
                raise self._closed() from None
            if self._is_draining or not is_loss(exc):
                raise
            self._supervisor.lost(exc)
            return []
        for msg in batch:
            if msg._flags & ERR and msg.arbitration_id & _BUS_OFF:
                self._may_be_off = True
                self._supervisor.look()
        return batch

    def _install_filters(self, filters: Sequence[CanFilter] | None) -> bool:
        self._below = filters
        self._is_below_due = True
        if self._supervisor.gap is None:
            try:
                self._inner.set_filters(filters)
                self._is_below_due = False
            except CanError as exc:
                if not refuses(exc):
                    raise
                self._supervisor.lost(exc)
        return True

    def _before_dispatch(self) -> None:
        if self._filters_cost and self._supervisor.gap is None:
            self._install_filters(None)

    def _install_union(self, filters: Sequence[CanFilter] | None) -> None:
        if not self._filters_cost:
            super()._install_union(filters)

    @property
    def _filters_cost(self) -> bool:
        """Whether the inner bus is not to be told other filters at every turn."""
        return type(self._inner)._before_dispatch is not BusABC._before_dispatch

    # -- for the supervisor: what is wrong --------------------------------------------

    def _diagnose(self) -> tuple[CanError, GapCause] | None:
        inner = self._inner
        trouble = self._trouble_below()
        if trouble is None and isinstance(inner, LinkBacked):
            trouble = inner._missed()
        if trouble is not None:
            return trouble, cause_of(trouble)
        if self._may_be_off:  # which an adapter is not asked for nothing
            self._may_be_off = isinstance(self._inner, LinkBacked)
            if self._is_bus_off():
                return self._off(), GapCause.BUS_OFF
        with suppress(CanError):  # if it is about the channel, the next look tells
            self._restore(is_anew=False)
        return None

    def _trouble_below(self) -> CanError | None:
        inner = self._inner
        return inner._trouble() if isinstance(inner, LinkBacked) else None

    def _is_bus_off(self) -> bool:
        try:
            return self._inner.can_state is CanState.BUS_OFF
        except CanError:
            return False

    def _off(self, exc: CanError | None = None) -> CanLinkDownError:
        why = "" if exc is None else f", and cannot be restarted: {exc}"
        return CanLinkDownError(f"{self.channel_info}: the controller is bus-off{why}")

    def _lose_channel(self) -> None:
        with suppress(OSError, ValueError):  # not registered any more; closed
            self._ears.unregister(self._source.fileno())

    # -- for the supervisor: having it back -------------------------------------------

    def _bring_back(self, why: CanError, cause: GapCause, is_due: bool) -> None:
        trouble = self._trouble_below()
        if isinstance(trouble, CanChannelNotFoundError):  # a link goes down before it goes away
            self._supervisor.is_gone()
        is_anew = self._helps_only_opening(trouble or why, cause)
        if is_anew:
            self._open_anew()
            trouble = self._trouble_below()
        if trouble is not None:
            raise trouble
        if cause is GapCause.BUS_OFF and not is_anew:
            self._end_bus_off(is_due)
        if self._is_below_due:
            self._inner.set_filters(self._below)
            self._is_below_due = False
        self._source.renew()
        self._settle()
        self._restore(is_anew=is_anew)

    def _helps_only_opening(self, error: CanError, cause: GapCause) -> bool:
        if not isinstance(error, CanLinkDownError):
            return True
        return not (isinstance(self._inner, LinkBacked) or cause is GapCause.BUS_OFF)

    def _end_bus_off(self, is_due: bool) -> None:
        if is_due and self._policy.restart_bus_off and self._is_bus_off():
            try:
                self._restart_controller()
            except CanError as exc:
                if refuses(exc):
                    raise
                raise self._off(exc) from exc
        if self._is_bus_off():
            raise self._off()

    def _restart_controller(self) -> None:
        inner = self._inner
        try:
            if isinstance(inner, LinkBacked):
                inner._restart_clean()
            else:
                inner.restart()
        except (CanLinkError, CanUnsupportedError) as exc:
            if not self._is_refusal_told:
                self._is_refusal_told = True
                logger().warning(
                    "%s is bus-off, and is waited for, as it cannot be restarted: %s; %s",
                    self.channel_info,
                    exc,
                    exc.hint,
                )
            raise

    def _open_anew(self) -> None:
        if type(self._inner).reopen is BusABC.reopen:
            assert self._reopen is not None  # noqa: S101 - the constructor has seen to it
            self._replace_inner(self._reopen)
            return
        if self._sets_up and self._reopen is not None:
            self._reopen().shutdown()
        self._inner.reopen()

    def _replace_inner(self, reopen: Callable[[], BusABC]) -> None:
        """Have another bus in the place of the one that is lost, which is closed first."""
        if not self._inner._is_shutdown:
            self._retire(self._inner)
        fresh = reopen()
        try:
            fresh.set_filters(self._below)
            source = source_of(fresh)
        except BaseException:
            fresh.shutdown()
            raise
        with self._read_lock:
            self._inner, self._source = fresh, source
        if self._is_shutdown:  # meanwhile
            self._close_inner()
            raise self._closed()

    def _retire(self, old: BusABC) -> None:
        with suppress(CanError):
            self._drain()
        with suppress(CanError):
            self._past = together(self._past, old.statistics)
        self._close_inner()

    def _close_inner(self) -> None:
        try:
            self._inner.shutdown()
        finally:
            self._source.close()

    def _settle(self) -> None:
        """Have it tell now what it still has to tell of the loss, so that it is not told twice."""
        for tellings in range(1, _TELLINGS + 1):
            try:
                self._drain()
            except CanError as exc:
                trouble = self._trouble_below()
                if trouble is not None:
                    raise trouble from None
                if tellings == _TELLINGS or not isinstance(self._inner, LinkBacked):
                    raise exc from None
            else:
                return

    def _drain(self) -> None:
        """Read what waits, up to an error that says that the channel is lost."""
        with self._read_lock:
            self._is_draining = True
            try:
                self._read_all()
            except CanFramesLostError as exc:
                if self._held is None:
                    self._hold(exc, [])
            finally:
                self._is_draining = False

    def _listen_again(self, end: Callable[[], None]) -> None:
        with self._read_lock:
            with suppress(FileExistsError, ValueError):  # closed by a signal handler
                self._ears.register(self._source.fileno(), select.EPOLLIN)
            end()
        self._waiter.kick()

    def _channel_given_up(self, error: CanError) -> None:
        with self._read_lock:
            if self._held is None:
                self._hold(error, [])
        self._waiter.kick()

    def _restore(self, *, is_anew: bool) -> None:
        """Have everything go on that hangs on the channel; with `is_anew` it is another one."""
        raise NotImplementedError
