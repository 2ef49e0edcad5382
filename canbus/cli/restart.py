"""`canbus restart`: bring a controller back from bus-off, and see whether it came back."""

from __future__ import annotations

import argparse
from typing import Any

from canbus.cli.arguments import add_verbose
from canbus.cli.link_names import add_json, add_link_name
from canbus.errors import CanTimeoutError

_PATIENCE = 2.0  # seconds; drivers of USB adapters restart them without waiting for it


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "restart",
        help="bring a CAN interface back from bus-off",
        description="Restart a controller after bus-off. Needs root, or CAP_NET_ADMIN.",
        epilog="exit status: 1 if it is not bus-off, or does not come back",
        allow_abbrev=False,
    )
    add_link_name(parser)
    add_json(parser, "the interface before and after, as one JSON object")
    add_verbose(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Restart the controller."""
    from canbus import links
    from canbus.cli.link_facts import link_facts
    from canbus.cli.link_names import find_link
    from canbus.cli.link_words import controller_words, plain
    from canbus.state import CanState

    before = find_link(args.name)
    links.restart_link(args.name)
    try:
        after = links.wait_for_link(
            lambda link: link.index == before.index and link.state is not CanState.BUS_OFF,
            _PATIENCE,
        )
    except CanTimeoutError as exc:
        raise CanTimeoutError(
            f"{args.name} was restarted, and is still (or again) bus-off",
            hint="is the bus shorted, or its bit rate another one? "
            f"`canbus show {args.name}` says which is set",
        ) from exc
    if args.json:
        import json

        print(json.dumps({"before": link_facts(before), "after": link_facts(after)}, indent=2))
        return 0
    states = [controller_words(link.state) for link in (before, after)]
    print(f"{plain(args.name)}: {' -> '.join(states)}")
    return 0
