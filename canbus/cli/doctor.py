"""`canbus doctor`: why no frame arrives. Arguments and statuses; the words are doctor_text.py's.

What is wrong, the library finds.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from canbus.cli import output
from canbus.cli.arguments import add_verbose, seconds, usage
from canbus.errors import CanError

if TYPE_CHECKING:
    from canbus.bringup.doctor import Finding

_WARNINGS_ONLY, _ERRORS = 3, 4

_EPILOG = """What is seen is shown with where it was seen, what it usually means, and the
commands that mend it; the likeliest cause comes first. Lines with # are to be done by hand.

exit status: 0 nothing is wrong; 3 only warnings; 4 errors; 1 it could not be looked at,
or --fix failed; 2 an argument makes no sense"""


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "doctor",
        help="say why no frame arrives, and what mends it",
        description="Look at kernel, board, drivers, interfaces, daemons and rights for what "
        "keeps CAN frames from moving. Nothing is changed without --fix, and no right is needed; "
        "with root's the kernel's log can be read, too.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("channel", metavar="CHANNEL", nargs="?", help="one interface; all if none")
    parser.add_argument(
        "--fix", action="store_true", help="do what is safe to do, and look again afterwards"
    )
    parser.add_argument(
        "--listen",
        metavar="S",
        type=seconds,
        default=1.0,
        help="seconds between two looks at the counters (default: 1)",
    )
    parser.add_argument("--json", action="store_true", help="what was found, as one JSON object")
    add_verbose(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Look, mend if asked to, and look again."""
    from canbus.bringup import doctor

    with usage():
        found = doctor.run(args.channel, listen=args.listen)
    done, failed = _fix(args, found) if args.fix else ([], False)
    if done:
        found = doctor.run(args.channel, listen=args.listen)
    if args.json:
        import json

        print(json.dumps({"findings": [_facts(one) for one in found], "done": done}, indent=2))
    else:
        _show(found)
    return 1 if failed else _status(found)


def _fix(args: argparse.Namespace, found: list[Finding]) -> tuple[list[str], bool]:
    """Mend what may be mended; what was done, and whether something of it failed."""
    from canbus.bringup import doctor

    done: list[str] = []
    failed = False
    for finding in found:
        try:
            done += doctor.fix(finding, _be_quiet if args.json else _say_done)
        except CanError as exc:
            failed = True
            output.say_error(exc, with_traceback=args.verbose)
    return done, failed


def _say_done(line: str) -> None:
    output.say(f"fixing: {line}")


def _be_quiet(_: str) -> None:
    pass


def _show(found: list[Finding]) -> None:
    from shutil import get_terminal_size

    from canbus.cli.doctor_text import finding_lines, summary_line

    width = get_terminal_size().columns
    for finding in found:
        for line in finding_lines(finding, width):
            output.say(line)
        output.say("")
    output.say(summary_line(found))


def _facts(finding: Finding) -> dict[str, object]:
    return {
        "name": finding.name,
        "severity": finding.severity.name.lower(),
        "likelihood": finding.likelihood.name.lower(),
        "channel": finding.channel,
        "what": finding.what,
        "evidence": list(finding.evidence),
        "meaning": finding.meaning,
        "commands": list(finding.commands),
        "can_fix": bool(finding.fix),
    }


def _status(found: list[Finding]) -> int:
    from canbus.bringup.doctor import Severity

    worst = max(finding.severity for finding in found)
    return {Severity.ERROR: _ERRORS, Severity.WARNING: _WARNINGS_ONLY}.get(worst, 0)
