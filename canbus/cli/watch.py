"""`canbus watch`: CAN interfaces that appear, go, come up or change, a line each as it happens."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from time import localtime, strftime, time_ns
from typing import TYPE_CHECKING, Any

from canbus.cli.arguments import add_verbose, seconds
from canbus.cli.link_names import add_json, add_link_names
from canbus.cli.output import say

if TYPE_CHECKING:
    from canbus.link_info import LinkInfo


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "watch",
        help="show changes of CAN interfaces as they happen",
        description="Show the CAN interfaces that are there, then each that appears, goes, comes "
        "up or down, is set up otherwise, or whose controller changes its state. No rights are "
        "needed.",
        allow_abbrev=False,
    )
    add_link_names(parser)
    add_json(parser, "one JSON object a line")
    parser.add_argument("--timeout", metavar="S", type=seconds, help="end after S seconds")
    add_verbose(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Show changes until the timeout or a signal ends it."""
    from canbus import links
    from canbus.cli.link_words import plain

    tell = _tell_json if args.json else _tell
    # Before the first look of the watch: what it has then and we have not, did appear.
    present = _find_present(args.names)
    with closing(links.watch_links(*args.names, timeout=args.timeout, initial=True)) as changes:
        for name in dict.fromkeys(args.names):
            if name not in present:
                tell("absent", name, f"{plain(name)}: not there", None, None)
        unseen = {link.index for link in present.values()}
        for change in changes:
            after = change.after
            if change.kind == "appeared" and after is not None and after.index in unseen:
                unseen.remove(after.index)
                tell("present", change.name, _described(after), None, after)
            else:
                text = plain(change.describe())
                tell(change.kind, change.name, text, change.before, after)
    return 0


def _find_present(names: list[str]) -> dict[str, LinkInfo]:
    """The links that there are, by name; says on stderr whom we wait for.

    Raises:
        CanLinkError: a name is of something else than a CAN interface.
    """
    from canbus import links
    from canbus.cli.link_names import hint_at_others
    from canbus.errors import CanLinkNotFoundError

    every = {link.name: link for link in links.list_links()}
    for name in dict.fromkeys(names):
        if name in every:
            continue
        try:
            every[name] = links.get_link(name)
        except CanLinkNotFoundError:
            hint = hint_at_others(name, every)
            print(f"hint: waiting for {name}; {hint}", file=sys.stderr, flush=True)
    if not every and not names:
        print("hint: there is no CAN interface; waiting for one", file=sys.stderr, flush=True)
    return every


def _described(link: LinkInfo) -> str:
    from canbus.cli.link_words import bitrate_words, kind_words, plain, state_words

    parts = [kind_words(link), state_words(link), bitrate_words(link)]
    return f"{plain(link.name)}: {', '.join(parts)}"


def _tell(kind: str, name: str, text: str, before: LinkInfo | None, after: LinkInfo | None) -> None:
    nanoseconds = time_ns()
    clock = strftime("%Y-%m-%d %H:%M:%S", localtime(nanoseconds // 10**9))
    say(f"{clock}.{nanoseconds // 10**6 % 1000:03}  {text}")


def _tell_json(
    kind: str, name: str, text: str, before: LinkInfo | None, after: LinkInfo | None
) -> None:
    import json

    from canbus.cli.link_facts import link_facts

    facts = {
        "timestamp_ns": time_ns(),
        "kind": kind,
        "name": name,
        "description": text,
        "before": before and link_facts(before),
        "after": after and link_facts(after),
    }
    say(json.dumps(facts))
