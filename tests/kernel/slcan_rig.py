"""The kernel's own slcan driver at the other end of a serial line. No test here.

A serial line between two programs is two pseudo-terminals, with what one of them is sent carried
over to the other: the master of a pseudo-terminal has no path to open.
"""

from __future__ import annotations

import json
import os
import pty
import random
import select
import subprocess
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Self

from canbus.links import set_up
from canbus.testing.support import PATIENCE
from tests.scale import SOAK

EACH = 2000 * SOAK
"""Frames of each kind and direction."""

WINDOW = 50
"""Frames under way at a time: the kernel drops what finds its buffers full, and says nothing."""

_PIECE = 4096
_RETRY_MS = 10
"""The driver does not tell who waits for room that it has made some: it never throttles, and so
nothing wakes the other side of its pseudo-terminal (drivers/tty/pty.c, pty_unthrottle)."""


# -- frames -----------------------------------------------------------------------------


def _standard(number: int, random: random.Random) -> str:
    return f"{number * 37 % 0x800:03X}#{random.randbytes(number % 9).hex().upper()}"


def _extended(number: int, random: random.Random) -> str:
    ident = (0, 0x1FFFFFFF, 0x7FF, random.getrandbits(29))[min(number, 3)]
    return f"{ident:08X}#{random.randbytes(number % 9).hex().upper()}"


def _remote(number: int, random: random.Random) -> str:
    return f"{number * 41 % 0x800:03X}#R{number % 9 or ''}"


def _extended_remote(number: int, random: random.Random) -> str:
    ident = (0, 0x1FFFFFFF, 0x7FF, random.getrandbits(29))[min(number, 3)]
    return f"{ident:08X}#R{number % 9 or ''}"


KINDS: dict[str, Callable[[int, random.Random], str]] = {
    "standard": _standard,
    "extended": _extended,
    "remote": _remote,
    "extended remote": _extended_remote,
}
"""By name: the n-th frame of that kind, in the notation of can-utils. Lengths take turns."""


def chunks(count: int, *kinds: str, seed: int = 0) -> Iterator[list[str]]:
    """Frames of these kinds, taking turns, in pieces of WINDOW."""
    generator = random.Random(seed)
    makers = [KINDS[kind] for kind in kinds]
    frames = (
        makers[number % len(makers)](number // len(makers), generator) for number in range(count)
    )
    while chunk := list(islice(frames, WINDOW)):
        yield chunk


# -- the line ---------------------------------------------------------------------------


class Wire:
    """Two pseudo-terminals, joined by a thread; bytes only.

    Args:
        link: symbolic link to the near end, under /dev, where slcand wants it.

    Attributes:
        near: where the kernel's driver is to sit.
        far: path of the other end.
        from_near: all that was sent by the near end so far.
    """

    def __init__(self, link: str) -> None:
        self.near = link
        self.from_near = bytearray()
        self._near_master, self._near_slave = pty.openpty()
        self._far_master, self._far_slave = pty.openpty()
        for slave in (self._near_slave, self._far_slave):
            tty.setraw(slave)
        for master in (self._near_master, self._far_master):
            os.set_blocking(master, False)
        self.far = os.ttyname(self._far_slave)
        self._changed = threading.Condition()
        self._wake = os.eventfd(0)
        self._is_stopping = False
        self._is_held = False
        Path(link).unlink(missing_ok=True)
        Path(link).symlink_to(os.ttyname(self._near_slave))
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_stopping = True
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        Path(self.near).unlink()
        for fd in (
            *(self._near_master, self._near_slave, self._far_master, self._far_slave),
            self._wake,
        ):
            os.close(fd)

    def wait_for(self, data: bytes) -> None:
        """Wait until the near end has sent this, at any time."""
        with self._changed:
            assert self._changed.wait_for(lambda: data in self.from_near, PATIENCE), self.from_near

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nothing is carried meanwhile."""
        self._is_held = True
        os.eventfd_write(self._wake, 1)
        yield
        self._is_held = False
        os.eventfd_write(self._wake, 1)

    def _carry(self) -> None:
        """No more is read than was written on: so a side that does not read stops the other."""
        peers = {self._near_master: self._far_master, self._far_master: self._near_master}
        waiting = dict.fromkeys(peers, b"")  # by the master that it is for
        poller = select.poll()
        poller.register(self._wake, select.POLLIN)
        while not self._is_stopping:
            for master, peer in peers.items():
                reads = 0 if waiting[peer] else select.POLLIN
                writes = select.POLLOUT if waiting[master] else 0
                poller.register(master, 0 if self._is_held else reads | writes)
            ready = dict(poller.poll(_RETRY_MS if any(waiting.values()) else None))
            if self._wake in ready:
                os.eventfd_read(self._wake)
                continue
            for master, events in ready.items():
                if events & select.POLLOUT:
                    waiting[master] = waiting[master][os.write(master, waiting[master]) :]
                if events & select.POLLIN:
                    waiting[peers[master]] = self._read(master)

    def _read(self, master: int) -> bytes:
        data = os.read(master, _PIECE)
        if master == self._near_master:
            with self._changed:
                self.from_near += data
                self._changed.notify_all()
        return data


# -- the driver -------------------------------------------------------------------------


@contextmanager
def slcand(port: str, link: str, *options: str) -> Iterator[str]:
    """The kernel's driver on a port under /dev, for as long as slcand runs; its link is up."""
    command = ["slcand", "-F", *options, port.removeprefix("/dev/"), link]
    daemon = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for_link(link, daemon)
        yield link
    finally:
        daemon.terminate()
        assert daemon.wait(PATIENCE) == 0


@contextmanager
def slcan_attach(port: str, link: str, *options: str) -> Iterator[str]:
    """The same with slcan_attach, which does not stay; somebody else must hold the port open."""
    subprocess.run(["slcan_attach", *options, "-n", link, port], check=True, capture_output=True)
    try:
        set_up(link)
        yield link
    finally:
        subprocess.run(["slcan_attach", "-d", port], check=True, capture_output=True)


def _wait_for_link(link: str, daemon: subprocess.Popen[bytes]) -> None:
    """Until it has its name. Setting it up earlier would keep slcand from renaming it."""
    while not Path(f"/sys/class/net/{link}").exists():
        assert daemon.poll() is None, "slcand ended"
    set_up(link)


def counters(link: str) -> dict[str, dict[str, Any]]:
    """`rx` and `tx` of a link, as ip(8) names them: packets, errors, dropped, over_errors..."""
    command = ["ip", "-json", "-details", "-statistics", "-statistics", "link", "show", link]
    (facts,) = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    found: dict[str, dict[str, Any]] = facts["stats64"]
    return found


# -- the witness ------------------------------------------------------------------------


class Candump:
    """`candump -L` on a link: every frame of it, in order, as candump writes it."""

    def __init__(self, link: str) -> None:
        before = _listeners(link)
        self._process = subprocess.Popen(
            ["candump", "-L", link], stdout=subprocess.PIPE, text=True, bufsize=1
        )
        while _listeners(link) == before:
            assert self._process.poll() is None, "candump ended"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()

    def take(self, count: int) -> list[str]:
        """The next frames, waited for; without time and link."""
        assert self._process.stdout is not None
        return [self._process.stdout.readline().split()[2] for _ in range(count)]


def _listeners(link: str) -> int:
    """Sockets that hear all frames of a link."""
    path = Path("/proc/net/can/rcvlist_all")
    return path.read_text().count(f" {link} ") if path.exists() else 0
