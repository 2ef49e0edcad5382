"""A tiny process that outlives a launcher killed outright and then ends its guest.

Run as a script, with the run folder as argument; knows nothing else of the lab. On standard input:
the guest's process group as one line, later `done`. When the input ends without `done`, the
launcher is gone: User-mode Linux would leave helper processes behind, both guests a folder.
"""

import contextlib
import os
import shutil
import signal
import sys


def main(run_dir: str) -> None:
    """Wait for the launcher to end."""
    lines = sys.stdin.read().split()
    if "done" in lines:
        return
    for group in lines:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(group), signal.SIGKILL)
    shutil.rmtree(run_dir, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
