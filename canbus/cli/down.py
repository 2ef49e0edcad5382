"""`canbus down`: undo `canbus up`. The work is canbus.bringup's."""

from __future__ import annotations

import argparse
from typing import Any

from canbus.cli import output
from canbus.cli.arguments import add_verbose

_WORDS = {
    "nothing": "is down already: nothing to do",
    "down": "is down",
    "removed": "is removed",
    "stopped": "is gone: its daemon was stopped",
}


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "down",
        help="take an interface down, and stop or remove what `canbus up` made for it",
        description="Take an interface down. A daemon that `canbus up` has started for it is "
        "stopped, a virtual interface that it has made is removed. Kernel modules stay.",
        allow_abbrev=False,
    )
    parser.add_argument("name", metavar="NAME", help="the interface")
    parser.add_argument("--json", action="store_true", help="what was done, as one JSON object")
    add_verbose(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Take it down."""
    from canbus.bringup import take_down

    done = take_down(args.name)
    if args.json:
        import json

        print(json.dumps(done._asdict()))
    else:
        output.say(f"{done.link} {_WORDS[done.what]}")
    return 0
