"""C compilers for the golden values: the machine's own, and those for other machines.

Debian's cross compilers serve every target, 32-bit x86 too: gcc-multilib, which ``gcc -m32``
needs, cannot be installed beside a cross compiler. No foreign code is run: `constants` reads
the numbers in the assembler text.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.lab import host_tools
from tests.lab.errors import LabError

HEADERS = "#include <linux/can/raw.h>\n#include <sys/socket.h>\n"


class Target(NamedTuple):
    """A machine: its compiler, and the Debian packages of compiler and headers."""

    compiler: str
    package: str
    headers: str


TARGETS = {
    "x86_64": Target("x86_64-linux-gnu-gcc", "gcc-x86-64-linux-gnu", "libc6-dev-amd64-cross"),
    "i686": Target("i686-linux-gnu-gcc", "gcc-i686-linux-gnu", "libc6-dev-i386-cross"),
    "armhf": Target("arm-linux-gnueabihf-gcc", "gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross"),
    "arm64": Target("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"),
}
_NATIVE = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine())


def only_on_linux() -> None:
    """Skip, saying why, where there are no kernel headers to compare with."""
    if not sys.platform.startswith("linux"):
        pytest.skip(f"{sys.platform} has no <linux/can.h>: nothing to compare with")


@cache
def native() -> str:
    """The machine's own compiler, with the headers; installed where we may, or the test fails."""
    return _obtain(Target("cc", "gcc", "libc6-dev"))


@cache
def cross(name: str) -> str:
    """The compiler of a target, with the headers; installed where we may, or the test fails."""
    return native() if name == _NATIVE else _obtain(TARGETS[name])


def _obtain(target: Target) -> str:
    only_on_linux()
    try:
        program = host_tools.obtain(target.compiler, target.package)
        if not _has_headers(program):
            host_tools.install(target.headers)
    except LabError as exc:
        pytest.fail(f"the layouts cannot be compared: {exc}", pytrace=False)
    if not _has_headers(program):
        pytest.fail(f"{program} finds no <linux/can/raw.h>: apt-get install {target.headers}")
    return program


def _has_headers(program: str) -> bool:
    return not subprocess.run(
        [program, "-E", "-x", "c", "-"], input=HEADERS, text=True, capture_output=True
    ).returncode


def printed(source: Path, folder: Path) -> str:
    """What a C program of this machine prints."""
    program = folder / source.stem
    subprocess.run([native(), "-Wall", "-Werror", "-o", program, source], check=True)
    return subprocess.run([program], check=True, capture_output=True, text=True).stdout


def constants(compiler: str, source: Path) -> dict[str, int]:
    """The unsigned numbers that a file of CONSTANT(name, value) gives to the assembler."""
    command = [compiler, "-Wall", "-Werror", "-S", "-o", "-", str(source)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.findall(r"^#->(\S+) [$#]?(-?\d+)$", text, re.MULTILINE)
    return {name: int(value) % 2**32 for name, value in found}
