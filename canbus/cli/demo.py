"""`canbus demo`: a sender, a cyclic task and a filtered receiver at work for a few seconds.

Which bus it runs on is decided in demo_channel.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from time import monotonic
from typing import TYPE_CHECKING, Any

from canbus.cli import output
from canbus.cli.arguments import add_verbose, seconds
from canbus.filters import CanFilter, matcher
from canbus.message import Message

if TYPE_CHECKING:
    from canbus.bus import BusABC
    from canbus.cli.demo_channel import DemoChannel

_PERIOD = 0.2  # seconds between frames of the cyclic task
_SEND_TIMEOUT = 1.0  # seconds to wait for room in the transmit queue
_LAST_FRAME_TIMEOUT = 1.0  # seconds to wait for a frame that was sent and is not there yet

_CYCLIC = "123#00000000"
_SINGLE = ("456#DEADBEEF", "7E0#021003", "1F334455#1122", "456#R4", "7E1#3E00")
_SINGLE_FD = "457##100112233445566778899AABB"
_WANTED = (
    CanFilter(0x123, 0x7FF, extended=False),
    CanFilter(0x400, 0x700, extended=False),
    CanFilter(0x1F334455, 0x1FFFFFFF, extended=True),
)
"""Everything above but the ids 7E0 and 7E1."""


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "demo",
        help="send and receive for a few seconds on the best bus there is",
        description="Send frames cyclically and singly, receive them through filters and count "
        "them. Runs on a vcan link made for it where kernel and rights allow that, otherwise "
        "on a virtual bus in this process; nothing is left behind.",
        epilog="exit status: 1 if no frame was received",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--seconds", metavar="S", type=seconds, default=3.0, help="how long (default: 3)"
    )
    parser.add_argument("-i", "--interface", metavar="NAME", help="the backend to use")
    parser.add_argument(
        "--channel", metavar="NAME", help="an existing channel; frames are sent on it"
    )
    add_verbose(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the demonstration."""
    from canbus.cli.demo_channel import choose

    with ExitStack() as stack:
        chosen = choose(args.interface, args.channel, stack)
        output.say(chosen.why)
        tally = _Tally(chosen.channel or "")
        sender = stack.enter_context(_open(chosen))
        receiver = stack.enter_context(_open(chosen, _WANTED))
        _play(tally, sender, receiver, args.seconds, fd=chosen.fd)
        output.say(tally.summary(receiver.statistics.rx_dropped))
    return 0 if tally.received else 1


def _open(chosen: DemoChannel, can_filters: Sequence[CanFilter] | None = None) -> BusABC:
    from canbus.interface import Bus

    return Bus(chosen.channel, chosen.interface, fd=chosen.fd, can_filters=can_filters)


class _Tally:
    """Counts what is sent and received, and shows what is received."""

    def __init__(self, channel: str) -> None:
        self.render = output.screen_renderer(channel)
        self.passes = matcher(_WANTED)
        self.by_task = self.singly = self.filtered_out = self.received = 0

    def number(self, msg: Message) -> None:
        """Put a counter into the frame that the cyclic task is about to send."""
        self.by_task += 1
        msg.data = self.by_task.to_bytes(4, "big")

    def send(self, bus: BusABC, msg: Message) -> None:
        """Send a single frame."""
        bus.send(msg, _SEND_TIMEOUT)
        self.singly += 1
        if self.passes is not None and not self.passes(msg):
            self.filtered_out += 1

    def receive_one(self, bus: BusABC, timeout: float) -> bool:
        """Show the next frame; False if none came in time."""
        msg = bus.recv(timeout)
        if msg is None:
            return False
        self.received += 1
        output.say(self.render(msg))
        return True

    @property
    def missing(self) -> int:
        """How many frames are still to come (below 0: others are sending, too)."""
        return self.by_task + self.singly - self.filtered_out - self.received

    def summary(self, dropped: int | None) -> str:
        """The closing line."""
        others = f", {-self.missing} of them from other senders" if self.missing < 0 else ""
        lost = max(self.missing, dropped or 0)
        return (
            f"sent {self.by_task} by the cyclic task and {self.singly} singly; "
            f"received {self.received}{others}; filtered out {self.filtered_out}; lost {lost}"
        )


def _play(tally: _Tally, sender: BusABC, receiver: BusABC, length: float, *, fd: bool) -> None:
    """Send the single frames spread over the time that the cyclic task runs."""
    singles = [Message.parse(text) for text in (*_SINGLE, *([_SINGLE_FD] if fd else []))]
    task = sender.send_periodic(Message.parse(_CYCLIC), _PERIOD, modifier_callback=tally.number)
    start = monotonic()
    for number, msg in enumerate(singles, 1):
        _receive_until(start + length * number / (len(singles) + 1), tally, receiver)
        tally.send(sender, msg)
    _receive_until(start + length, tally, receiver)
    task.stop()
    if task.error is not None:
        raise task.error
    while tally.missing > 0 and tally.receive_one(receiver, _LAST_FRAME_TIMEOUT):
        pass


def _receive_until(deadline: float, tally: _Tally, receiver: BusABC) -> None:
    while (remaining := deadline - monotonic()) > 0:
        tally.receive_one(receiver, remaining)
