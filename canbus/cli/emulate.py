"""`canbus emulate`: an emulated CAN adapter for other programs to open, with faults."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any

from canbus.cli.arguments import add_verbose, usage
from canbus.cli.output import say

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from canbus.bus import BusABC
    from canbus.testing.slcan.firmware import Firmware


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "emulate",
        help="be a CAN adapter that is not there",
        description="Emulate a CAN adapter, for tests without hardware.",
        allow_abbrev=False,
    )
    add_verbose(parser)
    kinds = parser.add_subparsers(dest="adapter", metavar="ADAPTER", required=True)
    _add_slcan(kinds)
    return parser


def _add_slcan(kinds: Any) -> None:
    parser: argparse.ArgumentParser = kinds.add_parser(
        "slcan",
        help="a serial adapter, on a pseudo-terminal",
        description="Emulate a serial CAN adapter on a pseudo-terminal, whose path is the first "
        "line on stdout, until Ctrl-C or SIGTERM. Linux only; no root needed.",
        epilog="exit status: 1 if --bus fails",
        allow_abbrev=False,
    )
    parser.add_argument("--list", action="store_true", help="show all dialects and faults, and end")
    parser.add_argument(
        "--dialect", metavar="NAME", default="lawicel", help="which adapter (default: lawicel)"
    )
    parser.add_argument(
        "--bus",
        metavar="BUS",
        help="the CAN bus that it hangs on: vcan0, or INTERFACE:CHANNEL for another backend than "
        "socketcan (default: none; frames go nowhere)",
    )
    parser.add_argument(
        "--link", metavar="PATH", help="make a symbolic link to the pseudo-terminal here"
    )
    parser.add_argument("--version-text", metavar="TEXT", help="what it answers to V")
    parser.add_argument(
        "--fault",
        metavar="FAULT",
        action="append",
        default=[],
        help="break something: silent, refuse:S, split:1, ...; may be repeated",
    )
    parser.add_argument(
        "--log", action="store_true", help="show on stderr what the host sends and gets"
    )
    add_verbose(parser)


def run(args: argparse.Namespace) -> int:
    """Emulate until a signal ends it, or show what there is."""
    if args.list:
        _show_list()
        return 0
    from canbus.testing.slcan import SlcanEmulator
    from canbus.testing.slcan.adapter import find_firmware
    from canbus.testing.slcan.fault_text import parse_fault

    with usage():
        firmware = find_firmware(args.dialect)
        faults = [parse_fault(text) for text in args.fault]
    with (
        _open_bus(args.bus, firmware) as bus,
        SlcanEmulator(
            firmware,
            bus=bus,
            link=args.link,
            version=args.version_text,
            trace=_show_line if args.log else None,
        ) as adapter,
    ):
        adapter.fault(*faults)
        print(
            f"hint: it is a {firmware.summary}; open it by "
            f"`canbus dump -i slcan -o bitrate=500000 {adapter.port}`",
            file=sys.stderr,
            flush=True,
        )
        say(adapter.port)  # last: who has read it may send a signal at once
        raise adapter.wait_for_bus_error()


def _open_bus(text: str | None, firmware: Firmware) -> AbstractContextManager[BusABC | None]:
    if text is None:
        return nullcontext()
    from canbus.interface import Bus
    from canbus.options import Capability
    from canbus.registry import get_spec

    interface, colon, channel = text.partition(":")
    if not colon:
        interface, channel = "socketcan", text
    options: dict[str, Any] = {}
    if firmware.has_fd and Capability.FD in get_spec(interface).capabilities:
        options["fd"] = True
    return Bus(channel, interface=interface, **options)


def _show_line(direction: str, data: bytes) -> None:
    with suppress(OSError):  # nobody reads it; that is no reason to stop
        print(f"{direction} {ascii(data.decode('latin-1'))[1:-1]}", file=sys.stderr, flush=True)


def _show_list() -> None:
    from canbus.testing.slcan.fault_text import FAULTS
    from canbus.testing.slcan.firmwares import FIRMWARES

    print("dialects:")
    width = max(map(len, (*FIRMWARES, *FAULTS)))
    for row in FIRMWARES.values():
        print(f"  {row.name:{width}}  {row.summary}")
    print("faults:")
    for name, text in FAULTS.items():
        print(f"  {name:{width}}  {text}")
