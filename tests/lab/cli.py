"""The command line: arguments in, exit status out. What the words mean is in `request`."""

import argparse
import os
import re
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from . import fetch, programs, root_disk
from .errors import LabError
from .request import Request
from .run import SETUP_FAILED, run

DESCRIPTION = """\
Run COMMAND inside a throw-away Linux kernel that has CAN, with this checkout
visible and writable. The first use fetches the kernels."""
SUBSTRATES = ("uml", "qemu", "systemd")
STATUSES = """\
exit status: the command's own; 124 time ran out; 125 the guest died (the end of
its console goes to stderr); 2 the request itself is wrong or cannot be met"""


def main(argv: list[str]) -> int:
    """Everything behind `tests/lab/boot`."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    return answer(argv)


def answer(argv: list[str]) -> int:
    """Do what is asked; a refusal becomes one line and a status."""
    try:
        request = parse(argv)
        if request is None:
            fetch.ensure(("uml", "qemu", root_disk.PART, *programs.PARTS))
            return 0
        request.check()
        fetch.ensure((request.substrate,))
        return run(request)
    except BrokenPipeError:
        # Nobody reads our output any more; Python would complain once more at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except (LabError, OSError) as error:  # OSError: a full disk, an --out that cannot be made
        print(f"lab: {error}", file=sys.stderr)
        return SETUP_FAILED


def parse(argv: list[str]) -> Request | None:
    """The request; None for `--fetch`."""
    ours, command = _split(argv)
    options = _parser().parse_args(ours)
    if options.fetch:
        return None
    if options.substrate is None:
        raise LabError("say which kernel: uml, qemu or systemd")
    return Request(
        substrate=options.substrate,
        command=tuple(command),
        cwd=Path.cwd(),
        cpus=options.cpus,
        memory_mib=options.mem,
        timeout=options.timeout,
        qemu_args=tuple(options.qemu_arg),
        env=tuple(options.env),
        out=options.out and options.out.resolve(),
        disk=options.keep and options.keep.resolve(),
        files=options.files and options.files.resolve(),
    )


def _split(argv: list[str]) -> tuple[list[str], list[str]]:
    """What stands before the first `--` is ours, the rest is not looked at."""
    at = argv.index("--") if "--" in argv else len(argv)
    return argv[:at], argv[at + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="boot",
        usage="%(prog)s uml|qemu|systemd [options] -- COMMAND...\n       %(prog)s --fetch",
        description=DESCRIPTION,
        epilog=STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("substrate", nargs="?", choices=SUBSTRATES, help="User-mode Linux, or a QEMU guest")
    add("--fetch", action="store_true", help="only fetch kernels and tools")
    add("--cpus", type=int, default=1, metavar="N", help="not uml; 1 is the fastest")
    add("--mem", type=_memory, default=512, metavar="M", help="512 or 512M or 1G (default 512M)")
    add("--timeout", type=float, default=900.0, metavar="S", help="seconds (default 900)")
    add("--qemu-arg", action="append", default=[], metavar="ARGS", help="split like a shell does")
    add("--env", action="append", default=[], type=_variable, metavar="NAME=VALUE")
    add("--out", type=Path, metavar="DIR", help="writable in the guest, LAB_OUT; gets log, console")
    add("--keep", type=Path, metavar="DISK", help="systemd only: the disk, made when missing")
    add("--files", type=Path, metavar="DIR", help="systemd only: copied over the disk before")
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise LabError(f"{message} (boot --help tells more)")


def _memory(text: str) -> int:
    """Mebibytes."""
    found = re.fullmatch(r"(\d+)([MG]?)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not like 512M or 1G")
    return int(found[1]) * (1024 if found[2] == "G" else 1)


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not like NAME=VALUE")
    return name, value


def _leave(number: int, frame: FrameType | None) -> None:
    """Unwind, so that the guest is ended and the run folder removed."""
    raise SystemExit(128 + number)
