"""BusShare: what waits for who reads the bus itself, while it has other consumers. No thread here.

An inbox with the bus's own filters. What it loses is lost to who reads the bus, and stands in the
bus's statistics.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from canbus.dispatch_table import Entry
from canbus.filters import CanFilter
from canbus.inbox import DROP_NEWEST, Inbox

if TYPE_CHECKING:
    from canbus.dispatched import Dispatched

SHARE_SIZE = 2**16
"""Frames that wait at most: as many as the largest receive buffers of the kernel hold."""

_ADVICE = (
    "statistics.rx_dropped. Read the bus faster; or, where nobody means to read it, open it with "
    "can_filters=CanFilter.nothing()"
)


class BusShare:
    """The bus's own share.

    Args:
        bus: whose.

    Attributes:
        inbox: what waits.
        entry: its place in the table; `entry.passes` has the bus's filters.
    """

    def __init__(self, bus: Dispatched) -> None:
        self.inbox = Inbox(
            f"{bus.channel_info}, read beside its consumers",
            SHARE_SIZE,
            DROP_NEWEST,
            raises=bus._raises_losses(),
            advice=None if bus._keeps_quiet_of_losses() else _ADVICE,
            changed=bus._share_changed,
        )
        self.entry = Entry(_AsConsumer(self.inbox), bus._make_matcher(bus._filters))

    def refilter(self, bus: Dispatched) -> None:
        """The bus's filters have changed: also of what waits."""
        self.entry.passes = bus._make_matcher(bus._filters)
        self.inbox.sift(self.entry.passes)


class _AsConsumer:
    """The share as the table sees it, where who looks after its filters is the entry."""

    filters: Sequence[CanFilter] | None = None

    def __init__(self, inbox: Inbox) -> None:
        self.deliver = inbox.deliver
        self.fail = inbox.fail
