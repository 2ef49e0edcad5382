"""`python -m canbus.compat script.py ...`: run a program written for python-can on canbus.

Also `python -m canbus.compat -m module ...`. Nothing but running it is here.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from canbus.compat import install

_USAGE = "usage: python -m canbus.compat (SCRIPT | -m MODULE) [ARGUMENT ...]"


def main() -> None:
    """Run what the command line names."""
    words = sys.argv[1:]
    if not words or words == ["-m"] or words[0] in {"-h", "--help"}:
        print(_USAGE, file=sys.stderr)
        raise SystemExit(0 if words[:1] in (["-h"], ["--help"]) else 2)
    install()
    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        sys.path[0] = str(Path(words[0]).resolve().parent)
        runpy.run_path(words[0], run_name="__main__")


if __name__ == "__main__":
    main()
