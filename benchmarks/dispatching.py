"""What it costs to hand a frame to its subscription, with one exact identifier and with 500.

The table and the rows of frames as the dispatcher uses them; no channel, which would cost the
same in both cases. The frames are for one subscription, the others' identifiers never come.
"""

from __future__ import annotations

from benchmarks.report import OURS, Report, Row
from benchmarks.stage import exactly, our_message
from benchmarks.timing import Chunk, medians, timed
from canbus.codecs.can_frame import decode_can_frame, encode_can_frame
from canbus.dispatch_table import DispatchTable, Entry
from canbus.filters import normalise
from canbus.inbox import Inbox
from canbus.message import Message

BATCH = 64
MANY = 500
MOST = 1.25


class _Row(Inbox):
    filters = None


def measure(report: Report) -> None:
    sides = {str(count): _handing_out(count) for count in (1, MANY)}
    spent = medians(sides, 200, 15)
    one, many = spent["1"] / BATCH, spent[str(MANY)] / BATCH
    report.add(Row("hand out a frame, 1 subscription", "ns/frame", {OURS: one}))
    report.add(Row(f"hand out a frame, {MANY} subscriptions", "ns/frame", {OURS: many}))
    report.add(Row(f"{MANY} subscriptions against 1", "times", {OURS: many / one}, ceiling=MOST))


def _handing_out(count: int) -> Chunk:
    rows = [_subscribed(number) for number in range(count)]
    table = DispatchTable([Entry(row) for row in rows], set())
    batch = [_received() for _ in range(BATCH)]
    mine = rows[0]

    def work(times: int) -> None:
        for _ in range(times):
            for entry, frames in table.route(batch):
                entry.consumer.deliver(frames)
            mine.take_many(BATCH)

    return lambda times: timed(lambda: work(times))


def _subscribed(can_id: int) -> _Row:
    row = _Row("a subscription", 10_000, "drop_oldest", advice=None)
    row.filters = normalise(exactly(can_id))  # type: ignore[assignment]
    return row


def _received() -> Message:
    return decode_can_frame(encode_can_frame(our_message(0)), 0, "vcan0", 0)
