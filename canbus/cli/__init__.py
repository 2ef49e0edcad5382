"""The `canbus` command: dispatch, exit status, and what becomes of an error. No subcommand here.

Exit status: 0 done; 1 an error of the library or nothing achieved (the subcommand says
which); 2 wrong usage; 128 + number when ended by a signal (130 Ctrl-C, 141 broken pipe).
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

from canbus.cli import process
from canbus.cli.output import say_error
from canbus.errors import CanError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the `canbus` command.

    Args:
        argv: the arguments after the program's name; None takes those of the process.

    Returns:
        The exit status.
    """
    # No word `list` in this file: once loaded, the subcommand's module has that name here.
    words = sys.argv[1:] if argv is None else [*argv]
    with process.manners():
        try:
            return _run(words)
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
        except process.Terminated as exc:
            return 128 + exc.signal_number
        except BrokenPipeError:
            return process.give_up_stdout()


def _run(words: Sequence[str]) -> int:
    from canbus.cli.arguments import UsageError
    from canbus.cli.parser import parse

    try:
        args = parse(words)
    except SystemExit as exc:  # argparse has said what is wrong, or shown the help
        process.flush_stdout()
        return exc.code if isinstance(exc.code, int) else 0
    try:
        status: int = args.run(args)
        process.flush_stdout()
    except UsageError as exc:
        say_error(exc.cause, with_traceback=args.verbose)
        return 2
    except CanError as exc:
        say_error(exc, with_traceback=args.verbose)
        return 1
    return status
