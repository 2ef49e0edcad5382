r"""The ASCII language of serial CAN adapters (slcan, LAWICEL): bytes to events. No port here.

Lines end with CR, BEL (``\a``) is a refusal wherever it stands, and everything else is the first
letter's affair: frames are lawicel_frames.py, error reports lawicel_errors.py, replies
lawicel_replies.py. What is here is where lines begin and end in a stream that may be cut
anywhere and may have noise, and the short way for frames: their beginnings repeat, so they are
looked up.
"""

from __future__ import annotations

import re
from binascii import Error as NotHexadecimal
from binascii import unhexlify
from typing import Any

from canbus.codecs.lawicel_encode import encode_frame
from canbus.codecs.lawicel_errors import read_errors, read_report, read_state
from canbus.codecs.lawicel_events import LawicelEvent, Malformed, Reply, ReplyKind
from canbus.codecs.lawicel_frames import (
    STAMP_UNITS,
    Header,
    is_frame_letter,
    read_frame,
    read_header,
)
from canbus.codecs.lawicel_replies import ALONE, SIMPLE, read_reply
from canbus.detailed_message import DetailedMessage
from canbus.frame_flags import ERR, FDF
from canbus.message import Message

__all__ = [
    "MAX_LINE",
    "LawicelDecoder",
    "LawicelEvent",
    "Malformed",
    "Reply",
    "ReplyKind",
    "encode_frame",
]

MAX_LINE = 512
"""Bytes of the longest line that is read.

The longest frame has 148: z, letter, 8 digits of identifier, length, 128 of data, 8 of time
stamp, ESI. The longest version text known, that of the CANable 2.5, has 180 and grows.
"""
MAX_HEADERS = 4096
"""Beginnings of frames that are remembered, of either width; a bus has some hundreds."""

_new = object.__new__
_at_bel = re.compile(rb"(\a)").split
_end_of_line = re.compile(rb"[\r\a]").search


class LawicelDecoder:
    """Makes events of what an adapter sends, however it arrives in pieces.

    Nothing that comes raises, and memory stays bounded.

    Args:
        channel: given to every message.
        fd: CAN FD frames are wanted; otherwise they are replies of kind UNWANTED.

    Attributes:
        channel: see above.
        only_frames: the list that `feed` returned last has nothing but plain frames: messages,
            of which none is an error report or has a time stamp of the adapter.
    """

    def __init__(self, channel: Any = None, *, fd: bool = True) -> None:
        self.channel = channel
        self._fd = fd
        self.only_frames = True
        self._rest = b""
        self._skipping = False
        # Two tables, as the lines of standard and extended frames begin with 5 and 10 bytes.
        self._standard: dict[bytes, Header] = {}
        self._extended: dict[bytes, Header] = {}

    @property
    def pending(self) -> int:
        """Bytes of a line whose end has not come yet."""
        return len(self._rest)

    def reset(self) -> None:
        """Forget a half line, after a break in the stream."""
        self._rest = b""
        self._skipping = False

    def feed(self, data: bytes, timestamp_ns: int = 0) -> list[LawicelEvent]:
        """Take what has come; return what is complete.

        Args:
            data: the bytes, cut anywhere.
            timestamp_ns: when they came, nanoseconds since the epoch: for all its messages.
        """
        if self._skipping:
            data = self._after_the_long_line(data)
        buffer = self._rest + data
        if b"\n" in buffer:
            buffer = buffer.replace(b"\r\n", b"\r")
        lines = buffer.split(b"\r")
        rest = lines.pop()
        self.only_frames = True
        events = self._events(lines, timestamp_ns) if lines else []
        if rest and (len(rest) > MAX_LINE or not rest.isalnum()):
            rest = self._half_line(rest, timestamp_ns, events)
        self._rest = rest
        return events

    def _half_line(self, rest: bytes, timestamp_ns: int, events: list[LawicelEvent]) -> bytes:
        """What to keep of the bytes behind the last CR, if they are not plainly half a line."""
        if b"\a" in rest or b"\x06" in rest:
            *parts, rest = _split_at_answers(rest)
            events += [self._event(part, timestamp_ns) for part in parts]
        rest = rest.lstrip(b"\n")
        if len(rest) <= MAX_LINE:
            return rest
        events.append(_too_long(rest))
        self.only_frames = False
        self._skipping = True
        return b""

    def _after_the_long_line(self, data: bytes) -> bytes:
        end = _end_of_line(data)
        if end is None:
            return b""
        self._skipping = False
        return data[end.start() + (end[0] == b"\r") :]

    def _events(self, lines: list[bytes], timestamp_ns: int) -> list[LawicelEvent]:
        """Frames the short way; `_event` for all that is not plainly one."""
        events: list[LawicelEvent] = []
        add = events.append
        standard, extended = self._standard.get, self._extended.get
        new, channel = _new, self.channel
        msg: Message
        for line in lines:
            header = standard(line[:5]) or extended(line[:10])
            if header is None:
                if line in SIMPLE:  # as many as frames are sent
                    add(SIMPLE[line])
                    self.only_frames = False
                    continue
                header = self._learn(line)
                if header is None:
                    self._add_others(line, timestamp_ns, events)
                    continue
            arbitration_id, flags, dlc, size, start = header
            try:
                payload = unhexlify(line[start:])
            except NotHexadecimal:  # a flag behind the data, BEL, LF, or noise
                self._add_others(line, timestamp_ns, events)
                continue
            # canbus.message.received, written out: a call less for every frame.
            extra = len(payload) - size
            if not extra:
                msg = new(Message)
            elif extra in STAMP_UNITS:
                msg = new(DetailedMessage)
                msg.lost_before = 0
                count = int.from_bytes(payload[size:], "big")
                msg.hardware_timestamp_ns = count * STAMP_UNITS[extra]
                self.only_frames = False
                payload = payload[:size]
            else:
                self._add_others(line, timestamp_ns, events)
                continue
            msg.arbitration_id = arbitration_id
            msg._flags = flags
            msg._data = payload
            msg.dlc = dlc
            msg.timestamp_ns = timestamp_ns
            msg.channel = channel
            add(msg)
        return events

    def _learn(self, line: bytes) -> Header | None:
        """The beginning of a frame that was not seen yet; None if it is none of ours."""
        header = read_header(line)
        if header is None or (header[1] & FDF and not self._fd):
            return None
        start = header[-1]
        headers = self._standard if start == 5 else self._extended
        if len(headers) >= MAX_HEADERS:
            headers.clear()  # to find the oldest would cost something for every frame
        headers[line[:start]] = header
        return header

    def _add_others(self, line: bytes, timestamp_ns: int, events: list[LawicelEvent]) -> None:
        """Add what a line says, or several if answers without a CR stand in it."""
        if b"\a" in line or b"\x06" in line:
            *parts, last = _split_at_answers(line)
            events += [self._event(part, timestamp_ns) for part in parts]
            line = last
        events.append(self._event(line, timestamp_ns))

    def _event(self, line: bytes, timestamp_ns: int) -> LawicelEvent:
        """What one line says, with all care and without the tables."""
        event: LawicelEvent | str | None
        line = line.lstrip(b"\n")
        if len(line) > MAX_LINE:
            event = _too_long(line)
        else:
            line = line.rstrip(b"\n")
            event = SIMPLE.get(line) or ALONE.get(line) or self._message(line, timestamp_ns)
            if not isinstance(event, Message | Reply):
                event = read_reply(line) or _unreadable(line, event)
            elif isinstance(event, Message) and event._flags & FDF and not self._fd:
                event = Reply(ReplyKind.UNWANTED, line)
        if event.__class__ is not Message or event._flags & ERR:
            self.only_frames = False
        return event

    def _message(self, line: bytes, timestamp_ns: int) -> Message | Reply | str | None:
        """Read a frame or an error report; a text says why it is none, None: no such line."""
        letter = line[:1]
        if is_frame_letter(letter):
            return read_frame(line, timestamp_ns, self.channel)
        if letter == b"s":
            return read_state(line, timestamp_ns, self.channel)
        if letter == b"e":
            return read_errors(line, timestamp_ns, self.channel)
        if letter == b"E":
            return read_report(line, timestamp_ns, self.channel)
        if letter in {b"z", b"Z"} and is_frame_letter(line[1:2]):
            sent = read_frame(line[1:], timestamp_ns, self.channel)
            return sent if isinstance(sent, str) else Reply(ReplyKind.CONFIRMED, line)
        return None


def _split_at_answers(line: bytes) -> list[bytes]:
    """BEL and ACK as lines of their own, and what stands between them; the last may be empty.

    BEL ends a line. ACK comes between lines only, so that inside one it is noise.
    """
    lines = []
    for part in _at_bel(line):
        text = part.lstrip(b"\n\x06")
        lines += [b"\x06"] * part.count(b"\x06", 0, len(part) - len(text))
        lines.append(text)
    return [text for text in lines[:-1] if text] + lines[-1:]


def _too_long(line: bytes) -> Malformed:
    return Malformed(line[:MAX_LINE], f"longer than {MAX_LINE} bytes: no such line")


def _unreadable(line: bytes, reason: str | None) -> Malformed:
    return Malformed(line, reason or "no line of the protocol")
