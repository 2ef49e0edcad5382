"""`canbus stats`: what CAN interfaces have counted, or, with --interval, how it moves.

Comparing two looks, and saying it, is done in link_rates.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from time import monotonic_ns, sleep, time_ns
from typing import TYPE_CHECKING, Any

from canbus.cli.arguments import UsageError, add_verbose, positive_count
from canbus.cli.link_names import add_json, add_link_names, interval
from canbus.cli.output import say
from canbus.errors import CanConfigError

if TYPE_CHECKING:
    from canbus.cli.link_rates import Sample
    from canbus.link_info import LinkInfo


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "stats",
        help="show the counters of CAN interfaces",
        description="Show what CAN interfaces have counted since they were made: frames, losses, "
        "errors, restarts, and the controller's state and error counters. No rights are needed.",
        epilog="exit status: 1 if there is no CAN interface, or one goes away",
        allow_abbrev=False,
    )
    add_link_names(parser)
    add_json(parser, "everything, as one JSON array; with --interval one JSON object a line")
    parser.add_argument(
        "--interval",
        metavar="S",
        type=interval,
        help="a line per interface every S seconds with what came in that time, until Ctrl-C",
    )
    parser.add_argument(
        "--count", metavar="N", type=positive_count, help="with --interval: end after N times"
    )
    add_verbose(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Show the counters."""
    from canbus.cli.link_names import find_links, say_no_links

    if args.count is not None and args.interval is None:
        raise UsageError(CanConfigError("--count is for --interval", hint="give --interval, too"))
    found = find_links(args.names)
    if args.json and args.interval is None:
        import json

        from canbus.cli.link_facts import link_facts

        print(json.dumps([link_facts(link) for link in found], indent=2))
    elif not found:
        say_no_links()
    elif args.interval is not None:
        _follow(args, found)
    else:
        print("\n\n".join(_totals(link) for link in found))
    return 0 if found else 1


def _totals(link: LinkInfo) -> str:
    from canbus.cli.link_words import (
        aligned,
        counter_rows,
        error_counter_rows,
        plain,
        state_words,
    )

    rows = counter_rows(link) + error_counter_rows(link)
    return "\n".join([f"{plain(link.name)}: {state_words(link)}", *aligned(rows)])


def _follow(args: argparse.Namespace, first: list[LinkInfo]) -> None:
    """Tell what moved, again and again; others may come if none was named, none may go."""
    import json

    from canbus.cli.link_rates import movement, movement_facts, movement_line

    before = _look(args.names, [link.name for link in first])
    step = round(args.interval * 10**9)
    due = monotonic_ns()
    rounds = 0
    while rounds != args.count:
        now = monotonic_ns()
        due += step
        if due < now + step // 2:  # we are late; a short time would make wild rates
            due = now + step
        sleep((due - now) / 10**9)
        after = _look(args.names, before)
        for name, sample in after.items():
            moved = movement(before.get(name), sample)
            if args.json:
                say(json.dumps({"timestamp_ns": time_ns()} | movement_facts(sample, moved)))
            else:
                say(movement_line(sample, moved))
        before = after
        rounds += 1


def _look(names: Sequence[str], expected: Iterable[str]) -> dict[str, Sample]:
    """All links, or those named, by name.

    Raises:
        CanLinkNotFoundError: one that is expected is not there.
    """
    from canbus import links
    from canbus.cli.link_rates import Sample
    from canbus.errors import CanLinkNotFoundError

    found = {link.name: link for link in links.list_links()}
    moment = monotonic_ns()
    for name in expected:
        if name not in found:
            raise CanLinkNotFoundError(
                f"{name} is gone", hint="`canbus watch` shows interfaces that go and come"
            )
    return {
        name: Sample(link, moment) for name, link in found.items() if not names or name in names
    }
