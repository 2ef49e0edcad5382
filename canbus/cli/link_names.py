"""NAME and NAME... on the command line: the arguments, and finding the links that they name.

How a link shall be set up is in link_arguments.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from canbus.cli.arguments import seconds
from canbus.errors import CanLinkNotFoundError

if TYPE_CHECKING:
    from canbus.link_info import LinkInfo

_NOTHING = """no CAN interface was found. `canbus doctor` looks for the cause. What to check:
  - is the adapter plugged in, and does the system see it?   sudo dmesg | tail; lsusb; lspci
  - is its driver there?   sudo canbus up pcan (gs_usb, kvaser, pihat, ...) loads it
  - a serial adapter (slcan) is no network interface by itself:   canbus ports
  - in a container, the interfaces of its own network only are seen:   docker run --network=host
  - a virtual one, without hardware:   sudo canbus up vcan0"""


def add_json(parser: argparse.ArgumentParser, help_text: str) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help=help_text)


def add_link_name(parser: argparse.ArgumentParser) -> None:
    """NAME, of one CAN interface."""
    parser.add_argument("name", metavar="NAME", help="the CAN interface: can0, vcan0, ...")


def add_link_names(parser: argparse.ArgumentParser) -> None:
    """NAME..., of some CAN interfaces, or none for all."""
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help="CAN interfaces: can0, ... (default: all)"
    )


_LONGEST = 365 * 24 * 3600.0


def interval(text: str) -> float:
    """Argument type: seconds between two looks."""
    value = seconds(text)
    if value < 0.001:
        raise argparse.ArgumentTypeError(f"{text} is less than a millisecond")
    if value > _LONGEST:
        raise argparse.ArgumentTypeError(f"{text} is more than a year")
    return value


def find_link(name: str) -> LinkInfo:
    """The CAN interface of that name.

    Raises:
        CanLinkNotFoundError: a LookupError; there is none; the hint names those that there are.
        CanError: as `canbus.links.get_link`.
    """
    from canbus import links

    try:
        return links.get_link(name)
    except CanLinkNotFoundError as exc:
        raise not_found(name, (link.name for link in links.list_links()), exc.error_code) from exc


def find_links(names: Sequence[str]) -> list[LinkInfo]:
    """Those named, each once and in that order; all if none is named.

    Raises:
        CanError: as `find_link`.
    """
    from canbus import links

    if not names:
        return links.list_links()
    return [find_link(name) for name in dict.fromkeys(names)]


def not_found(name: str, there: Iterable[str], error_code: int | None) -> CanLinkNotFoundError:
    """The error for an interface that there is not."""
    return CanLinkNotFoundError(
        f"there is no interface {name}", error_code, hint=hint_at_others(name, there)
    )


def hint_at_others(name: str, there: Iterable[str]) -> str:
    """What there is instead, and what may have been meant."""
    from difflib import get_close_matches

    names = list(there)
    if not names:
        return "there is no CAN interface at all; `canbus list` says what to check"
    near = get_close_matches(name, names, n=1)
    question = f"did you mean {near[0]}? " if near else ""
    return f"{question}the CAN interfaces are {', '.join(names)}"


def say_no_links() -> None:
    """Say what to check where there is no CAN interface."""
    print(_NOTHING, file=sys.stderr)
