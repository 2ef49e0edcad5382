"""`can.cli`: arguments that open a bus, for the command lines of others. python-can's words."""

from __future__ import annotations

import argparse
from typing import Any

import canbus
from canbus.config.typing_values import as_it_looks
from canbus.errors import CanError

_KEYWORDS = (
    *("channel", "interface", "bitrate", "fd", "data_bitrate", "can_filters", "timing"),
    "bus_kwargs",
)


def add_bus_arguments(
    parser: argparse.ArgumentParser,
    *,
    filter_arg: bool = False,
    prefix: str | None = None,
    group_title: str | None = None,
) -> None:
    """Add the arguments.

    Args:
        parser: gets them, as a group.
        filter_arg: also `--filter`.
        prefix: for the names, where there are several buses.
        group_title: None for one made of the prefix.
    """
    title = group_title or (f"bus arguments ({prefix})" if prefix else "bus arguments")
    group = parser.add_argument_group(title)

    def add(name: str, dest: str, short: str | None = None, **how: Any) -> None:
        flags = [f"--{prefix}-{name}"] if prefix else [*([short] if short else []), f"--{name}"]
        dest = f"{prefix}_{dest}" if prefix else dest
        group.add_argument(*flags, dest=dest, default=argparse.SUPPRESS, **how)

    add("channel", "channel", "-c", metavar="CHANNEL", help='what to open: "can0"')
    add("interface", "interface", "-i", help="backend; `canbus backends` lists them")
    add("bitrate", "bitrate", "-b", type=int, metavar="BITRATE", help="bit/s")
    add("fd", "fd", action="store_true", help="CAN FD")
    add("data-bitrate", "data_bitrate", type=int, metavar="DATA_BITRATE", help="bit/s of CAN FD")
    add(
        "timing", "timing", nargs="+", action=_Timing, metavar="NAME=NUMBER",
        help="f_clock=8000000 brp=1 tseg1=13 tseg2=2 sjw=1, or the nine of CAN FD",
    )  # fmt: skip
    if filter_arg:
        add(
            "filter", "can_filters", nargs="+", action=_Filters, metavar="ID:MASK",
            help="ID:MASK lets through, ID~MASK keeps out; hexadecimal",
        )  # fmt: skip
    add(
        "bus-kwargs", "bus_kwargs", nargs="+", action=_Options, metavar="NAME=VALUE",
        help="other options of the backend",
    )  # fmt: skip


def create_bus_from_namespace(
    namespace: argparse.Namespace, *, prefix: str | None = None, **kwargs: Any
) -> canbus.BusABC:
    """Open the bus.

    Args:
        namespace: of the parsed arguments.
        prefix: as given to `add_bus_arguments`.
        **kwargs: more options.

    Raises:
        argparse.ArgumentError: it cannot be opened; its cause says why.
    """
    options: dict[str, Any] = dict(kwargs)
    for keyword in _KEYWORDS:
        value = getattr(namespace, f"{prefix}_{keyword}" if prefix else keyword, None)
        if value is not None:
            options.update(value if keyword == "bus_kwargs" else {keyword: value})
    try:
        bus: canbus.BusABC = canbus.Bus(**options)
    except CanError as exc:
        raise argparse.ArgumentError(None, f"the bus cannot be opened: {exc}") from exc
    return bus


class _Pairs(argparse.Action):
    """NAME=VALUE, several."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any,
        option_string: str | None = None,
    ) -> None:  # fmt: skip
        setattr(namespace, self.dest, self.made_of(dict(map(self._pair, values))))

    def _pair(self, text: str) -> tuple[str, Any]:
        name, equals, value = text.partition("=")
        if not equals:
            raise argparse.ArgumentError(self, f"{text!r} is not NAME=VALUE")
        return name, as_it_looks(value.replace("_", "") if self.dest.endswith("timing") else value)

    def made_of(self, pairs: dict[str, Any]) -> Any:
        """The value."""
        return pairs


class _Options(_Pairs):
    """As they are."""


class _Timing(_Pairs):
    def made_of(self, pairs: dict[str, Any]) -> Any:
        kind = canbus.BitTimingFd if any(name.startswith("nom_") for name in pairs) else None
        try:
            return (kind or canbus.BitTiming)(**pairs)
        except (TypeError, CanError) as exc:
            raise argparse.ArgumentError(self, str(exc)) from exc


class _Filters(argparse.Action):
    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any,
        option_string: str | None = None,
    ) -> None:  # fmt: skip
        setattr(namespace, self.dest, [self._filter(text) for text in values])

    def _filter(self, text: str) -> canbus.CanFilter:
        try:
            # ID~MASK keeps out, as the help says; python-can's own gives something else.
            inverted = "~" in text
            can_id, can_mask = (int(part, 16) for part in text.split("~" if inverted else ":"))
            return canbus.CanFilter(can_id, can_mask, inverted=inverted)
        except (ValueError, CanError) as exc:
            raise argparse.ArgumentError(self, f"{text!r} is not ID:MASK nor ID~MASK") from exc
