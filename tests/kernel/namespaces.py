"""Commands, and which network namespace a thread is in. No test here."""

from __future__ import annotations

import subprocess
from pathlib import Path


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def own_namespace() -> int:
    return Path("/proc/thread-self/ns/net").stat().st_ino
