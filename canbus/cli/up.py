"""`canbus up`: bring an adapter or link up. Arguments and words; the work is canbus.bringup's."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from canbus.cli import output
from canbus.cli.arguments import add_verbose, seconds, usage
from canbus.cli.process import Terminated
from canbus.cli.request_arguments import (
    TARGETS,
    add_family_arguments,
    add_request_arguments,
    request_of,
)

if TYPE_CHECKING:
    from canbus.bringup import Outcome, Request
    from canbus.link_info import LinkInfo
    from canbus.links import Refusal

_EPILOG = f"""{TARGETS.format(command="up")}
exit status: 0 it is up; 1 it is not; 2 an argument is missing or makes no sense"""


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "up",
        help="bring an adapter up: module, daemon, bit rate, all of it",
        description="Bring an adapter or interface up as asked: load its driver, start its "
        "daemon, set the bit rate and modes, and see whether it is up. What is so already is "
        "left alone; if a step fails, those before it are undone.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_request_arguments(parser)
    parser.add_argument(
        "--wait",
        metavar="S",
        type=seconds,
        help="how long to wait for the interface (default: 10 where a driver makes it, else 0)",
    )
    parser.add_argument(
        "--strict", action="store_true", help="fail where the driver refuses a setting"
    )
    _add_serial_arguments(add_family_arguments(parser))
    parser.add_argument("--dry-run", action="store_true", help="only show the commands, for sh")
    parser.add_argument("--json", action="store_true", help="what was done, as one JSON object")
    add_verbose(parser)
    return parser


def _add_serial_arguments(serial: argparse._ArgumentGroup) -> None:
    serial.add_argument(
        "--no-probe",
        action="store_true",
        help="do not ask the adapter first whether it answers (some never do)",
    )
    serial.add_argument(
        "--foreground", action="store_true", help="stay, and keep it up: for a service manager"
    )


def run(args: argparse.Namespace) -> int:
    """Bring it up."""
    from canbus.bringup import bring_up, commands_for

    with usage():
        request = _request(args)
        if args.dry_run:
            refused: list[Refusal] = []
            return _show_commands(args, commands_for(request, refused=refused.append), refused)
        done = bring_up(request, _be_quiet if args.json else output.say)
    _show(args, request, done)
    return _stay(done.link.name) if args.foreground else 0


def _request(args: argparse.Namespace) -> Request:
    return request_of(
        args,
        args.wait,
        probe=False if args.no_probe else None,
        foreground=True if args.foreground else None,
    )


def _stay(link: str) -> int:
    """Until the daemon behind a link, and what keeps it, end: by a signal, or by trouble."""
    from canbus.bringup import keepers

    keeper = keepers.find(link)
    if keeper is None:
        return 0
    try:
        status = keeper.wait()
    except Terminated:  # how a service manager ends it: all went well
        keeper.stop()
        return 0
    return status if status >= 0 else 1


def _be_quiet(_: str) -> None:
    pass


def _show_commands(args: argparse.Namespace, commands: list[str], refused: list[Refusal]) -> int:
    for refusal in refused:
        _warn(args.target, refusal)
    if args.json:
        import json

        lines = [line for line in commands if not line.startswith("#")]
        facts = {"commands": lines, "refused": [refusal._asdict() for refusal in refused]}
        print(json.dumps(facts, indent=2))
    else:
        nothing = ", nothing more to do" if refused else " as asked already: nothing to do"
        for line in commands or [f"# it is up{nothing}"]:
            print(line)
    return 0


def _show(args: argparse.Namespace, request: Request, done: Outcome) -> None:
    for refusal in done.refused:
        _warn(done.link.name, refusal)
    if args.json:
        import json

        print(json.dumps(_facts(done), indent=2))
        return
    nothing = ""
    if not done.done:
        nothing = ", nothing more to do" if done.refused else " as asked, nothing to do"
    output.say(f"{done.link.name} is up{nothing}{_summary(done.link)}")


def _warn(name: str, refusal: Refusal) -> None:
    what = f"{refusal.setting}={refusal.value} was {refusal.outcome}"
    output.say_warning(f"{name}: {what}: {refusal.why}")


def _summary(link: LinkInfo) -> str:
    parts = []
    if link.bitrate is not None and link.bit_timing is not None:
        point = link.bit_timing.sample_point
        parts.append(f"{link.bitrate} bit/s" + (f", sample point {point:g} %" if point else ""))
    if link.data_bitrate is not None:
        parts.append(f"data {link.data_bitrate} bit/s")
    parts += [name for name in sorted(link.modes) if name != "fd"]
    if link.restart_ms:
        parts.append(f"restarts after {link.restart_ms} ms")
    return f": {', '.join(parts)}" if parts else ""


def _facts(done: Outcome) -> dict[str, object]:
    from canbus.cli.link_facts import link_facts

    return {
        "link": link_facts(done.link),
        "done": list(done.done),
        "refused": [refusal._asdict() for refusal in done.refused],
    }
