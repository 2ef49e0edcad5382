"""The arguments that say how a link shall be set up: LinkConfig's names, with dashes."""

from __future__ import annotations

import argparse
import re

from canbus.link_config import LinkConfig

_PREFIXES = {"": 1, "k": 1_000, "m": 1_000_000}
_SWITCHES = {
    "fd": "CAN FD frames, too (needs --data-bitrate)",
    "xl": "CAN XL frames, too (vcan)",
    "listen-only": "never send, not even acknowledgements",
    "loopback": "receive what is sent, and leave the bus alone",
    "one-shot": "send each frame once, acknowledged or not",
    "triple-sampling": "sample each bit three times",
    "berr-reporting": "report every error on the wire",
    "presume-ack": "send without an acknowledge",
    "fd-non-iso": "CAN FD as it was before ISO 11898-1:2015",
    "cc-len8-dlc": "pass on the classic lengths 9 to 15",
}
_SEGMENTS = {
    "tq": "time quantum in nanoseconds, with the segments, instead of the bit rate",
    "prop-seg": "propagation segment in quanta",
    "phase-seg1": "phase segment 1 in quanta",
    "phase-seg2": "phase segment 2 in quanta",
    "sjw": "synchronisation jump width in quanta",
}


def bit_rate(text: str) -> int:
    """Argument type: bit/s: 500000, 500k, 1M, 83.3k."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kKmM]?)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no bit rate: 500000, 500k and 1M are")
    exact = float(found[1]) * _PREFIXES[found[2].lower()]
    if abs(exact - round(exact)) > 1e-6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of bit/s")
    return round(exact)


def add_link_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything that LinkConfig has, but `up`."""
    timing = parser.add_argument_group("bit timing")
    for prefix, phase in (("", ""), ("data-", " of the CAN FD data phase")):
        timing.add_argument(
            f"--{prefix}bitrate", metavar="N", type=bit_rate, help=f"bit/s{phase}: 500k, 1M"
        )
        timing.add_argument(
            f"--{prefix}sample-point", metavar="P", type=float, help=f"percent of a bit{phase}"
        )
        for name, meaning in _SEGMENTS.items():
            timing.add_argument(f"--{prefix}{name}", metavar="N", type=int, help=meaning + phase)
    modes = parser.add_argument_group("modes")
    for name, meaning in _SWITCHES.items():
        modes.add_argument(
            f"--{name}", action=argparse.BooleanOptionalAction, default=None, help=meaning
        )
    others = parser.add_argument_group("other settings")
    for name, meaning in {
        "restart-ms": "milliseconds from bus-off to the automatic restart; 0 for never",
        "termination": "ohms of the resistor to switch in; 0 for none",
        "txqueuelen": "frames that the transmit queue holds",
    }.items():
        others.add_argument(f"--{name}", metavar="N", type=int, help=meaning)


def link_config(args: argparse.Namespace, *, up: bool) -> LinkConfig:
    """What the arguments ask for.

    Raises:
        CanConfigError: a value is out of range, or two contradict each other.
    """
    given = {
        name: getattr(args, name)
        for name in LinkConfig.__slots__
        if getattr(args, name, None) is not None and name != "up"
    }
    return LinkConfig(**given, up=up)
