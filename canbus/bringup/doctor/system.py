"""System: all that the doctor reads of a machine, in one place. Nothing is judged, or changed.

What is not there, or may not be read, is empty: a check looks at strange systems, too. Files are
below a root, so that a system can be a folder of texts; links, the kernel's log, programs and
capabilities are methods that another class can answer.
"""

from __future__ import annotations

import os
import re
import socket
import time
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from canbus.bringup.machine import Machine
from canbus.errors import CanError
from canbus.link_info import LinkInfo
from canbus.links.reading import read_links
from canbus.links.rights import has_capability

_COMM_LENGTH = 15  # TASK_COMM_LEN of <linux/sched.h> without the terminating zero
_MOST = 1 << 20  # characters of one file: a check looks for lines, and some files never end


class Process(NamedTuple):
    """A process that runs.

    Attributes:
        pid: its number.
        name: as the kernel has it, 15 characters at most.
        words: its command line.
    """

    pid: int
    name: str
    words: tuple[str, ...]


class System:
    """The machine, as far as the doctor looks.

    Args:
        channel: the interface that was asked about; None for all.
        root: where its files are.
        earlier: the links some time ago, to see what moves; {} if nobody looked.
    """

    def __init__(
        self,
        channel: str | None = None,
        root: str = "/",
        earlier: dict[int, LinkInfo] | None = None,
    ) -> None:
        self.channel = channel
        self.root = Path(root)
        self.earlier = earlier or {}

    # -- files ------------------------------------------------------------------------

    def text(self, path: str) -> str:
        """The text of a file, without blanks at its ends; "" if there is none to be read."""
        try:
            with self._at(path).open(encoding="utf-8", errors="replace") as file:
                return file.read(_MOST).strip(" \t\r\n\0")
        except (OSError, ValueError):  # ValueError: a path with a zero
            return ""

    def lines(self, path: str) -> list[str]:
        """The lines of a file, without blanks at their ends."""
        return [line.strip() for line in self.text(path).splitlines()]

    def names(self, path: str) -> list[str]:
        """What is in a folder, in order; nothing if there is none to be read."""
        try:
            return sorted(entry.name for entry in self._at(path).iterdir())
        except (OSError, ValueError):
            return []

    def exists(self, path: str) -> bool:
        """Whether there is something."""
        try:
            return os.path.lexists(self._at(path))
        except ValueError:
            return False

    def target(self, path: str) -> str:
        """Where a symbolic link leads, as it is written; "" if it is none."""
        try:
            return str(self._at(path).readlink())
        except (OSError, ValueError):
            return ""

    def modified(self, path: str) -> float | None:
        """When a file was last written, in seconds since 1970; None if nobody can say."""
        try:
            return self._at(path).stat().st_mtime
        except (OSError, ValueError):
            return None

    def may_open(self, path: str) -> bool:
        """Whether this process may read and write a file, as far as the file's rights tell."""
        try:
            return os.access(self._at(path), os.R_OK | os.W_OK)
        except ValueError:
            return False

    def _at(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    # -- the kernel -------------------------------------------------------------------

    @cached_property
    def links(self) -> tuple[LinkInfo, ...]:
        """The CAN interfaces, each once; nothing if the kernel does not tell."""
        try:
            return tuple(read_links())
        except CanError:
            return ()

    @property
    def asked_links(self) -> tuple[LinkInfo, ...]:
        """Those that were asked about."""
        return tuple(link for link in self.links if self.channel in {None, link.name})

    @cached_property
    def kernel_log(self) -> tuple[str, ...] | None:
        """What the kernel has said since it was booted, without stamps; None if it may not be read.

        Of /dev/kmsg, which dmesg shows (Documentation/ABI/testing/dev-kmsg); where that is only
        for root (kernel.dmesg_restrict), what journald has kept of it.
        """
        return _kernel_messages() or _kept_messages(self)

    @cached_property
    def release(self) -> str:
        """The kernel's version: "6.1.0-18-amd64"."""
        return os.uname().release

    @cached_property
    def time_ns(self) -> int:
        """The clock, nanoseconds since 1970."""
        return time.time_ns()

    @cached_property
    def has_can_sockets(self) -> bool:
        """Whether the kernel has CAN sockets, or can load them."""
        try:
            socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW).close()
        except (OSError, AttributeError):
            return False
        return True

    def has_capability(self, name: str) -> bool:
        """Whether this process has the capability ("CAP_NET_ADMIN")."""
        return has_capability(name)

    def has_module(self, name: str) -> bool:
        """Whether a kernel module is loaded, or built in."""
        return self.exists(f"/sys/module/{name}") or name in self._built_in

    def can_load(self, name: str) -> bool:
        """Whether there is a kernel module of that name to load, or to use."""
        return self.has_module(name) or name in self._loadable

    @cached_property
    def _built_in(self) -> frozenset[str]:
        return _module_names(self.text(f"/lib/modules/{self.release}/modules.builtin"))

    @cached_property
    def _loadable(self) -> frozenset[str]:
        return _module_names(self.text(f"/lib/modules/{self.release}/modules.dep"))

    # -- programs ---------------------------------------------------------------------

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """All that run and can be seen, by number."""
        found = []
        for name in self.names("/proc"):
            if name.isdecimal() and name.isascii():
                words = tuple(self.text(f"/proc/{name}/cmdline").split("\0"))
                if words != ("",):  # a thread of the kernel, or one that has died
                    comm = " ".join(self.text(f"/proc/{name}/comm").split())  # any bytes at all
                    found.append(Process(int(name), comm[:_COMM_LENGTH], words))
        return tuple(sorted(found))

    def find_program(self, name: str) -> str | None:
        """The path of a program, also where only root's PATH would find it."""
        return Machine().find_program(name)

    def ask(self, *command: str) -> str:
        """What a program says that only says something; "" if there is none, or it hangs."""
        return Machine().ask_program(*command, environment={"LC_ALL": "C"}).strip()


_KMSG_RECORD = re.compile(r"^(\d+),[^;]*;(.*)$")
_FACILITIES = 8  # a record's number: its level, and eight times its facility, 0 for the kernel


def _kernel_messages() -> tuple[str, ...]:
    """All records of /dev/kmsg; nothing if it may not be read."""
    lines: list[str] = []
    try:
        fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ()
    try:
        while True:
            try:
                record = os.read(fd, 8192).decode(errors="replace")
            except BrokenPipeError:  # overwritten before it was read; the next one is there
                continue
            found = _KMSG_RECORD.match(record.partition("\n")[0])
            if found and int(found[1]) < _FACILITIES:
                lines.append(found[2])
    except OSError:  # BlockingIOError: that was all
        return tuple(lines)
    finally:
        os.close(fd)


def _kept_messages(system: System) -> tuple[str, ...] | None:
    said = system.ask("journalctl", "--dmesg", "--boot", "--no-pager", "--quiet", "--output=cat")
    return tuple(said.splitlines()) or None


def _module_names(listing: str) -> frozenset[str]:
    """The modules in a list of modules of depmod: "kernel/net/can/can-raw.ko.xz: ..."."""
    paths = (line.partition(":")[0] for line in listing.splitlines())
    return frozenset(Path(path).name.partition(".ko")[0].replace("-", "_") for path in paths)
