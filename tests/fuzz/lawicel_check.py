"""What must hold of the slcan codec whatever bytes come; lawicel.py feeds it. No fuzzer here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from canbus.codecs.lawicel import (
    MAX_HEADERS,
    MAX_LINE,
    LawicelDecoder,
    LawicelEvent,
    Malformed,
    encode_frame,
)
from canbus.message import Message

SEEDS = [
    *(b"t1234DEADBEEF", b"T1ABCDEF5211FF", b"x000001231AA", b"r1235", b"R123456788"),
    *(b"d7FF9000102030405060708090A0B", b"B000000019000102030405060708090A0B0000000f"),
    *(b"t100211334D67", b"t1001AAD693A3FF", b"b7E081122334455667788S", b"d00111F1"),
    *(b"r1238F0F0F0F0F0F0F0F0", b"zt10020011", b"\nt1230\n", b"t12\at1230", b"\x06t1230"),
    *(b"sa057033", b"sb256256", b"e1a", b"e3bcO", b"E2310800C", b"s001C", b"s4,69,10,7"),
    *(b"", b"z", b"Z", b"A", b"#", b"#7", b"V1013", b"v0104", b"NA123", b"FA4", b"M3F"),
    *(b"b158aa7 github.com/normaldotcom/canable2.git", b"+Board: X\tMCU: Y", b">text"),
    *(b"C", b"O", b"S6", b"Z1", b"M00000000", b"F7E8,7FF", b"*DFU", b"Bootloader 1.2"),
    b"x" * (MAX_LINE + 1),
]
"""Lines to begin with. An input is a count, as many sizes of pieces, and a stream."""


def check(data: bytes) -> None:
    """Feed an input whole and in pieces; AssertionError if anything is not as it must be."""
    count = data[0] % 16 if data else 0
    sizes, stream = data[1 : 1 + count], data[1 + count :]
    whole = LawicelDecoder("x")
    events = whole.feed(stream, 1)
    _check_bounds(whole, events)
    whole_pending = whole.pending
    whole.reset()
    again = whole.feed(stream, 1)  # now it has seen the beginnings of all frames
    assert [_facts(event) for event in again] == [_facts(event) for event in events]
    cut = LawicelDecoder("x")
    found: list[LawicelEvent] = []
    for piece in _pieces(stream, sizes):
        part = cut.feed(piece, 1)
        _check_bounds(cut, part)
        found += part
    assert [_facts(event) for event in found] == [_facts(event) for event in events]
    assert cut.pending == whole.pending == whole_pending
    for event in events:
        if isinstance(event, Message):
            _check_message(event)


def _pieces(stream: bytes, sizes: bytes) -> Iterator[bytes]:
    place = 0
    turn = 0
    while place < len(stream):
        size = sizes[turn % len(sizes)] + 1 if sizes else 1
        yield stream[place : place + size]
        place += size
        turn += 1


def _check_bounds(decoder: LawicelDecoder, events: list[LawicelEvent]) -> None:
    assert decoder.pending <= MAX_LINE
    assert len(decoder._standard) <= MAX_HEADERS
    assert len(decoder._extended) <= MAX_HEADERS
    assert decoder.only_frames is all(
        type(event) is Message and not event.is_error_frame for event in events
    )
    for event in events:
        if isinstance(event, Malformed):
            assert len(event.line) <= MAX_LINE
            assert event.reason.isprintable()


def _facts(event: LawicelEvent) -> Any:
    if not isinstance(event, Message):
        return event
    facts = (event.arbitration_id, event._flags, event._data, event.dlc)
    return (*facts, event.timestamp_ns, event.channel, event.hardware_timestamp_ns)


def _check_message(msg: Message) -> None:
    msg.validate()
    if msg.is_error_frame:
        return
    (again,) = LawicelDecoder("x").feed(encode_frame(msg), 1)
    assert isinstance(again, Message)
    msg.error_state_indicator = False  # which is read, but not written
    assert again.equals(msg)
