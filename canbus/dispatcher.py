"""Dispatcher: hands the frames of one bus to all its consumers, as long as there are any.

Who gets which frame is dispatch_table.py's, the thread dispatch_reader.py's, and how a bus is read
dispatched.py's (and prefetch.py's, for those that read many frames at once). Here is who is there,
and from which frame on.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from canbus.bus_share import BusShare
from canbus.dispatch_reader import DispatchReader, Job
from canbus.dispatch_table import Consumer as Consumer  # noqa: PLC0414 - a name of this module
from canbus.dispatch_table import DispatchTable, Entry, union
from canbus.errors import CanClosedError, CanConfigError, CanError
from canbus.inbox import Inbox
from canbus.message import Message

if TYPE_CHECKING:
    from canbus.dispatched import Dispatched


class Dispatcher(DispatchReader):
    """Hands the frames of one bus to its consumers.

    The bus itself is one of them: from the moment it was read from it has a share, an inbox
    with the bus's filters, from which `recv` and all the others take while there is a
    dispatcher. Below Python the filters are the union of all consumers', and follow.

    Args:
        bus: the bus; use `dispatcher_of`.
    """

    def __init__(self, bus: Dispatched) -> None:
        super().__init__(bus)
        self._installed: object = self  # equal to no filters
        self._share: BusShare | None = None
        self._share_lost = 0

    # -- for consumers ----------------------------------------------------------------

    def add(self, consumer: Consumer, *, in_place_of_bus: bool = False) -> None:
        """Hand frames to this consumer from now on.

        Frames that wait already are for those who are there already: the bus's own share
        among them.

        Args:
            consumer: who gets frames.
            in_place_of_bus: it takes what waits for who reads the bus itself, and that has no
                share any more until somebody reads it again.

        Raises:
            CanClosedError: the bus was shut down.
            CanConfigError: a ValueError; the consumer was added already.
            CanError: the filters cannot be installed.
        """
        bus = self._bus()
        bus._before_dispatch()
        with bus._dispatch_lock():
            bus._check_open()
            if id(consumer) in self._entries:
                raise CanConfigError(f"{consumer!r} gets the frames of {bus} already")
            entry = Entry(consumer)
            if not self._is_running:
                self._begin(bus, entry if in_place_of_bus else None)
            elif in_place_of_bus:
                self._take_place(entry)
            try:
                if not in_place_of_bus:
                    self._set_aside(bus)
                self._entries[id(consumer)] = entry
                self._follow(bus)
                if self._thread is None:
                    self._start(bus)
            except BaseException:
                self._entries.pop(id(consumer), None)
                if self._thread is None:
                    self._finish(bus)
                else:
                    self._narrow(bus)
                raise
        bus._wake()

    def remove(self, consumer: Consumer) -> None:
        """Hand it nothing any more; whatever was never added is not missed.

        It is not called any more after this, unless by the very call that removes it, or one
        that goes on for more than a second. With the last consumer the thread ends.
        """
        bus = self._reference()
        if bus is None:
            return
        with bus._dispatch_lock():
            entry = self._entries.pop(id(consumer), None)
            if entry is None:
                return
            entry.is_gone = True
            thread = None if self._entries else self._thread
            if self._entries and self.is_running and not bus._is_shutdown:
                self._narrow(bus)
        bus._wake()
        self._let_finish(entry)
        self._join(bus, thread)

    def refilter(self, consumer: Consumer | None = None) -> None:
        """The filters of a consumer have changed; None: maybe those of all.

        Raises:
            CanError: they cannot be installed; frames are handed out by the new ones even so.
        """
        bus = self._bus()
        with bus._dispatch_lock():
            if self.is_running and (consumer is None or id(consumer) in self._entries):
                self._follow(bus)

    def sift(self, inbox: Inbox, change: Callable[[], None]) -> None:
        """Change the filters of a consumer that is an inbox, and what waits in it at once."""
        bus = self._bus()
        with bus._dispatch_lock():
            if self.is_running:
                self._set_aside(bus)  # by the filters of until now, and then by both
            change()
            self._unsettled.append(inbox)
            self.refilter()

    # -- for the bus ------------------------------------------------------------------

    @property
    def lost(self) -> int:
        """Frames that the bus's own share had no room for."""
        share = self._share
        return self._share_lost + (0 if share is None else share.inbox.lost)

    @property
    def has_waiting(self) -> bool:
        """Whether something waits in the bus's own share."""
        share = self._share
        return share is not None and len(share.inbox) > 0

    def share(self) -> Inbox | None:
        """What to take from, for who reads the bus; None: the channel itself."""
        share = self._share
        if share is not None and (self.is_running or len(share.inbox)):
            return share.inbox
        bus = self._bus()
        with bus._dispatch_lock():
            if not self.is_running:
                self._drop_share()
                return None
            if self._share is None:
                self._share = BusShare(bus)
                self._set_aside(bus)
                self._follow(bus)
            return self._share.inbox

    def refilter_bus(self) -> None:
        """`bus.filters` have changed."""
        bus = self._bus()
        with bus._dispatch_lock():
            if self.is_running:
                self._set_aside(bus)
            share = self._share
            if share is not None:
                share.refilter(bus)
                self._unsettled.append(share.inbox)
            if self.is_running:
                self._follow(bus)

    def inject(self, msg: Message) -> None:
        """A frame that somebody else has taken from the channel."""
        bus = self._bus()
        with bus._dispatch_lock():
            self._pending.append(Job(self._table, [msg]))
        bus._wake()

    def close(self, error: CanClosedError) -> None:
        """The bus was shut down: end the thread, and let everybody know."""
        if self.is_inherited:
            return
        told: list[object] = [each.consumer for each in list(self._entries.values())]
        if self._share is not None:
            told.append(self._share.inbox)
        for one in told:
            if isinstance(one, Inbox):  # the others are told by the thread
                one.close(error)
        thread, bus = self._thread, self._reference()
        if bus is not None:  # else nobody could use it, and the thread would have
            bus._wake()
            self._join(bus, thread)

    # -- who is there; with the lock held ---------------------------------------------

    def _begin(self, bus: Dispatched, in_place: Entry | None) -> None:
        """From now on frames are read here."""
        kept = bus._begin_dispatch()
        self._is_running = True
        self._installed = self
        self._thread = None
        if in_place is not None:
            frames, errors = ([], []) if self._share is None else self._share.inbox.empty()
            self._drop_share()
            self._put(self._table_of(in_place), frames + kept, errors)
            return
        if bus._was_read and self._share is None:
            self._share = BusShare(bus)
        if self._share is not None:
            self._share.inbox.deliver(kept)
            self._table = self._table_of(self._share.entry)

    def _take_place(self, entry: Entry) -> None:
        share = self._share
        if share is None or share.inbox.waiting:
            return
        frames, errors = share.inbox.empty()
        share.entry.is_gone = True
        self._drop_share()
        self._put(self._table_of(entry), frames, errors)

    def _put(self, table: DispatchTable, frames: list[Message], errors: list[CanError]) -> None:
        self._pending.extend(Job(table, [], error) for error in errors)
        if frames:
            self._pending.append(Job(table, frames))

    def _set_aside(self, bus: Dispatched) -> None:
        """What has come until now is for those who are there until now."""
        for _ in range(bus._most_waiting() + 1):
            try:
                frames = bus._collect()
                job = Job(self._table, frames) if frames else None
            except CanError as exc:
                frames = []
                job = self._failed(bus, exc)
            if job is not None and (self._entries or self._thread is not None):
                self._pending.append(job)  # behind what the thread is handing out now
            elif job is not None:  # only the bus's own share is there, which takes no time
                self._carry_out(job)
            if not frames:
                return

    def _follow(self, bus: Dispatched) -> None:
        """Let filters and table be those of who is there."""
        entries = [*self._entries.values()]
        wanted = [each.consumer.filters for each in entries]
        if self._share is not None:
            entries.append(self._share.entry)
            wanted.append(bus._filters)
        together = union(wanted)
        try:
            if together != self._installed:
                self._installed = self
                bus._install_union(together)
                self._installed = together
        finally:
            self._table = self._table_of(*entries)

    def _narrow(self, bus: Dispatched) -> None:
        try:
            self._follow(bus)
        except CanError:
            return  # more than is needed passes below, and everybody's filters are looked at here

    def _has_ended(self) -> None:
        self._installed = self
        if self._share is not None:
            self._share.inbox.look_again()

    def _drop_share(self) -> None:
        if self._share is not None:
            self._share_lost += self._share.inbox.lost
            self._share.inbox.leave()
            self._share = None


def dispatcher_of(bus: Dispatched) -> Dispatcher:
    """The dispatcher of this bus, made when it is first asked for."""
    with bus._dispatch_lock():
        found = bus._dispatcher
        if found is None:
            found = bus._dispatcher = Dispatcher(bus)
            _served.add(bus)
        return found


_served: weakref.WeakSet[Dispatched] = weakref.WeakSet()


def _after_fork() -> None:
    """In a forked child, where the threads are not that read, nor who may have held a lock."""
    for bus in list(_served):
        bus._leave_dispatch()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
