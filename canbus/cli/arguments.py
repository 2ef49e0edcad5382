"""Arguments that several subcommands share, and opening the bus that they describe."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from canbus.errors import CanConfigError, CanError, CanMessageError

if TYPE_CHECKING:
    from canbus.bus import BusABC
    from canbus.options import Option


def add_verbose(parser: argparse.ArgumentParser, help_text: str = "") -> None:
    """Let -v stand behind the subcommand, too."""
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        default=argparse.SUPPRESS,  # or it would undo a -v before the subcommand
        help=help_text or "show the traceback of errors",
    )


def add_bus_arguments(parser: argparse.ArgumentParser, channel_help: str) -> None:
    """CHANNEL, --interface and -o."""
    parser.add_argument("channel", metavar="CHANNEL", help=channel_help)
    parser.add_argument(
        "-i",
        "--interface",
        metavar="NAME",
        default="socketcan",
        help="the backend (default: socketcan); `canbus backends` lists all",
    )
    parser.add_argument(
        "-o",
        "--option",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="an option of the backend; `canbus backends -v` lists them; may be repeated",
    )
    add_verbose(parser)


def seconds(text: str) -> float:
    """Argument type: a time span, 0 or more."""
    value = float(text)
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return value


def positive_count(text: str) -> int:
    """Argument type: a whole number above 0."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value


class UsageError(Exception):
    """An argument makes no sense: like argparse's own complaints, but with a hint."""

    def __init__(self, cause: CanError) -> None:
        self.cause = cause
        super().__init__(str(cause))


@contextmanager
def usage() -> Iterator[None]:
    """Turn what is wrong with an argument into UsageError; nothing has been opened or sent."""
    try:
        yield
    except (CanConfigError, CanMessageError) as exc:
        raise UsageError(exc) from exc


def open_bus(
    args: argparse.Namespace,
    channel: Any,
    wanted: Mapping[str, object],
    defaults: Mapping[str, Any] | None = None,
) -> BusABC:
    """Open the bus that CHANNEL, --interface and -o describe.

    Args:
        args: what `add_bus_arguments` has parsed.
        channel: what to open.
        wanted: options that other arguments ask for; -o may not contradict them.
        defaults: options that -o may change.

    Raises:
        UsageError: an option makes no sense.
        CanError: as `canbus.Bus`.
    """
    from canbus.interface import Bus
    from canbus.options import COMMON
    from canbus.registry import get_spec

    declared = {option.name: option for option in (*COMMON, *get_spec(args.interface).options)}
    options: dict[str, Any] = dict(wanted)
    with usage():
        for text in args.option:
            name, value = _read_option(text, declared)
            if name in options:
                raise CanConfigError(f"-o {text}: {name} is set already", hint="set it once")
            options[name] = value
        options = {**(defaults or {}), **options}
        bus: BusABC = Bus(channel, interface=args.interface, **options)
    return bus


def _read_option(text: str, declared: Mapping[str, Option]) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    name = name.strip().replace("-", "_")
    if not equals or not name:
        raise CanConfigError(f"-o {text}: there is no '='", hint="write -o NAME=VALUE")
    option = declared.get(name)
    if option is None:
        return name, value  # Bus() refuses it, and knows the nearest name
    if option.type is object and option.parse is None:
        raise CanConfigError(
            f"-o {text}: {name} cannot be given as text",
            hint="`canbus dump` has --filter" if name == "can_filters" else "use it from Python",
        )
    return name, option.from_text(value)
