"""`canbus ports`: which serial ports may be CAN adapters. Nothing is opened, unless asked for."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from canbus.cli.arguments import add_verbose

if TYPE_CHECKING:
    from canbus.backends.slcan.discovery import Candidate

_NOTHING = """no serial CAN adapter was found. What to check:
  - is it plugged in, and does the system see it?   sudo dmesg | tail; lsusb
  - many adapters are no serial ports but network interfaces (candleLight, PEAK, ...):
    ip -details link show type can; then use interface='socketcan'
  - in a container, a device has to be passed in:   --device=/dev/ttyACM0"""


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "ports",
        help="list the serial ports that may be CAN adapters",
        description="List the serial ports that may be CAN adapters, the likeliest first. "
        "Nothing is opened without --probe. The exit status is 1 if there is none.",
        allow_abbrev=False,
    )
    parser.add_argument("--all", action="store_true", help="every serial port")
    parser.add_argument(
        "--probe",
        action="store_true",
        help="open each that is free and ask what is there (some boards restart then)",
    )
    parser.add_argument("--json", action="store_true", help="everything, as one JSON array")
    add_verbose(parser, "also why each is listed")
    return parser


def run(args: argparse.Namespace) -> int:
    """List the ports."""
    from canbus.backends.slcan.discovery import candidates

    every = candidates(everything=True)
    rows = every if args.all else [row for row in every if row.likelihood]
    answers = {row.path: _probe(row) for row in rows} if args.probe else {}
    if args.json:
        import json

        facts = [{**_facts(row), **answers.get(row.path, {})} for row in rows]
        print(json.dumps(facts, indent=2))
    elif rows:
        _show(rows, answers, with_reasons=args.verbose)
    else:
        print(_NOTHING, file=sys.stderr)
        if every:
            print(_others(len(every)), file=sys.stderr)
    return 0 if rows else 1


def _others(count: int) -> str:
    what = "is another serial port" if count == 1 else f"are {count} other serial ports"
    return f"  - there {what} that nothing speaks for:   canbus ports --all"


def _probe(row: Candidate) -> dict[str, str | None]:
    """What answers there, or why nobody could be asked."""
    from canbus.backends.slcan.probe import probe
    from canbus.errors import CanError

    try:
        found = probe(row.path)
    except CanError as exc:
        return {"problem": str(exc)}
    return {"version": found.version or None, "dialect": found.dialect}


def _show(
    rows: list[Candidate], answers: dict[str, dict[str, str | None]], *, with_reasons: bool
) -> None:
    paths = max(len(row.path) for row in rows)
    for row in rows:
        print(f"{row.path:{paths}}  {_summary(row)}")
        lines = _answer(answers[row.path]) if row.path in answers else []
        for line in lines + _details(row, with_reasons=with_reasons):
            print(f"{'':{paths}}    {line}")


def _answer(said: dict[str, str | None]) -> list[str]:
    if "problem" in said:
        return [f"could not be asked: {said['problem']}"]
    if said["version"] is None:
        return ["nothing answers (CANtact and some others never do)"]
    return [f"answers {said['version']!r}: dialect {said['dialect'] or 'unknown'}"]


def _summary(row: Candidate) -> str:
    from canbus.backends.slcan.usb_ids import Likelihood

    parts = [row.adapter]
    if row.likelihood is Likelihood.MAYBE:
        parts = [f"may be one: {row.adapter}"]
    if row.dialect:
        parts.append(f"dialect {row.dialect}")
    if row.usb_id:
        parts.append(f"USB {row.usb_id}")
    if row.serial_number:
        parts.append(f"serial number {row.serial_number}")
    return ", ".join(parts)


def _details(row: Candidate, *, with_reasons: bool) -> list[str]:
    lines = []
    if row.by_id:
        lines.append(f"always {row.by_id}")
    if not row.is_allowed:
        lines.append("not allowed for this user; opening it says what to do")
    users = _users(row)
    if users:
        lines.append("in use by " + ", ".join(f"{name} (process {pid})" for pid, name in users))
    if with_reasons:
        lines += [row.description] if row.description else []
        lines.append(f"listed because: {row.why}")
    return lines


def _users(row: Candidate) -> list[tuple[int, str]]:
    from canbus.backends.slcan.port_users import users_of

    return [(user.pid, user.name) for user in users_of(row.path)]


def _facts(row: Candidate) -> dict[str, object]:
    return {
        **row._asdict(),
        "likelihood": row.likelihood.name.lower(),
        "users": [{"pid": pid, "name": name} for pid, name in _users(row)],
    }
