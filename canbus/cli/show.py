"""`canbus show`: everything that the kernel says about one CAN interface.

The groups of its text are in link_groups.py.
"""

from __future__ import annotations

import argparse
from typing import Any

from canbus.cli.arguments import add_verbose
from canbus.cli.link_names import add_json, add_link_name


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "show",
        help="show everything about a CAN interface",
        description="Show what the kernel says about a CAN interface; what it does not say is "
        "left out. No rights are needed.",
        allow_abbrev=False,
    )
    add_link_name(parser)
    add_json(parser, "one JSON object; null is what the kernel does not say")
    add_verbose(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Show the link."""
    from canbus.cli.link_names import find_link

    link = find_link(args.name)
    if args.json:
        import json

        from canbus.cli.link_facts import link_facts

        print(json.dumps(link_facts(link), indent=2))
        return 0
    from canbus.cli.link_groups import link_groups
    from canbus.cli.link_words import aligned, plain, state_words

    print(f"{plain(link.name)}: {state_words(link)}")
    for title, rows in link_groups(link):
        print(f"\n{title}")
        print("\n".join(aligned(rows)))
    return 0
