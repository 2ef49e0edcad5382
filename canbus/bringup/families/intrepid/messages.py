"""What the daemon says when it cannot start, as errors with a hint. Pure.

Its texts are those of src/main.cpp of icsscand 2.0 to 3.2; all of them end it with status 1.
"""

from __future__ import annotations

import errno
import re
from typing import NamedTuple

from canbus.errors import CanLinkError, CanLinkPermissionError

BUILD_MODULE = (
    "Intrepid's module is in no distribution: git clone "
    "https://github.com/intrepidcs/intrepid-socketcan-kernel-module && cd "
    "intrepid-socketcan-kernel-module && make && sudo make install (needs the kernel's headers; "
    "after every update of the kernel again)"
)
BUILD_DAEMON = (
    "git clone --recursive https://github.com/intrepidcs/icsscand && cmake -S icsscand -B "
    "icsscand/build -DCMAKE_BUILD_TYPE=Release && make -C icsscand/build && sudo install "
    "icsscand/build/libicsneo-socketcan-daemon /usr/local/bin/ (needs git, cmake, g++, "
    "libusb-1.0-0-dev, libpcap-dev)"
)
BOTH_ANEW = (
    f"build both anew, of one time: {BUILD_MODULE}; {BUILD_DAEMON}; then sudo rmmod intrepid"
)
_STOP_OTHER = (
    "stop it where it was started (its unit of systemd, its terminal), or leave it and use the "
    "links that it has made: `canbus list` shows them"
)

_MADE = re.compile(r"^Created network interface (\S+)", re.MULTILINE)


class _Known(NamedTuple):
    text: str
    kind: type[CanLinkError]
    code: int | None
    why: str
    hint: str


_KNOWN = (
    _Known(
        "if the driver has not been loaded",
        CanLinkError,
        errno.ENOENT,
        "the kernel module intrepid is not loaded",
        f"sudo modprobe intrepid; {BUILD_MODULE}",
    ),
    _Known(
        "if there is already a daemon running",
        CanLinkError,
        errno.EIO,
        "another one is running",
        _STOP_OTHER,
    ),
    _Known(
        "not being run as root",
        CanLinkPermissionError,
        errno.EACCES,
        "only root may open /dev/intrepid_netdevice",
        "run it with sudo",
    ),
    _Known(
        "daemon is too old to work with this driver",
        CanLinkError,
        None,
        "it is too old for the kernel module intrepid",
        BOTH_ANEW,
    ),
    _Known(
        "reports an incompatibility with this version",
        CanLinkError,
        None,
        "the kernel module intrepid does not take this version of it",
        BOTH_ANEW,
    ),
    _Known(
        "Error reading the version from the kernel driver",
        CanLinkError,
        errno.EINVAL,
        "it and the kernel module intrepid are of different generations",
        BOTH_ANEW,
    ),
    _Known(
        "Could not open the kernel driver",
        CanLinkError,
        None,
        "it cannot open /dev/intrepid_netdevice",
        "`sudo dmesg | grep intrepid` says more",
    ),
    _Known(
        "from the kernel driver",
        CanLinkError,
        None,
        "the kernel module intrepid does not answer as it should",
        BOTH_ANEW,
    ),
    _Known(
        "Error setting up shared memory",
        CanLinkError,
        None,
        "it gets no memory of the kernel module intrepid",
        "`sudo dmesg | grep intrepid` says more",
    ),
    _Known(
        "Usage:",
        CanLinkError,
        None,
        "it does not run as canbus calls it (without any option)",
        f"an old or a foreign program? {BUILD_DAEMON}",
    ),
)  # the first that fits: special ones come before the general


def failure(program: str, status: int | None, said: str) -> CanLinkError:
    """The error for a daemon that has ended at its start.

    Args:
        program: its path.
        status: how it ended; below 0 by a signal; None if nobody knows.
        said: all that it has printed.
    """
    what = f"Intrepid's daemon {program} ends at once"
    for known in _KNOWN:
        if known.text in said:
            return known.kind(f"{what}: {known.why}", known.code, hint=known.hint)
    how = f" with status {status}" if status is not None else ""
    last = [line.strip() for line in said.splitlines() if line.strip()][-1:]
    quoted = f": {last[0]}" if last else ""
    return CanLinkError(
        f"{what}{how}{quoted}", hint=f"`sudo env LIBICSNEO_USE_SERVD=0 {program}` shows all it says"
    )


def troubles(said: str) -> list[str]:
    """What a running daemon has said about devices that it sees and cannot use.

    The line after "failed to connect" has the reason.
    """
    lines = [line.strip() for line in said.splitlines()]
    found = []
    for number, line in enumerate(lines):
        if "failed to connect" in line:
            found.append(
                " ".join(
                    [line.removesuffix(" Will keep trying..."), *lines[number + 1 : number + 2]]
                )
            )
        elif "has no supported" in line or "failed to create network interfaces" in line:
            found.append(line.removesuffix(" Will keep trying..."))
    return found


def made(said: str) -> list[str]:
    """The aliases of all links that a running daemon has made, by what it has said."""
    return list(dict.fromkeys(_MADE.findall(said)))
