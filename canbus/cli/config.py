"""`canbus config explain`: what `Bus()` takes from configuration, and where each value is from."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from canbus.cli.arguments import add_verbose

if TYPE_CHECKING:
    from canbus.config import Choice


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "config",
        help="what configuration says, and where",
        description="Show what can.Bus() takes from variables and files for what a call leaves "
        "open. Nothing is opened. The exit status is 1 if something of it cannot be used.",
        allow_abbrev=False,
    )
    parser.add_argument("action", choices=("explain",), help="each value, and where it is from")
    parser.add_argument("--interface", help="as if the call named this backend")
    parser.add_argument("--channel", help="as if the call named this channel")
    parser.add_argument("--context", help="as if the call named this config_context")
    parser.add_argument("--json", action="store_true", help="everything, as JSON")
    add_verbose(parser, "also the files that are looked for, and what is not used")
    return parser


def run(args: argparse.Namespace) -> int:
    """Explain."""
    from canbus.config import choose, read_sources

    given = {"interface": args.interface, "channel": args.channel}
    choice = choose(given, read_sources(args.context))
    said = {name: value for name, value in given.items() if value is not None}
    name = args.interface or _value(choice, "interface")
    # A configuration that cannot be used is still shown: that is what it was asked for.
    problem = None if name is None else _problem(name, choice)
    if args.json:
        import json

        facts = {
            "given": said,
            "settings": [one._asdict() for one in choice.settings.values()],
            "shadowed": [one._asdict() for one in choice.shadowed],
            "for_another_interface": [one._asdict() for one in choice.elsewhere],
            "problem": problem,
        }
        print(json.dumps(facts, indent=2, default=str))
    else:
        _show(said, choice, args.verbose)
        if problem:
            print(problem)
    return 1 if problem else 0


def _value(choice: Choice, name: str) -> Any:
    found = choice.settings.get(name)
    return None if found is None else found.value


def _problem(interface: object, choice: Choice) -> str | None:
    from canbus.errors import CanError
    from canbus.interface import values_from
    from canbus.registry import get_spec

    if not isinstance(interface, str):
        return f"cannot be used: interface must be a name, not {interface!r}"
    try:
        values_from(get_spec(interface), choice.settings)
    except CanError as exc:
        hint = f"\n  hint: {exc.hint}" if exc.hint else ""
        return f"cannot be used: {exc}{hint}"
    return None


def _show(said: dict[str, Any], choice: Choice, verbose: int) -> None:
    rows = [(name, repr(value), "the call") for name, value in said.items()]
    rows += [(one.name, repr(one.value), one.source) for one in choice.settings.values()]
    if not rows:
        print("nothing is configured: Bus() needs interface=")
    _table(rows)
    if verbose:
        unused = [(one.name, repr(one.value), one.source) for one in choice.shadowed]
        if unused:
            print("said earlier, so not used:")
            _table(unused)
    if choice.elsewhere:
        print("for another interface, so not used:")
        _table([(one.name, repr(one.value), one.source) for one in choice.elsewhere])
    if verbose:
        from canbus.config.sources import files

        print("files that are looked for:", *files(), sep="\n  ")


def _table(rows: list[tuple[str, str, str]]) -> None:
    names = max((len(row[0]) for row in rows), default=0)
    values = max((len(row[1]) for row in rows), default=0)
    for name, value, source in rows:
        print(f"  {name:{names}}  {value:{values}}  {source}")
