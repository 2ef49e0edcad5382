"""`canbus backends`: what is built in or installed, and what is wrong with it."""

from __future__ import annotations

import argparse
from enum import Enum
from typing import TYPE_CHECKING, Any

from canbus.cli.arguments import add_verbose

if TYPE_CHECKING:
    from canbus.options import Option
    from canbus.plugin import BackendSpec
    from canbus.registry import Listing


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "backends",
        help="list the backends",
        description="List every backend, with the reason where one cannot be used.",
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="everything, as one JSON array")
    add_verbose(parser, "also capabilities, and options with type, default and meaning")
    return parser


def run(args: argparse.Namespace) -> int:
    """List the backends."""
    from canbus.registry import list_backends

    rows = list_backends()
    if args.json:
        import json

        print(json.dumps([_facts(row) for row in rows], indent=2))
        return 0
    names = max(len(row.name) for row in rows)
    sources = max(len(row.source) for row in rows)
    for row in rows:
        print(f"{row.name:{names}}  {row.source:{sources}}  {_summary(row)}")
        if args.verbose and row.spec is not None:
            print("\n".join(_details(row.spec)), end="\n\n")
    return 0


def _summary(row: Listing) -> str:
    if row.spec is None or row.problem is not None:
        return f"cannot be used: {row.problem}"
    return row.spec.summary


def _details(spec: BackendSpec) -> list[str]:
    options = _options(spec)
    names = max(len(option.name) for option in options)
    types = max(len(option.type_name) for option in options)
    lines = [f"    channel: {spec.channel_help}"] if spec.channel_help else []
    lines += [f"    capabilities: {', '.join(_capabilities(spec)) or 'none'}", "    options:"]
    for option in options:
        lines.append(
            f"      {option.name:{names}}  {option.type_name:{types}}  "
            f"{option.help} (default: {_plain(option.default)})"
        )
    return lines


def _options(spec: BackendSpec) -> list[Option]:
    """What `Bus()` takes for this backend: its own options and the common ones it can fulfil."""
    from canbus.options import COMMON, Capability

    possible = [
        option
        for option in COMMON
        if option.needs is Capability.NONE or option.needs & spec.capabilities
    ]
    by_name = {option.name: option for option in (*possible, *spec.options)}
    return [by_name[name] for name in sorted(by_name)]


def _capabilities(spec: BackendSpec) -> list[str]:
    return [str(capability.name) for capability in spec.capabilities]


def _plain(value: object) -> str:
    return value.name if isinstance(value, Enum) else str(value)


def _facts(row: Listing) -> dict[str, object]:
    facts: dict[str, object] = {"name": row.name, "source": row.source, "problem": row.problem}
    spec = row.spec
    if spec is None:
        return facts
    return {
        **facts,
        "summary": spec.summary,
        "channel": spec.channel_help,
        "capabilities": _capabilities(spec),
        "options": [
            {
                "name": option.name,
                "type": option.type_name,
                "default": _json_value(option.default),
                "help": option.help,
            }
            for option in _options(spec)
        ],
    }


def _json_value(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int, float, str)) else _plain(value)
