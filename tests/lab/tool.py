"""Where a fetched program is, for a test on the host: `tool("shellcheck")`.

Never an excuse to skip: what cannot be had is a LabError. In a guest these are on PATH.
"""

from pathlib import Path

from . import fetch
from .errors import LabError
from .paths import tools_dir
from .programs import PARTS, scripts_dir


def tool(name: str) -> Path:
    """Path of a program that the lab fetches, fetched first when it is not there yet."""
    part = next((part for part, names in PARTS.items() if name in names), "tools")
    fetch.ensure((part,))
    folders = [scripts_dir(part)] if part in PARTS else _folders_of_tools()
    for folder in folders:
        if (folder / name).exists():
            return folder / name
    raise LabError(f"{name} is none of the programs that the lab fetches (tests/lab/fetch.py)")


def _folders_of_tools() -> list[Path]:
    return [tools_dir() / below for below in ("usr/bin", "sbin", "bin")]
