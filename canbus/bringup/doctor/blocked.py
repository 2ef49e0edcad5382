"""Modules that somebody keeps from being loaded: modprobe.d(5), and the kernel's command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from canbus.bringup.doctor.system import System

_FOLDERS = ("/etc/modprobe.d", "/run/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d")
_LINE = re.compile(r"(blacklist|install)\s+(\S+)(?:\s+(.*))?")
_ON_COMMAND_LINE = re.compile(r"(?:^|\s)(module_blacklist|modprobe\.blacklist)=(\S+)")
_LOADS_IT = re.compile(r"modprobe|insmod")  # an `install` line that loads it after all


class Block(NamedTuple):
    """What keeps a module from being loaded.

    Attributes:
        where: the file, or the command line.
        line: as it stands there.
        is_hard: not even `modprobe` by hand loads it.
    """

    where: str
    line: str
    is_hard: bool

    def __str__(self) -> str:
        return f"{self.where}: {self.line}"


def block_of(system: System, *modules: str) -> Block | None:
    """What keeps one of these modules from being loaded; the hardest, None if nothing does."""
    found = [block for name, block in _blocks(system) if name in modules]
    return max(found, key=lambda block: block.is_hard, default=None)


def _blocks(system: System) -> Iterator[tuple[str, Block]]:
    for folder in _FOLDERS:
        for name in system.names(folder):
            if name.endswith(".conf"):  # others are not read
                for line in system.lines(f"{folder}/{name}"):
                    found = _LINE.fullmatch(line)
                    if found and not _LOADS_IT.search(found[3] or ""):
                        is_hard = found[1] == "install"
                        block = Block(f"{folder}/{name}", line, is_hard)
                        yield found[2].replace("-", "_"), block
    for option, names in _ON_COMMAND_LINE.findall(system.text("/proc/cmdline")):
        block = Block("/proc/cmdline", f"{option}={names}", option == "module_blacklist")
        for one in names.split(","):
            yield one.replace("-", "_"), block
