"""What the tests of cyclic frames share: who listens, and what came. No test here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise

import canbus as can
from canbus.testing.support import receive, receive_until_marker, send_marker

ENGINES = ("bcm", "thread")
OpenBus = Callable[..., can.BusABC]
MS = 10**6
ROOM = 1 << 22
"""Bytes of receive buffer for who reads later what thousands of tasks sent."""


def frame(number: int = 0, arbitration_id: int = 0x123) -> can.Message:
    """A frame of eight bytes that carries a number in its last two."""
    data = bytes(6) + number.to_bytes(2, "big")
    return can.Message(arbitration_id=arbitration_id, is_extended_id=False, data=data)


def number_in(msg: can.Message) -> int:
    """The number that `frame` put into it."""
    return int.from_bytes(msg.data[-2:], "big")


def frames_since(sender: can.BusABC, listener: can.BusABC) -> list[can.Message]:
    """What came until now: all that was sent before a marker that is sent now."""
    send_marker(sender)
    return receive_until_marker(listener)


def by_id(messages: list[can.Message]) -> dict[int, list[can.Message]]:
    """The messages of each id, in order."""
    sorted_out: dict[int, list[can.Message]] = defaultdict(list)
    for msg in messages:
        sorted_out[msg.arbitration_id].append(msg)
    return dict(sorted_out)


def receive_of(listener: can.BusABC, number: int, count: int) -> list[can.Message]:
    """So many frames that carry this number, whatever else comes in between."""
    got: list[can.Message] = []
    while len(got) < count:
        msg = receive(listener)
        if number_in(msg) == number:
            got.append(msg)
    return got


def gaps_ns(messages: list[can.Message]) -> list[int]:
    """Nanoseconds between each frame and the next, as the kernel stamped them."""
    stamps = [msg.timestamp_ns for msg in messages]
    return [later - earlier for earlier, later in pairwise(stamps)]
