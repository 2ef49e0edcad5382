"""A stand-in for Intrepid's module and daemon, which cannot be had here: a program.

It behaves as the sources say: what the daemon prints and where (src/main.cpp of icsscand), how it
ends, which links there are then (intrepid.c of the module): born down, alias `hscan_61777`, no
device behind them, all gone when the daemon ends, and new ones when a device is plugged again. A
link here is one of two kinds:

- of the older pair: a vxcan, whose other end `w_hscan_61777` is the bus. It takes no bit rate
  (EOPNOTSUPP), as theirs, and carries FD frames from the start.
- of the newer pair: the kernel's slcan on a pseudo-terminal. It is of kind "can", has a list of
  bit rates and no restart, as theirs. What the device is told is in the file `device`.

Everything that decides is in the folder of the program: `daemon` (its version), `plugged` (the
aliases of what is plugged in). The module is a file of its version where its character device
would be; only one can have it locked, as only one can open theirs.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pty
import signal
import socket
import struct
import subprocess
import sys
import termios
import tty
from pathlib import Path

DEVICE = Path("/dev/intrepid_netdevice")
SCAN = 0.05  # seconds; theirs are 1
N_SLCAN = 17  # <linux/tty.h>
SIOCGIFNAME = 0x8910
RTM_DELLINK, NLM_F_REQUEST, NLM_F_ACK = 17, 1, 4  # <linux/rtnetlink.h>, <linux/netlink.h>
ERRORS = {
    errno.ENOENT: "This usually happens if the driver has not been loaded with insmod",
    errno.EIO: "This usually happens if there is already a daemon running",
    errno.EACCES: "This usually happens if the daemon is not being run as root (use sudo)",
}
BOTH = "Please ensure that both the usermode daemon and kernel driver are up to date"


def install(folder: Path, name: str = "icsscand", version: str = "3.2.0") -> Path:
    """Make the program in a folder; nothing is plugged in."""
    folder.mkdir(exist_ok=True)
    (folder / "daemon").write_text(version)
    (folder / "plugged").write_text("")
    program = folder / name
    root = Path(__file__).parents[2]
    program.write_text(
        f"#!{sys.executable} -IS\nimport sys\nsys.path.insert(0, {str(root)!r})\n"
        "from tests.kernel.intrepid_stand_in import main\nsys.exit(main())\n"
    )
    program.chmod(0o755)
    return program


def plug(folder: Path, *aliases: str) -> None:
    """What is plugged in from now on; nothing for all unplugged."""
    new = folder / "plugged.new"
    new.write_text(" ".join(aliases))
    new.replace(folder / "plugged")


def main() -> int:
    """What the program does."""
    folder = Path(sys.argv[0]).parent
    version = (folder / "daemon").read_text()
    if sys.argv[1:] == ["--devices"]:
        header(version)
        print("\nSupported devices:\n\tValueCAN 4-2\n\tneoVI FIRE 2")
        return 0
    if sys.argv[1:]:  # -d and others are not needed here
        print(f"Usage: {sys.argv[0]} [option]\n\nOptions:", file=sys.stderr)
        return 64
    header(version)
    problem = open_module(version)
    if problem:
        print()
        print(problem, file=sys.stderr)
        return 1
    sweep()
    daemon = Daemon(folder, is_newer=is_newer_pair(version, DEVICE.read_text()))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, daemon.stop)
    say("Waiting for connections...")
    return daemon.run()


def sweep() -> None:
    """A daemon that was killed has left nothing: with the module's device its links are gone."""
    for alias in Path("/sys/class/net").glob("can*/ifalias"):
        if alias.read_text().strip():
            remove_link(alias.parent.name)


def header(version: str) -> None:
    """Standard output is a file or pipe as a rule: nobody sees this before the end."""
    print("The libicsneo SocketCAN Usermode Daemon")
    print("Copyright Intrepid Control Systems, Inc. 2025\n")
    print(f"Daemon v{version}\nlibicsneo v1.0.0")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def open_module(version: str) -> str | None:
    """What the daemon says if it cannot; else the module is its own from now on."""
    try:
        fd = os.open(DEVICE, os.O_RDWR)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OSError(errno.EIO, os.strerror(errno.EIO)) from None
    except OSError as exc:
        start = f"Could not open the kernel driver\nError {exc.errno}: {exc.strerror}\n"
        return f"{start}\n{ERRORS[exc.errno or 0]}"
    module = DEVICE.read_text()
    ours, theirs = int(version[0]), int(module[0])
    if theirs < ours:  # other numbers of ioctl
        return (
            "Error reading the version from the kernel driver\nError 22: Invalid argument\n\n"
            "This can happen if the driver is too old"
        )
    print(f"Driver v{module}\n")
    if theirs > ours:
        return f"This version of the usermode daemon is too old to work with this driver\n{BOTH}"
    if module < "3.1" and version >= "3.1":
        return (
            "The kernel driver reports an incompatibility with this version of the usermode "
            f"daemon\n{BOTH}"
        )
    return None


def is_newer_pair(daemon: str, module: str) -> bool:
    return module >= "3.1" and daemon >= "3.2"


class Daemon:
    """The daemon at work: every link that is plugged in is there, and no other."""

    def __init__(self, folder: Path, *, is_newer: bool) -> None:
        self._folder = folder
        self._is_newer = is_newer
        self._links: dict[str, str] = {}  # alias: name
        self._lines: dict[str, tuple[int, int]] = {}  # alias: both ends of its terminal
        self._ended_by: int | None = None

    def stop(self, number: int, frame: object) -> None:
        self._ended_by = number

    def run(self) -> int:
        while self._ended_by is None:
            wanted = (self._folder / "plugged").read_text().split()
            for alias in wanted:
                if alias not in self._links:
                    self._connect(alias)
            for alias in [alias for alias in self._links if alias not in wanted]:
                self._remove(alias)
                say(f"device with {alias} disconnected")
            self._hear()
            signal.sigtimedwait([], SCAN)
        for alias in list(self._links):  # what closing the module's device does
            self._remove(alias)
        if self._ended_by == signal.SIGTERM:  # nobody catches it there
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)
        say("\nExiting...")
        return 0

    def _connect(self, alias: str) -> None:
        say(f"Creating network interface {alias}")
        name = next(
            n for n in map("can{}".format, range(64)) if not Path("/sys/class/net", n).exists()
        )
        if self._is_newer:
            self._make_slcan(name, alias)
        else:
            wire = f"w_{alias}"
            ip(
                f"link add dev newborn type vxcan peer name {wire}",
                f"link set dev {wire} up",
                f"link set dev newborn name {name} alias {alias}",  # both at once
            )
        self._links[alias] = name
        say(f"Created network interface {alias}\ndevice with {alias} connected")

    def _make_slcan(self, name: str, alias: str) -> None:
        device, line = pty.openpty()
        tty.setraw(line)
        os.set_blocking(device, False)
        fcntl.ioctl(line, termios.TIOCSETD, N_SLCAN.to_bytes(4, sys.byteorder))
        made = fcntl.ioctl(line, SIOCGIFNAME, bytes(16)).rstrip(b"\0").decode()
        ip(f"link set dev {made} name {name} alias {alias}")
        self._lines[alias] = device, line

    def _remove(self, alias: str) -> None:
        name = self._links.pop(alias)
        if alias in self._lines:
            for end in self._lines.pop(alias):
                os.close(end)
        else:
            remove_link(name)

    def _hear(self) -> None:
        """What the slcan links tell their devices."""
        for device, _ in self._lines.values():
            with contextlib.suppress(BlockingIOError), (self._folder / "device").open("ab") as file:
                file.write(os.read(device, 4096))


def ip(*commands: str) -> None:
    batch = "\n".join(commands)
    subprocess.run(["ip", "-batch", "-"], check=True, input=batch, text=True)


def remove_link(name: str) -> None:
    """RTM_DELLINK: there are two seconds to end in order, and a process takes long to start."""
    number = socket.if_nametoindex(name)
    head = struct.pack("=IHHII", 32, RTM_DELLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.send(head + struct.pack("=BxHiII", 0, 0, number, 0, 0))
        kernel.recv(4096)
