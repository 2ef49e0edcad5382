"""What the kernel's broadcast manager cannot do, so that a thread has to. Nothing is sent here."""

from __future__ import annotations

import errno
import os
import socket
import struct
from contextlib import suppress
from pathlib import Path

from canbus.backends.socketcan import constants as c
from canbus.backends.socketcan.raw_socket import SocketOptions
from canbus.codecs.bcm import MAX_NFRAMES, MAX_SECONDS
from canbus.cyclic_job import CyclicJob
from canbus.frame_flags import FDF, XLF

_MAX_COUNT = 2**32 - 1
_MAX_NS = MAX_SECONDS * 10**9


def reason_against(job: CyclicJob) -> str | None:
    """Why the kernel cannot time this job; None if it can."""
    messages = job.messages
    if job.modifier is not None:
        return "it cannot call modifier_callback"
    kind = messages[0]._flags & (FDF | XLF)
    if kind & XLF:
        return "it has no CAN XL frames"
    if len(messages) > 1 and any(msg._flags & (FDF | XLF) != kind for msg in messages):
        return "a task of it sends classic frames or CAN FD frames, not both"
    return _too_much(job)


def _too_much(job: CyclicJob) -> str | None:
    frames = len(job.messages) if job.rolling is None else job.rolling.cycle(len(job.messages))
    if frames > MAX_NFRAMES:
        return f"a task of it has at most {MAX_NFRAMES} frames, and this one has {frames}"
    if job.period_ns > _MAX_NS or (job.subsequent_ns is not None and job.subsequent_ns > _MAX_NS):
        return f"its longest period is {MAX_SECONDS // 86400} days"
    if job.limit is not None and job.limit > _MAX_COUNT:
        return f"it counts to {_MAX_COUNT} at most"
    return None


def reason_against_all(options: SocketOptions) -> str | None:
    """Why the kernel cannot time any task of a bus with these options; None if it can."""
    if not options.local_loopback:
        return "it has no local_loopback=False (net/can/bcm.c, bcm_can_tx)"
    if options.priority is not None or options.mark is not None:
        return "it has no priority and no mark"
    return no_broadcast_manager()


_found: list[bool] = []


def no_broadcast_manager() -> str | None:
    """Why there is none that understands this program; None where there is, or nobody can tell."""
    if _found:
        return None
    if struct.calcsize("l") == 4 and _is_64_bit_kernel():
        return "this is a 32-bit program on a 64-bit kernel, which misreads its messages"
    try:
        socket.socket(c.AF_CAN, socket.SOCK_DGRAM, c.CAN_BCM).close()
    except OSError as exc:
        if exc.errno in {errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT, errno.ESOCKTNOSUPPORT}:
            return "this kernel has none (modprobe can-bcm)"
        return None  # who opens one in earnest is told
    _found.append(True)
    return None


def _is_64_bit_kernel() -> bool:
    """Asked by a 32-bit program, of which the kernel may hide it (armv8l, personality(2))."""
    names = [os.uname().machine]
    with suppress(OSError):  # not there before Linux 6.1
        names.append(Path("/proc/sys/kernel/arch").read_text().strip())
    return any("64" in name or name in {"armv8l", "s390x"} for name in names)
