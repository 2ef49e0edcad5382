"""The argument parser: built-in subcommands by a table, plugins' only when they may be meant.

Importing a subcommand's module must be cheap; a scan for plugins is not, so `canbus send`
never pays for one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from canbus.cli.output import say_warning

COMMANDS = (
    "backends",
    "config",
    "demo",
    "detect",
    "doctor",
    "down",
    "dump",
    "emulate",
    "list",
    "migrate",
    "new-backend",
    "persist",
    "ports",
    "restart",
    "send",
    "show",
    "stats",
    "up",
    "watch",
)
"""Each is a module of this package with `add_parser(subparsers)` and `run(args)`; "new-backend" is
new_backend."""

_HELP = ("-h", "--help")


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; `run` in the result is the function to call.

    Raises:
        SystemExit: help was shown (0), or the arguments are wrong (2).
    """
    word = next((w for w in words if not w.startswith("-")), None)
    options_before = words if word is None else words[: words.index(word)]
    if word in COMMANDS and not any(option in _HELP for option in options_before):
        parser, _ = _make_parser([word])
        return parser.parse_args(words)
    parser, subparsers = _make_parser(COMMANDS)
    if "--version" not in options_before:
        _add_plugin_commands(subparsers)
    args = parser.parse_args(words)
    if args.command is None:
        parser.print_help(sys.stderr)
        raise SystemExit(2)
    return args


def _make_parser(commands: Sequence[str]) -> tuple[argparse.ArgumentParser, Any]:
    parser = argparse.ArgumentParser(
        prog="canbus", description="CAN from the command line.", allow_abbrev=False
    )
    parser.add_argument("--version", action=_ShowVersion)
    parser.add_argument("-v", "--verbose", action="store_true", help="show the traceback of errors")
    subparsers = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands", parser_class=_AnyOrder
    )
    for name in commands:
        module = import_module(f"canbus.cli.{name.replace('-', '_')}")
        module.add_parser(subparsers).set_defaults(run=module.run)
    return parser, subparsers


def _add_plugin_commands(subparsers: Any) -> None:
    from canbus.registry import add_plugin_commands

    for problem in add_plugin_commands(subparsers):
        say_warning(problem)


class _AnyOrder(argparse.ArgumentParser):
    """Options may stand between arguments: `canbus up serial --bitrate 500k /dev/ttyACM0`."""

    _is_parsing = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, as `parse_known_intermixed_args`, which calls this in turn."""
        if self._is_parsing or self._subparsers is not None:  # which cannot be mixed
            return super().parse_known_args(args, namespace)
        self._is_parsing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_parsing = False


class _ShowVersion(argparse.Action):
    """Look the version up only when asked: that reads the metadata of the installation."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(
            option_strings, argparse.SUPPRESS, nargs=0, help="show the version and exit"
        )

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("canbus")
        except PackageNotFoundError:
            number = "(version unknown: run from sources, not installed)"
        print(f"canbus {number}")
        parser.exit()
