"""Reading frames with `socket.recvmsg`: on every platform, and every kind of frame.

Three times slower than batch_reader.py: CPython makes a second system call for each frame to
turn the sender's address into a name (Modules/socketmodule.c, makesockaddr), and hands the
GIL over for each.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from time import time_ns

from canbus.backends.socketcan import constants as c
from canbus.backends.socketcan.arrivals import Arrivals
from canbus.backends.socketcan.channels import Channels
from canbus.codecs.can_frame import CANFD_MTU
from canbus.kept_frames import OddBatch
from canbus.plugin import Message

CANXL_MTU = 12 + 2048  # struct canxl_frame of <linux/can.h>


def plain_reader(
    sock: socket.socket,
    channels: Channels,
    arrivals: Arrivals,
    failed: Callable[[int], None],
    *,
    xl: bool = False,
) -> Callable[[int], list[Message]]:
    """A function that reads up to so many frames without waiting; see `PrefetchingBus`."""
    fixed = channels.fixed
    recvmsg = sock.recvmsg
    size = CANXL_MTU if xl else CANFD_MTU
    space = socket.CMSG_SPACE(48) + socket.CMSG_SPACE(4)  # the largest stamp, and a count

    pending: list[int] = []

    def read(limit: int) -> list[Message]:
        if pending:
            failed(pending.pop())
        batch: list[Message] = []
        odd = False
        while len(batch) < limit:
            try:
                frame, control, msg_flags, address = recvmsg(size, space, c.MSG_DONTWAIT)
            except BlockingIOError:
                break
            except OSError as exc:
                if batch:  # the kernel tells it once, so it is kept for the next call
                    pending.append(exc.errno or 0)
                    break
                failed(exc.errno or 0)
                continue
            msg = arrivals.message(frame, control, msg_flags, fixed or address[0], time_ns())
            if msg is not None:
                batch.append(msg)
                odd = odd or msg.lost_before > 0
        return OddBatch(batch) if odd else batch

    return read
