"""`canbus persist`: what survives a reboot. Arguments, words, and the question before writing.

Which files those are, and writing them, is canbus.bringup.persist's.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING, Any

from canbus.cli import output
from canbus.cli.arguments import UsageError, add_verbose, usage
from canbus.cli.request_arguments import (
    TARGETS,
    add_family_arguments,
    add_request_arguments,
    request_of,
)
from canbus.errors import CanConfigError

if TYPE_CHECKING:
    from canbus.bringup.persist import Plan

_EPILOG = f"""{TARGETS.format(command="persist")}
Without any setting an interface that is there is kept as it is now.

exit status: 0 it is done; 1 it is not; 2 an argument is missing or makes no sense"""


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "persist",
        help="write what brings an interface up at every boot, and when it is plugged in",
        description="Write the files for systemd and udev that set an interface up as `canbus up` "
        "does, at every boot and whenever the adapter is plugged in. They are shown first. What "
        "somebody else sets up is left alone.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_request_arguments(parser, nargs="?")
    parser.add_argument(
        "--strict", action="store_true", help="fail where the driver refuses a setting"
    )
    add_family_arguments(parser)
    _add_own_arguments(parser)
    add_verbose(parser)
    return parser


def _add_own_arguments(parser: argparse.ArgumentParser) -> None:
    files = parser.add_argument_group("files")
    files.add_argument(
        "--by",
        choices=("serial", "path"),
        help="what --name tells the adapter by (default: serial)",
    )
    files.add_argument(
        "--manager",
        choices=("networkd", "unit"),
        help="who sets it up (default: systemd-networkd where that is enabled, else a unit)",
    )
    files.add_argument(
        "--root", metavar="DIR", default="/", help="write below DIR, an image of another machine"
    )
    files.add_argument("--dry-run", action="store_true", help="only show the files")
    files.add_argument("--yes", action="store_true", help="do not ask")
    files.add_argument("--force", action="store_true", help="also what somebody has edited")
    others = parser.add_mutually_exclusive_group()
    others.add_argument("--list", action="store_true", help="show what is written, and if intact")
    others.add_argument(
        "--remove", metavar="NAME", nargs="?", const="", help="take away what is written for it"
    )
    parser.add_argument("--json", action="store_true", help="the same as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Show, ask, write; or list, or remove."""
    if not Path(args.root).is_dir():
        raise UsageError(
            CanConfigError(f"--root {args.root}: there is no such folder", hint="mkdir it first")
        )
    if args.list:
        return _list(args)
    if args.remove is not None:
        return _remove(args)
    return _write(args)


def _write(args: argparse.Namespace) -> int:
    from canbus.bringup import persist

    with usage():
        if args.target is None:
            raise CanConfigError(
                "what shall be kept?",
                hint="canbus persist can0 --bitrate 500k; --list shows what is",
            )
        site = persist.Site.at(args.root)
        plan = persist.plan(request_of(args), manager=args.manager, way=args.by, site=site)
    if args.json and (args.dry_run or args.yes):
        _show_json(plan)
    else:
        _show(plan)
    if args.dry_run:
        return 0
    persist.check_rights(plan, args.root)
    if not args.yes and not _agree(f"write {_count(len(plan.files))}?"):
        return 1
    report = _quiet if args.json else output.say
    changed = persist.install(plan, args.root, force=args.force, report=report)
    if not changed:
        report(f"{plan.link} is kept so already: nothing to do")
        return 0
    persist.activate(plan.commands, lambda line: report(f"run {line}"))
    report(f"{plan.link} will be up after every boot")
    return 0


def _list(args: argparse.Namespace) -> int:
    from canbus.bringup import persist

    found = persist.installed(args.root)
    if args.json:
        import json

        facts = [
            {
                "link": one.link,
                "command": one.command,
                "files": [file.__dict__ for file in one.files],
            }
            for one in found
        ]
        print(json.dumps(facts, indent=2))
        return 0
    if not found:
        output.say("nothing is kept over a reboot by canbus")
    for one in found:
        output.say(f"{one.link}: {one.command}")
        for file in one.files:
            output.say(f"  {file.state:8}  {file.path}")
    return 0


def _remove(args: argparse.Namespace) -> int:
    from canbus.bringup import persist

    with usage():
        name = args.remove or args.target or _only_one(args.root)
        there = [one for one in persist.installed(args.root) if one.link == name]
    paths = [file.path for one in there for file in one.files if file.state != "missing"]
    if there and not args.json:
        for path in paths:
            output.say(path)
    if args.dry_run:
        return 0
    if there and not args.yes and not _agree(f"remove {_count(len(paths))}?"):
        return 1
    report = _quiet if args.json else output.say
    with usage():
        gone = persist.remove(name, args.root, force=args.force, report=report)
    if args.json:
        import json

        print(json.dumps({"removed": gone}))
    commands = persist.commands_for(gone, name, persist.Site.at(args.root))
    persist.activate(commands, lambda line: report(f"run {line}"))
    report(f"{name} stays as it is until the next boot; {_end_of(name, there[0].command)}")
    return 0


def _end_of(name: str, command: str) -> str:
    """What ends now what goes on; slcand holds the port until then."""
    if command.startswith("canbus persist serial"):
        return f"`systemctl stop canbus-{name}.service` ends slcand now"
    return f"`canbus down {name}` takes it down now"


def _only_one(root: str) -> str:
    from canbus.bringup import persist

    names = [one.link for one in persist.installed(root)]
    if len(names) != 1:
        raise CanConfigError(
            f"which one shall be removed: {', '.join(names)}?" if names else "nothing is kept",
            hint=f"canbus persist --remove {names[0]}" if names else "there is nothing to remove",
        )
    return names[0]


def _agree(question: str) -> bool:
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:
        output.say("")
        answer = ""
    if answer.strip().lower() in {"y", "yes"}:
        return True
    output.say("nothing is changed (--yes does not ask)")
    return False


def _count(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"


_quiet: Callable[[str], None] = lambda line: None  # noqa: E731


def _show(plan: Plan) -> None:
    for file in plan.files:
        output.say(f"{file.path}:")
        _say_indented(file.text.splitlines())
        for link in file.symlinks:
            output.say(f"{link} -> {file.path}")
    for path in plan.obsolete:
        output.say(f"{path}: is taken away, as it is no longer of this")
    if plan.commands:
        output.say("then, so that it counts at once:")
        _say_indented([join(command) for command in plan.commands])
    for note in plan.notes:
        output.say(f"note: {note}")


def _say_indented(lines: Sequence[str]) -> None:
    for line in lines:
        output.say(f"    {line}".rstrip())


def _show_json(plan: Plan) -> None:
    import json

    facts = {
        "link": plan.link,
        "manager": plan.manager,
        "files": [
            {"path": file.path, "text": file.text, "symlinks": list(file.symlinks)}
            for file in plan.files
        ],
        "obsolete": list(plan.obsolete),
        "commands": [list(command) for command in plan.commands],
        "notes": list(plan.notes),
    }
    print(json.dumps(facts, indent=2))
