"""`canbus new-backend`: writes a plugin package that works, to start from.

Arguments and words; what the names are made of and writing the files is backend_files.py's.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from canbus.cli.arguments import add_verbose, usage
from canbus.cli.output import say


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "new-backend",
        help="write a plugin package to start a backend from",
        description="Write a package with a backend that works inside the process, and the tests "
        "that hold it to the contract. They pass; put your device where its wire is. Nothing is "
        "overwritten.",
        epilog="exit status: 0 it is written; 1 it cannot be; 2 the name or the folder is wrong",
        allow_abbrev=False,
    )
    parser.add_argument("name", metavar="NAME", help="what users will write as interface=")
    parser.add_argument(
        "--into", metavar="DIR", default=".", help="make the folder canbus-NAME here (default: .)"
    )
    add_verbose(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Write the package, and say what comes next."""
    from canbus.cli.backend_files import names_for, place_for, write

    with usage():
        names = names_for(args.name)
        place = place_for(names, Path(args.into))
    for path in write(names, place):
        say(f"wrote {path}")
    say("")
    say(f"cd {place} && pip install -e '.[test]' && pytest")
    say(f"then open your device in {names.module}/bus.py; README.md says what else")
    return 0
