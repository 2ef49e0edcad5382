"""Machine: all that bring-up does to the system and asks of it, in one place.

Modules, programs, hardware on the buses, links. No policy: steps.py and the families have it.
Tests have one that only keeps tables.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from canbus import links
from canbus.errors import CanLinkError
from canbus.links import Applied, LinkConfig, LinkInfo, netlink
from canbus.links.modules import modprobe
from canbus.links.rights import has_capability

_ANSWER_TIME = 5.0  # seconds
_LOOK = 0.1  # seconds
_COMM_LENGTH = 15  # TASK_COMM_LEN of <linux/sched.h> without the terminating zero


class Machine:
    """This machine.

    Args:
        sysfs: where sysfs is mounted.
    """

    def __init__(self, sysfs: str = "/sys") -> None:
        self._sysfs = Path(sysfs)

    # -- modules and programs ---------------------------------------------------------

    def has_module(self, name: str) -> bool:
        """Whether a kernel module is loaded (or built in, with parameters)."""
        return (self._sysfs / "module" / name).is_dir()

    def load_module(self, name: str) -> str | None:
        """Load it; what went wrong, or None."""
        return modprobe(name)

    def module_version(self, name: str) -> str | None:
        """What a loaded module calls its version; None if it is not loaded, or has none."""
        return _text(self._sysfs / "module" / name / "version") or None

    def find_program(self, name: str) -> str | None:
        """The path of a program, also where only root's PATH would find it."""
        path = f"{os.environ.get('PATH', '')}:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin"
        return shutil.which(name, path=path)

    def ask_program(self, *command: str, environment: dict[str, str]) -> str:
        """What a program says that only says something, and ends; "" if it does not end, too."""
        import subprocess

        try:
            return subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env={**os.environ, **environment},
                timeout=_ANSWER_TIME,
                check=False,
            ).stdout
        except (OSError, subprocess.TimeoutExpired):
            return ""

    def is_running(self, *names: str) -> bool:
        """Whether there is a process of a program of one of these names."""
        wanted = {name[:_COMM_LENGTH] for name in names}
        found = [path for path in Path("/proc").glob("[0-9]*/comm") if _text(path) in wanted]
        return any(_text(path.with_name("cmdline")) for path in found)  # one that died has none

    def kernel_version(self) -> tuple[int, int]:
        """Of the kernel: (6, 1)."""
        found = re.match(r"(\d+)\.(\d+)", os.uname().release)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def has_capability(self, name: str) -> bool:
        """Whether this process has the capability ("CAP_NET_ADMIN")."""
        return has_capability(name)

    # -- hardware ---------------------------------------------------------------------

    def usb_ids(self) -> frozenset[str]:
        """Vendor and product of what is plugged in, as lsusb shows them: "0c72:000c"."""
        return frozenset(self._ids("usb", "idVendor", "idProduct"))

    def pci_ids(self) -> frozenset[str]:
        """Vendor and device of the cards: "001c:0003"."""
        return frozenset(self._ids("pci", "vendor", "device"))

    def spi_devices(self) -> dict[str, str]:
        """What the device tree says is on SPI: {"spi0.0": "mcp2515"}."""
        found = {}
        for folder in self._devices("spi"):
            kind = _text(folder / "modalias")
            if kind.startswith("spi:"):
                found[folder.name] = kind[4:]
        return found

    def _ids(self, bus: str, vendor: str, product: str) -> Iterator[str]:
        for folder in self._devices(bus):
            left, right = _text(folder / vendor), _text(folder / product)
            if left and right:
                yield f"{left.removeprefix('0x')}:{right.removeprefix('0x')}"

    def _devices(self, bus: str) -> list[Path]:
        try:
            return sorted((self._sysfs / "bus" / bus / "devices").iterdir())
        except OSError:
            return []

    # -- links ------------------------------------------------------------------------

    def list_links(self) -> list[LinkInfo]:
        """As `canbus.links.list_links`."""
        return links.list_links()

    def interface_names(self) -> frozenset[str]:
        """The names of all network interfaces, CAN or not.

        Raises:
            CanLinkError: the kernel does not tell.
        """
        try:
            return frozenset(name for _, name in socket.if_nameindex())
        except OSError as exc:  # ENOBUFS, EMFILE
            raise CanLinkError(f"cannot list interfaces: {exc.strerror}", exc.errno) from exc

    def command_of(self, pid: int) -> tuple[str, ...]:
        """The words that a process was started with; () if it is gone."""
        return tuple(_text(Path(f"/proc/{pid}/cmdline")).split("\0"))

    def parent_of(self, pid: int) -> int | None:
        """The process that a process is a child of; None if it is gone."""
        found = re.search(r"^PPid:\t(\d+)", _text(Path(f"/proc/{pid}/status")), re.MULTILINE)
        return int(found[1]) if found else None

    def wait_for_device(self, path: str, timeout: float) -> bool:
        """Whether a character device is there in time."""
        deadline = time.monotonic() + timeout
        while not Path(path).is_char_device():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_LOOK)
        return True

    def apply(self, name: str, config: LinkConfig, *, strict: bool) -> Applied:
        """As `canbus.links.apply`."""
        return links.apply(name, config, strict=strict)

    def create_vcan(self, name: str, *, fd: bool, xl: bool) -> LinkInfo:
        """As `canbus.links.create_vcan`, down."""
        return links.create_vcan(name, fd=fd, xl=xl, up=False)

    def set_alias(self, link: LinkInfo, alias: str) -> None:
        """Put a text on a link."""
        netlink.rename_alias(link, alias)

    def delete_link(self, name: str) -> None:
        """As `canbus.links.delete_link`."""
        links.delete_link(name)

    def wait_for_link(
        self, match: Callable[[LinkInfo], bool], timeout: float, what: str
    ) -> LinkInfo:
        """As `canbus.links.watching.wait_for_link`."""
        from canbus.links.watching import wait_for_link

        return wait_for_link(match, timeout, what=what)


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
