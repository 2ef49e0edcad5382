"""What the unit tests of watches share: a bus whose frames the test looks after. No test here."""

from __future__ import annotations

from collections.abc import Callable

from canbus.message import Message
from canbus.testing.fakes import FakeBus
from canbus.testing.support import numbered
from canbus.watch import Watch, WatchEvent, WatchKind
from canbus.watch_job import WatchJob

TIMEOUT_NS = 300
FIRST, CHANGED, MISSING, BACK, LOST, LINK_DOWN, GONE = WatchKind


class WatchingBus(FakeBus):
    """A bus whose frames the test looks after."""

    def __init__(self) -> None:
        self.renewed = 0
        self.stopped = 0
        super().__init__()

    def _watch(self, job: WatchJob, on_event: Callable[[WatchEvent], object] | None) -> Watch:
        return Watch(job._replace(timeout_ns=TIMEOUT_NS), on_event, self._end_it, self._renew_it)

    def _end_it(self) -> None:
        self.stopped += 1

    def _renew_it(self) -> None:
        self.renewed += 1


def frame(number: int, timestamp_ns: int = 0) -> Message:
    """A frame that came at this time."""
    msg = numbered(number)
    return Message(
        arbitration_id=msg.arbitration_id,
        is_extended_id=False,
        data=msg.data,
        timestamp=timestamp_ns / 10**9,
    )


def taken(watch: Watch) -> list[WatchEvent]:
    """All that can be taken now."""
    events = []
    while (event := watch.get(0)) is not None:
        events.append(event)
    return events


def kinds(watch: Watch) -> list[WatchKind]:
    return [event.kind for event in taken(watch)]
