"""`canbus migrate`: lines that need a thought when `import can` becomes `import canbus as can`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from canbus.cli.arguments import add_verbose, usage

if TYPE_CHECKING:
    from canbus.migrating import Finding


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "migrate",
        help="what to look at in a program for python-can",
        description="Point at the lines of programs for python-can that need a thought when "
        "`import can` becomes `import canbus as can`. They are read, not run, and not changed. "
        "The exit status is 1 if there are such lines.",
        allow_abbrev=False,
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="a Python file")
    parser.add_argument("--json", action="store_true", help="one JSON array")
    add_verbose(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Read the files and tell."""
    found = [(name, one) for name in args.files for one in _findings(name)]
    if args.json:
        import json

        print(json.dumps([_facts(name, one) for name, one in found], indent=2))
    else:
        _show(found)
    return 1 if found else 0


def _findings(name: str) -> list[Finding]:
    from canbus.errors import CanConfigError
    from canbus.migrating import findings_in

    with usage():
        try:
            source = Path(name).read_bytes()
        except OSError as exc:
            hint = "name the files: canbus migrate src/*.py" if Path(name).is_dir() else ""
            raise CanConfigError(f"{name}: {exc.strerror}", hint=hint or None) from exc
        return findings_in(source, name)


def _show(found: list[tuple[str, Finding]]) -> None:
    shown = set()
    for name, one in found:
        if (name, one.line) not in shown:
            shown.add((name, one.line))
            print(f"{name}:{one.line}: {one.text}")
        print(f"    {one.rule.name}: {one.why}")
        print(f"        do: {one.rule.do}")
    if shown:
        print(f"{len(shown)} {'line needs' if len(shown) == 1 else 'lines need'} a thought")


def _facts(name: str, one: Finding) -> dict[str, object]:
    return {
        "file": name,
        "line": one.line,
        "column": one.column,
        "text": one.text,
        "rule": one.rule.name,
        "why": one.why,
        "do": one.rule.do,
        "row": one.rule.row,
    }
