"""Debian 13's own systemd, in the lab's cache: its programs judge what is written here.

They run below a root of their own, which nothing is written to: folders of the test are laid over
it in a mount namespace. `tests/lab/boot --fetch` has fetched that root.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from shlex import join, quote

import pytest

from tests.lab.paths import cache_dir

ROOT = cache_dir() / "systemd"


def run(*command: str, over: dict[str, Path] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in that system.

    Args:
        command: word by word.
        over: folders to lay over its own, by their path there.
    """
    if not (ROOT / "usr/bin/systemd-analyze").exists():
        pytest.fail(f"there is no systemd in {ROOT}: tests/lab/boot --fetch fetches it")
    root = quote(str(ROOT))
    lines = ["set -e", f"mount --bind {root} {root}"]
    lines += [
        f"mount --bind {quote(str(folder))} {root}{quote(place)}"
        for place, folder in (over or {}).items()
    ]
    lines.append(f"exec chroot {root} {join(command)}")
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", "\n".join(lines)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
