"""Runs the libraries in a process of their own, where `import can` is canbus."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def run_under_compat(backend: str, channel: str | None = None) -> None:
    """Run the suite; the test fails if one of its tests does, or is left out."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-p", "tests.downstream.compat_plugin", "tests/downstream/under_compat.py"]
    env = {**os.environ, "DOWNSTREAM_BACKEND": backend}
    if channel:
        env["DOWNSTREAM_CHANNEL"] = channel
    done = subprocess.run(
        command, cwd=CHECKOUT, env=env, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
