"""Programs that use a vcan interface: started, told to go, killed. No test here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import canbus as can
from canbus.errors import CanLinkNotFoundError
from canbus.link_info import LinkInfo
from canbus.links import get_link

_USER = """
import sys
import canbus as can
bus = can.Bus(sys.argv[1], interface="vcan", persist="persist" in sys.argv)
print("there", flush=True)
sys.stdin.readline()
bus.shutdown()
"""


class User:
    """A process with a bus open on an interface, from when this is made."""

    def __init__(self, name: str, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _USER, name, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        if self.process.stdout.readline() != "there\n":
            raise AssertionError(self.process.communicate()[1])

    def leave(self) -> str:
        """Have it shut its bus down; returns what it says on stderr."""
        return self.process.communicate("\n", timeout=60)[1]

    def kill(self) -> None:
        """As `kill -9`."""
        self.process.kill()
        self.process.communicate()


@contextmanager
def candump(name: str) -> Iterator[subprocess.Popen[bytes]]:
    """Another program that listens on an interface, from when the block begins."""
    before = _listeners(name)
    with subprocess.Popen(["candump", name], stdout=subprocess.PIPE) as process:
        try:
            while _listeners(name) == before:
                assert process.poll() is None
            yield process
        finally:
            process.terminate()


def _listeners(name: str) -> int:
    return Path("/proc/net/can/rcvlist_all").read_text().count(f" {name} ")


def link(name: str) -> LinkInfo | None:
    """The interface of that name; None if there is none."""
    try:
        return get_link(name)
    except CanLinkNotFoundError:
        return None


def lock_files(name: str) -> list[str]:
    """Those there are for an interface."""
    folders = (Path("/run/lock"), Path("/tmp"))
    return [path.name for folder in folders for path in folder.glob(f"canbus-vcan-*-{name}.*")]


def open_bus(name: str, **options: Any) -> can.BusABC:
    bus: can.BusABC = can.Bus(name, interface="vcan", **options)
    return bus


def target_of(fd: Path) -> str:
    try:
        return str(fd.readlink())
    except OSError:
        return ""
