"""CanFilter: which frames a bus wants. Values and matching; the wire image is codecs/can_filter.py.

The meaning is the kernel's (net/can/af_can.c, `can_rcv_list_find` and `can_rcv_filter`), on every
backend: a frame matches if `(id & mask) == (can_id & mask)`; several filters are OR-ed, inverted
ones too; error frames pass every id filter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import NoneType
from typing import Any, NamedTuple

from canbus.errors import CanConfigError
from canbus.frame_flags import (
    EFF,
    EFF_MASK,
    ERR,
    RTR,
    SFF_MASK,
)
from canbus.message import Message

INVERTED = 0x20000000
"""CAN_INV_FILTER of <linux/can.h>: in a filter's can_id, where frames have the error flag."""

_KEYS = ("can_id", "can_mask", "extended", "inverted", "remote")
_KNOWN, _NEEDED = frozenset(_KEYS), frozenset(_KEYS[:2])
_SWITCH: tuple[Any, ...] = (bool, NoneType)


class CanFilter(NamedTuple):
    """One filter; python-can's dictionary with the same keys is accepted wherever this is.

    Attributes:
        can_id: identifier without flag bits.
        can_mask: which bits of the identifier count; 0 lets every identifier pass.
        extended: True for 29-bit frames only, False for 11-bit, None for both.
        inverted: pass what does *not* match.
        remote: True for remote frames only, False for data frames, None for both.
    """

    can_id: int
    can_mask: int
    extended: bool | None = None
    inverted: bool = False
    remote: bool | None = None

    @staticmethod
    def nothing() -> Sequence[CanFilter]:
        """The filter set that lets no frame pass (error frames aside): a send-only bus.

        Hand it on as it is: a list made of it is `[]`, which means everything.
        """
        return NOTHING

    def words(self) -> tuple[int, int]:
        """`can_id` and `can_mask` with the kernel's flag bits: struct can_filter."""
        mask = self.can_mask
        word = self.can_id
        if self.extended is not None:
            word |= EFF if self.extended else 0
            # As the kernel: with 11-bit frames only 11 bits can be compared.
            mask = (mask if self.extended else mask & SFF_MASK) | EFF
        if self.remote is not None:
            word |= RTR if self.remote else 0
            mask |= RTR
        return word & mask | (INVERTED if self.inverted else 0), mask


class _Nothing(tuple[CanFilter, ...]):
    """An empty set that differs from `[]`, which python-can reads as 'everything'."""

    __slots__ = ()

    def __reduce__(self) -> str:
        return "NOTHING"  # a copy or a pickle of it is itself

    def __repr__(self) -> str:
        return "CanFilter.nothing()"


NOTHING = _Nothing()

Filters = Iterable[CanFilter | Mapping[str, Any]]


def normalise(filters: Filters | None) -> Sequence[CanFilter] | None:
    """Turn what a user gives into a sequence of CanFilter, or None for 'everything'.

    Raises:
        CanConfigError: a ValueError that names the offending filter.
    """
    if filters is None or isinstance(filters, _Nothing):
        return filters
    if isinstance(filters, (CanFilter, Mapping)):
        raise CanConfigError(
            "can_filters must be a sequence of filters, not one filter",
            hint="write can_filters=[...]",
        )
    if not isinstance(filters, Iterable):
        raise CanConfigError(f"can_filters={filters!r} is no sequence of filters")
    return tuple(_normalise_one(entry) for entry in filters) or None


def _normalise_one(entry: CanFilter | Mapping[str, Any]) -> CanFilter:
    if isinstance(entry, CanFilter):
        made = entry
    elif isinstance(entry, Mapping):
        if not _NEEDED <= entry.keys() <= _KNOWN:
            unknown = [key for key in entry if key not in _KNOWN]
            problem = f"unknown key {unknown[0]!r}" if unknown else "can_id or can_mask is missing"
            raise CanConfigError(
                f"filter {dict(entry)!r}: {problem}", hint=f"the keys are {', '.join(_KEYS)}"
            )
        made = CanFilter(**entry)
    else:
        raise CanConfigError(f"{entry!r} is not a filter", hint="use CanFilter or a dictionary")
    _validate(made)
    return made


def _is_usual(entry: CanFilter) -> bool:
    """A quick look at one that is certainly right; there may be hundreds."""
    can_id, can_mask, extended, inverted, remote = entry
    return (
        can_id.__class__ is can_mask.__class__ is int
        and 0 <= can_id <= (SFF_MASK if extended is False else EFF_MASK)
        and 0 <= can_mask <= EFF_MASK
        and extended.__class__ in _SWITCH
        and inverted.__class__ in _SWITCH
        and remote.__class__ in _SWITCH
    )


def _validate(entry: CanFilter) -> None:
    if _is_usual(entry):
        return
    for name in ("can_id", "can_mask"):
        value = getattr(entry, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise CanConfigError(f"{entry}: {name} must be an int >= 0, not {value!r}")
        if value > EFF_MASK:
            raise CanConfigError(
                f"{entry}: {name} {value:#x} has bits beyond the 29 of an identifier",
                hint="flag bits do not belong there: use extended=, remote= and inverted=",
            )
    for name in ("extended", "inverted", "remote"):
        value = getattr(entry, name)
        if not isinstance(value, _SWITCH):
            raise CanConfigError(f"{entry}: {name} must be True, False or None, not {value!r}")
    if entry.extended is False and entry.can_id & entry.can_mask > SFF_MASK:
        raise CanConfigError(
            f"{entry}: can_id {entry.can_id:#x} does not fit the 11 bits of a standard frame",
            hint="drop extended=False, or correct the id",
        )


Matcher = Callable[[Message], bool]


def matcher(filters: Sequence[CanFilter] | None, *, joined: bool = False) -> Matcher | None:
    """A function that says whether a frame passes; None where every frame does.

    Args:
        filters: which frames pass.
        joined: those that match all of the filters, rather than any of them.

    Filters for exactly one identifier are looked up in a set, so their number costs nothing.
    """
    if filters is None:
        return None
    if joined:
        return _joined_matcher(filters)
    exact: set[int] = set()
    masked: list[tuple[int, int, bool]] = []
    for entry in filters:
        words = _exact(entry)
        if words is not None:
            exact.update(words)
        else:
            word, mask = entry.words()
            masked.append((word & ~INVERTED & mask, mask, entry.inverted))

    def passes(msg: Message) -> bool:
        flags = msg._flags
        if flags & ERR:
            return True
        word = msg.arbitration_id | flags & (EFF | RTR)
        if word in exact:
            return True
        return any((word & mask == want) is not inverted for want, mask, inverted in masked)

    return passes


def exact_words(filters: Sequence[CanFilter]) -> set[int] | None:
    """The identifiers that pass, with their flag bits (EFF, RTR); None where these are no list.

    That is where a filter has a mask that leaves bits open, or lets pass what does not match.
    """
    found: set[int] = set()
    for entry in filters:
        words = _exact(entry)
        if words is None:
            return None
        found.update(words)
    return found


def _exact(entry: CanFilter) -> tuple[int, ...] | None:
    word, mask = entry.words()
    if entry.inverted or not mask & EFF or mask & ~RTR != EFF | _id_mask(word):
        return None
    if entry.remote is None:
        return word & ~RTR, word | RTR
    return (word,)


def _joined_matcher(filters: Sequence[CanFilter]) -> Matcher:
    single = [matcher((entry,)) for entry in filters]

    def passes(msg: Message) -> bool:
        # No filter at all passes nothing, as in the kernel: the count is never reached.
        return msg.is_error_frame or (bool(single) and all(one and one(msg) for one in single))

    return passes


def _id_mask(word: int) -> int:
    return EFF_MASK if word & EFF else SFF_MASK


def superset(filters: Sequence[CanFilter]) -> CanFilter:
    """One filter that passes at least what all of these pass: for a kernel that takes only few."""
    if any(entry.inverted for entry in filters):
        return CanFilter(0, 0)
    word, mask = filters[0].words()
    for entry in filters[1:]:
        other, other_mask = entry.words()
        mask &= other_mask & ~(word ^ other)
    return CanFilter(
        word & mask & EFF_MASK,
        mask & EFF_MASK,
        extended=bool(word & EFF) if mask & EFF else None,
        remote=bool(word & RTR) if mask & RTR else None,
    )
