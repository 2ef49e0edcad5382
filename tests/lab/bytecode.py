"""Bytecode for the `systemd` guest's Python, made on the host by that same Python.

An emulated processor takes ten seconds for what is half a second here. Nothing else is run from
the guest's packages on the host, and nothing depends on this but time.
"""

import subprocess
from pathlib import Path

from .paths import CHECKOUT

# What `canbus` depends on, all of it without compiled code, for whichever Python it is installed.
SITE = ".venv/lib/python*/site-packages"
DEPENDENCIES = ("pluggy", "serial", "pyroute2")


def imports() -> tuple[Path, ...]:
    """Where the guest's Python finds `canbus` and what it depends on."""
    return (CHECKOUT, *CHECKOUT.glob(SITE))


def compile_library(packages: Path) -> None:
    """Python's own library, as its package's script does after unpacking."""
    (library,) = packages.glob("usr/lib/python3.[0-9]*")
    _compile(packages, [library])


def compile_checkout(packages: Path) -> None:
    """`canbus` and what it depends on, beside the bytecode of other Pythons; quick when done."""
    sites = [site / name for site in CHECKOUT.glob(SITE) for name in DEPENDENCIES]
    _compile(packages, [CHECKOUT / "canbus", *sites])


def _compile(packages: Path, folders: list[Path]) -> None:
    """What cannot be compiled, or not be written, is the guest's to complain about."""
    loader = packages / "usr/lib64/ld-linux-x86-64.so.2"
    libraries = packages / "usr/lib/x86_64-linux-gnu"
    argv = [str(loader), "--library-path", str(libraries), str(packages / "usr/bin/python3")]
    argv += ["-I", "-m", "compileall", "-qq", *map(str, folders)]
    streams = subprocess.DEVNULL
    subprocess.run(argv, stdin=streams, stdout=streams, stderr=streams, check=False)
