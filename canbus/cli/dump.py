"""`canbus dump`: show the frames that a bus carries."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from canbus.cli import output
from canbus.cli.arguments import add_bus_arguments, open_bus, positive_count, seconds, usage
from canbus.errors import CanTimeoutError

if TYPE_CHECKING:
    from canbus.bus import BusABC


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "dump",
        help="show frames as they come",
        description="Show frames as they come, as candump does. CAN FD is on where the backend "
        "has it. Losses are reported on stderr.",
        epilog="exit status: 1 if --timeout passed before --count frames came",
        allow_abbrev=False,
    )
    add_bus_arguments(parser, "what to listen to: can0, vcan0, ...; socketcan: any for all")
    parser.add_argument(
        "--filter",
        metavar="ID:MASK",
        action="append",
        default=[],
        help="show frames with (id & MASK) == (ID & MASK) only, hexadecimal; ID~MASK shows the "
        "others; any of several filters may match. As in candump: 8 digits of ID set bit 31, "
        "which with bit 31 in MASK means 29-bit ids only; 123:800007FF is 11-bit ids only",
    )
    parser.add_argument("--count", metavar="N", type=positive_count, help="end after N frames")
    parser.add_argument(
        "--timeout", metavar="S", type=seconds, help="end after S seconds without a frame"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a line")
    form.add_argument("--log", action="store_true", help="lines of a log file, as candump -L")
    return parser


def run(args: argparse.Namespace) -> int:
    """Show frames until the count, the timeout or a signal ends it."""
    from canbus.cli.filter_text import parse_filter
    from canbus.options import Capability
    from canbus.registry import get_spec

    wanted: dict[str, object] = {}
    if args.filter:
        with usage():
            wanted["can_filters"] = [parse_filter(text) for text in args.filter]
    defaults = {"fd": True} if Capability.FD in get_spec(args.interface).capabilities else {}
    everywhere = args.interface == "socketcan" and args.channel == "any"
    with open_bus(args, "" if everywhere else args.channel, wanted, defaults) as bus:
        try:
            _show_frames(bus, _renderer(args), args.count, args.timeout)
        finally:  # however it ends: the count, an error, a signal
            output.warn_of_losses(bus)
    return 0


def _renderer(args: argparse.Namespace) -> output.Renderer:
    if args.json:
        return output.json_renderer()
    return output.log_renderer(args.channel) if args.log else output.screen_renderer(args.channel)


def _show_frames(
    bus: BusABC, render: output.Renderer, count: int | None, timeout: float | None
) -> None:
    seen = 0
    while seen != count:
        msg = bus.recv(timeout)
        if msg is None:
            break
        output.say(render(msg))
        seen += 1
    if count is not None and seen < count:
        raise CanTimeoutError(
            f"{bus.channel_info}: no frame for {timeout:g} s; {seen} of {count} frames came"
        )
