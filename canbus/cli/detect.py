"""`canbus detect`: find the bit rate of a living bus. Arguments and words; the work is below."""

from __future__ import annotations

import argparse
from shlex import quote
from typing import TYPE_CHECKING, Any

from canbus.cli import output
from canbus.cli.arguments import add_verbose, seconds, usage
from canbus.cli.link_arguments import bit_rate
from canbus.cli.link_names import add_json, add_link_name

if TYPE_CHECKING:
    from canbus.bringup.detect import Detection, Evidence, Verdict

_EPILOG = """Others on the bus have to talk. The interface listens at one bit rate after the
other, in listen-only mode: nothing is sent, not even an acknowledgement or an error flag.
Programs that use the interface hear nothing of sense meanwhile. Afterwards it is as it was,
also after Ctrl-C, an error, or if this command is killed. It needs CAP_NET_ADMIN, and a
driver with listen-only mode.

exit status: 0 the bit rate was found; 1 it was not, or something went wrong; 2 an argument
makes no sense"""


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "detect",
        help="find the bit rate of a bus, by listening only",
        description="Find the bit rate of a bus on which others talk, without disturbing them.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_link_name(parser)
    parser.add_argument(
        "--bitrates",
        metavar="N,N,...",
        type=_bit_rates,
        help="try these, in this order: 125k,83.3k (default: the usual nine, and the one set now)",
    )
    parser.add_argument(
        "--dwell",
        metavar="S",
        type=seconds,
        help="how long silence is listened to at each rate (default: 1); each round doubles it",
    )
    parser.add_argument(
        "--timeout", metavar="S", type=seconds, help="when to give up (default: 30)"
    )
    parser.add_argument(
        "--set", action="store_true", help="bring the interface up at the rate that was found"
    )
    add_json(parser, "what was heard at each rate, as one JSON object")
    add_verbose(parser)
    return parser


def _bit_rates(text: str) -> list[int]:
    return [bit_rate(word) for word in text.split(",")]


def run(args: argparse.Namespace) -> int:
    """Find it."""
    from canbus.bringup.detect import detect_bitrate
    from canbus.cli.link_names import find_link

    find_link(args.name)  # which says what else there is
    given = {name: getattr(args, name) for name in ("bitrates", "dwell", "timeout")}
    with usage():
        found = detect_bitrate(
            args.name,
            report=None if args.json else output.say,
            **{name: value for name, value in given.items() if value is not None},
        )
    is_set = args.set and found.bitrate is not None
    if is_set:
        _set(found)
    if args.json:
        import json

        print(json.dumps(_facts(found), indent=2))
    else:
        _show(found, is_set=is_set)
    return 0 if found.bitrate is not None else 1


def _set(found: Detection) -> None:
    from canbus.link_config import LinkConfig
    from canbus.links import apply

    wanted = LinkConfig(bitrate=found.bitrate, listen_only=False, loopback=False, up=True)
    apply(found.channel, wanted)


def _show(found: Detection, *, is_set: bool) -> None:
    import sys

    from canbus.bringup.detect.words import rate
    from canbus.cli.link_words import plain

    name = plain(found.channel)
    if found.bitrate is None:
        output.say(f"{name}: no bit rate was found")
        print(f"hint: {found.hint}", file=sys.stderr)
    elif is_set:
        output.say(f"{name}: {rate(found.bitrate)}, and it is up")
    else:
        output.say(f"{name}: {rate(found.bitrate)}; to use it:")
        output.say(f"canbus up {quote(name)} --bitrate {found.bitrate}")


def _facts(found: Detection) -> dict[str, object]:
    return {
        "channel": found.channel,
        "bitrate": found.bitrate,
        "heard": [_heard_facts(*one) for one in found.heard],
        "impossible": [one._asdict() for one in found.impossible],
        "untried": list(found.untried),
        "hint": found.hint,
    }


def _heard_facts(evidence: Evidence, verdict: Verdict) -> dict[str, object]:
    return {
        "bitrate": evidence.bitrate,
        "verdict": verdict.value,
        "seconds": round(evidence.seconds, 3),
        "data_frames": evidence.data_frames,
        "error_frames": evidence.error_frames,
        "kinds": dict(evidence.kinds),
        "bus_errors": evidence.bus_errors,
        "rx_errors": evidence.rx_errors,
        "rx_errors_risen": evidence.rx_errors_risen,
        "state": None if evidence.state is None else evidence.state.name,
    }
