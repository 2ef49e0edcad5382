"""`canbus list`: every CAN interface of this machine, up or down, one line each."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import TYPE_CHECKING, Any

from canbus.cli.arguments import add_verbose
from canbus.cli.link_names import add_json

if TYPE_CHECKING:
    from canbus.link_info import LinkInfo


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "list",
        help="list the CAN interfaces",
        description="List every CAN interface, up or down: name, driver or kind, state, bit rate, "
        "device, alias. No rights are needed. `canbus ports` lists serial adapters. The exit "
        "status is 1 if there is none. What is wrong with one that is down, `canbus doctor` says.",
        allow_abbrev=False,
    )
    add_json(parser, "everything, as one JSON array")
    add_verbose(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """List the links."""
    from canbus import links
    from canbus.cli.link_names import say_no_links

    found = links.list_links()
    if args.json:
        import json

        from canbus.cli.link_facts import link_facts

        print(json.dumps([link_facts(link) for link in found], indent=2))
    elif found:
        _show(found)
        _hint(found)
    else:
        say_no_links()
    return 0 if found else 1


def _show(found: list[LinkInfo]) -> None:
    from canbus.cli.link_words import bitrate_words, kind_words, plain, state_words

    on_device = Counter(_place(link) for link in found)
    rows = [
        (
            plain(link.name),
            kind_words(link),
            state_words(link),
            bitrate_words(link),
            _rest(link, with_channel=on_device[_place(link)] > 1),
        )
        for link in found
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for *columns, rest in rows:
        cells = [f"{cell:{width}}" for cell, width in zip(columns, widths, strict=True)]
        print("  ".join([*cells, rest]).rstrip())


def _hint(found: list[LinkInfo]) -> None:
    """Where frames cannot pass, `canbus doctor` says why."""
    import sys
    from shlex import quote

    from canbus.cli.link_words import plain
    from canbus.state import CanState

    troubled = [link for link in found if not link.is_up or link.state is CanState.BUS_OFF]
    if not troubled:
        return
    first, *others = troubled
    what = "bus-off" if first.is_up else "down"
    rest = f" (and so for {', '.join(plain(link.name) for link in others)})" if others else ""
    command = f"canbus doctor {quote(plain(first.name))}"
    print(f"hint: `{command}` says why it is {what}, and what to do{rest}", file=sys.stderr)


def _place(link: LinkInfo) -> tuple[str | None, str | None] | None:
    """Where the device is; two channels of one share it."""
    return None if link.device is None else (link.device.bus, link.device.path)


def _rest(link: LinkInfo, *, with_channel: bool) -> str:
    from canbus.cli.link_words import device_words, plain

    parts = []
    if link.device is not None:
        with_channel = with_channel or link.device.channel > 0
        parts.append(device_words(link.device, with_channel=with_channel))
    if link.alias:
        parts.append(f'alias "{plain(link.alias)}"')
    return ", ".join(part for part in parts if part)
