"""DispatchTable: which consumer gets which of the frames of a batch. No thread, no bus, no queue.

Filters for exactly one identifier are found in a dictionary, so that their number costs a frame
nothing; the others are asked one by one. Each consumer has frames of its own: what it does to
one, no other sees.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from copy import copy
from typing import Protocol

from canbus.detailed_message import detailed
from canbus.errors import CanError
from canbus.filters import NOTHING, CanFilter, Matcher, exact_words, matcher
from canbus.frame_flags import EFF, ERR, RTR
from canbus.message import Message, received

_KIND = EFF | RTR


class Consumer(Protocol):
    """Who gets frames of a bus; see `Dispatcher.add`."""

    @property
    def filters(self) -> Sequence[CanFilter] | None:
        """Which frames, normalised as `bus.filters`; None for all."""

    def deliver(self, frames: list[Message]) -> None:
        """Take these frames, in the reader's thread: they are its own.

        Should neither raise nor take long: the others wait meanwhile.
        """

    def fail(self, error: CanError) -> None:
        """Reading failed: told once, until it goes on. CanClosedError is the end."""


class Entry:
    """One consumer in the table.

    Attributes:
        consumer: who.
        passes: says whether a frame is for it, where the consumer's filters do not.
        is_gone: it was removed, and gets nothing any more.
        lost: frames lost before the next one that it gets.
        told: the failure that it was told of and that lasts.
        at_work: held while it is called.
    """

    __slots__ = ("at_work", "consumer", "is_gone", "lost", "passes", "told")

    def __init__(self, consumer: Consumer, passes: Matcher | None = None) -> None:
        self.consumer = consumer
        self.passes = passes
        self.is_gone = False
        self.lost = 0
        self.told: object = None
        self.at_work = threading.RLock()  # it may remove itself


class DispatchTable:
    """What the filters of some consumers say, at one moment.

    Args:
        entries: the consumers.
        lossy: those whose next frame is to say that some were lost; shared by all tables.
    """

    def __init__(self, entries: Iterable[Entry], lossy: set[Entry]) -> None:
        self.entries = tuple(entries)
        self._lossy = lossy
        self._exact: dict[int, tuple[Entry, ...]] = {}
        self._all = tuple[Entry, ...]()
        self._asked: list[tuple[Entry, Matcher]] = []
        for entry in self.entries:
            self._add(entry)
        self._only = self._all[0] if self.entries == self._all and len(self._all) == 1 else None

    def _add(self, entry: Entry) -> None:
        filters = entry.consumer.filters
        if filters is not None and entry.passes is None:
            words = exact_words(filters)
            if words is not None:
                for word in words:
                    self._exact[word] = (*self._exact.get(word, ()), entry)
                return
        passes = entry.passes or matcher(filters)
        if passes is None:
            self._all += (entry,)
        else:
            self._asked.append((entry, passes))

    def route(self, frames: list[Message]) -> list[tuple[Entry, list[Message]]]:
        """Who gets which, each in order."""
        if self._lossy or any([msg.lost_before for msg in frames]):  # noqa: C419 - quicker
            return self._route_marked(frames)
        if self._only is not None:
            return [(self._only, frames)]
        boxes: dict[Entry, list[Message]] = {}
        exact, is_simple = self._exact, not (self._all or self._asked)
        for msg in frames:
            flags = msg._flags
            if is_simple and not flags & ERR:  # written out, as it is what there is most of
                takers = exact.get(msg.arbitration_id | flags & _KIND, ())
            else:
                takers = self._takers(msg)
            one: Message | None = msg
            for entry in takers:
                own, one = one or twin(msg), None
                if entry in boxes:
                    boxes[entry].append(own)
                else:
                    boxes[entry] = [own]
        return list(boxes.items())

    def _takers(self, msg: Message) -> tuple[Entry, ...]:
        flags = msg._flags
        if flags & ERR:  # error frames pass every filter by identifier
            return tuple(each for each in self.entries if each.passes is None or each.passes(msg))
        takers = self._exact.get(msg.arbitration_id | flags & _KIND, ())
        if self._all:
            takers += self._all
        for entry, passes in self._asked:
            if passes(msg):
                takers += (entry,)
        return takers

    def _route_marked(self, frames: list[Message]) -> list[tuple[Entry, list[Message]]]:
        """The same where frames were lost: each consumer's next frame says so."""
        boxes: dict[Entry, list[Message]] = {}
        for msg in frames:
            lost = msg.lost_before
            if lost:
                self._lossy.update(self.entries)
                for entry in self.entries:
                    entry.lost += lost
            takers = self._takers(msg)
            owned = [twin(msg) if number else msg for number in range(len(takers))]
            for entry, one in zip(takers, owned, strict=True):
                own = one
                if entry.lost != lost:
                    own = detailed(one, entry.lost, one.hardware_timestamp_ns)
                entry.lost = 0
                self._lossy.discard(entry)
                boxes.setdefault(entry, []).append(own)
        return list(boxes.items())


def twin(msg: Message) -> Message:
    """A copy that owns its data."""
    if msg.__class__ is Message and msg._data.__class__ is bytes:  # which nobody can change
        return received(
            msg.arbitration_id, msg._flags, msg._data, msg.dlc, msg.timestamp_ns, msg.channel
        )
    return copy(msg)


def union(sets: Iterable[Sequence[CanFilter] | None]) -> Sequence[CanFilter] | None:
    """Filters that pass what any of these sets pass; None for everything."""
    found: dict[CanFilter, None] = {}
    for filters in sets:
        if filters is None:
            return None
        found.update(dict.fromkeys(filters))
    return tuple(found) or NOTHING
