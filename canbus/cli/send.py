"""`canbus send`: send frames given in the compact notation."""

from __future__ import annotations

import argparse
from typing import Any

from canbus.cli.arguments import add_bus_arguments, open_bus, seconds, usage


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "send",
        help="send frames",
        description="Send frames, in order. All are read and checked before the first is sent.",
        epilog="example: canbus send can0 123#DEADBEEF 1F334455#1122 123#R4 123##1AABB",
        allow_abbrev=False,
    )
    add_bus_arguments(parser, "where to send: can0, vcan0, ...")
    parser.add_argument(
        "frames",
        metavar="FRAME",
        nargs="+",
        help="ID#DATA, ID#R[LEN] (remote) or ID##FLAGS[DATA] (CAN FD), hexadecimal; an ID of "
        "3 digits has 11 bits, one of 8 digits 29",
    )
    parser.add_argument(
        "--fd", action="store_true", help="open the bus for CAN FD; an FD frame does so by itself"
    )
    parser.add_argument(
        "--timeout",
        metavar="S",
        type=seconds,
        default=1.0,
        help="seconds to wait for room in the transmit queue, for each frame (default: 1)",
    )
    return parser


def run(args: argparse.Namespace) -> int:
    """Send the frames."""
    from canbus.message import Message

    with usage():
        frames = [Message.parse(text) for text in args.frames]
    wanted = {"fd": True} if args.fd or any(frame.is_fd for frame in frames) else {}
    with open_bus(args, args.channel, wanted) as bus:
        for frame in frames:
            bus.send(frame, args.timeout)
    return 0
