"""LinkChange: what differs between two looks at the links, and in plain words. Pure.

Looking is done in watching.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Literal, NamedTuple

from canbus.link_info import LinkInfo, LinkTiming
from canbus.state import CanState


class LinkChange(NamedTuple):
    """A CAN interface that appeared, is gone, or differs in something that counts.

    Attributes:
        before: the link as it was; None if it appeared.
        after: the link as it is; None if it is gone.
    """

    before: LinkInfo | None
    after: LinkInfo | None

    @property
    def kind(self) -> Literal["appeared", "gone", "changed"]:
        """Which of the three."""
        if self.before is None:
            return "appeared"
        return "gone" if self.after is None else "changed"

    @property
    def name(self) -> str:
        """Of the interface, as it is or, once it is gone, was."""
        link = self.after or self.before
        return link.name if link is not None else ""

    def describe(self) -> str:
        """In plain words: "can0: state ERROR_PASSIVE -> BUS_OFF; no carrier"."""
        before, after = self
        if before is None or after is None:
            state = "" if after is None else f", {_up(after)}"
            return f"{self.name}: {self.kind}{state}"
        return f"{before.name}: {'; '.join(_differences(before, after))}"


def compare(before: Iterable[LinkInfo], after: Iterable[LinkInfo]) -> list[LinkChange]:
    """What changed between two looks: what is gone first, then the rest by index.

    A link is the same if its index is: one that was made anew is gone, and has appeared. Error
    counters and statistics alone are no change.
    """
    old = {link.index: link for link in before}
    new = {link.index: link for link in after}
    gone = [LinkChange(link, None) for index, link in sorted(old.items()) if index not in new]
    others = [LinkChange(old.get(index), link) for index, link in sorted(new.items())]
    return gone + [change for change in others if _counts(change)]


def _counts(change: LinkChange) -> bool:
    before, after = change
    if before is None or after is None:
        return True
    # Two that are set up alike are equal, whatever their state.
    return (
        before != after
        or before.state is not after.state
        or before.has_carrier is not after.has_carrier
    )


def _up(link: LinkInfo) -> str:
    return "up" if link.is_up else "down"


def _differences(before: LinkInfo, after: LinkInfo) -> Iterator[str]:
    if before.name != after.name:
        yield f"renamed to {after.name}"
    if before.is_up != after.is_up:
        yield _up(after)
    if before.state is not after.state:
        yield f"state {_state(before.state)} -> {_state(after.state)}"
    if before.has_carrier is not after.has_carrier and before.is_up == after.is_up:
        yield "has carrier" if after.has_carrier else "no carrier"
    for each in fields(LinkInfo):
        old, new = getattr(before, each.name), getattr(after, each.name)
        if each.compare and old != new and each.name not in {"name", "is_up"}:
            yield from _difference(each.name, old, new)


def _difference(name: str, old: object, new: object) -> Iterator[str]:
    if isinstance(old or new, LinkTiming):
        yield from _timing(name, old, new)
    elif name == "modes" and isinstance(old, frozenset) and isinstance(new, frozenset):
        for mode in sorted(old ^ new):
            yield f"{mode} {'on' if mode in new else 'off'}"
    elif name in {"alias", "mtu", "txqueuelen", "restart_ms", "termination", "peer", "kind"}:
        yield f"{name} {_shown(old)} -> {_shown(new)}"
    else:
        yield f"{name} changed"


def _timing(name: str, old: object, new: object) -> Iterator[str]:
    rates = [timing.bitrate if isinstance(timing, LinkTiming) else None for timing in (old, new)]
    if rates[0] != rates[1]:
        word = name.replace("bit_timing", "bitrate")
        yield f"{word} {_shown(rates[0])} -> {_shown(rates[1])}"
    else:
        yield f"{name} changed"


def _state(state: CanState | None) -> str:
    return "unknown" if state is None else state.name


def _shown(value: object) -> str:
    return "none" if value is None else str(value)
