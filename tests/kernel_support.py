"""What the running kernel lacks for the kernel tests. No test here.

``python -m tests.kernel_support`` exits 0 if nothing is missing, and 1 saying what is.
"""

from __future__ import annotations

import shutil
import socket
import sys
from functools import cache
from pathlib import Path

AF_CAN = 29
PROGRAMS = ("candump", "cansend", "cangen", "ip", "tc", "setpriv", "tshark")


@cache
def missing_for_kernel() -> str | None:
    """Why kernel tests cannot run here; None if they can."""
    if not sys.platform.startswith("linux"):
        return f"{sys.platform} is not Linux"
    try:
        socket.socket(AF_CAN, socket.SOCK_RAW, 1).close()
    except OSError as exc:
        return f"this kernel has no CAN sockets ({exc})"
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    if lacking:
        return f"missing programs: {', '.join(lacking)} (can-utils, iproute2, util-linux, tshark)"
    import canbus as can
    from canbus.links import temporary_vcan

    try:
        with temporary_vcan():
            return None
    except can.CanError as exc:
        return f"a vcan link cannot be created ({exc})"


@cache
def missing_for_hardware() -> str | None:
    """Why tests with emulated controllers cannot run here; None if they can."""
    vendors = Path("/sys/bus/pci/devices").glob("*/vendor")
    kvaser = [path for path in vendors if path.read_text().strip() == "0x10e8"]
    if len(kvaser) < 2:
        return "there are no two emulated Kvaser PCI cards (make test-hardware boots a guest)"
    return missing_for_kernel()


if __name__ == "__main__":
    reason = missing_for_kernel()
    if reason:
        print(f"kernel tests need a guest: {reason}")
    sys.exit(1 if reason else 0)
