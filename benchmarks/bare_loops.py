"""What a script does that needs no library: CAN frames by the `socket` module alone."""

from __future__ import annotations

import socket
import struct

from benchmarks.stage import FRAME

_SPACE = socket.CMSG_SPACE(16)
_TIMESPEC = struct.Struct("=qq")

Frame = tuple[int, bytes, int]  # identifier, data, nanoseconds since the epoch


def receive(sock: socket.socket, frames: int) -> list[Frame]:
    """Take frames with recvmsg, which alone gives the time stamp."""
    recvmsg, unpack, time = sock.recvmsg, FRAME.unpack, _TIMESPEC.unpack
    taken = []
    for _ in range(frames):
        frame, control, _flags, _address = recvmsg(16, _SPACE)
        can_id, length, data = unpack(frame)
        seconds, ns = time(control[0][2])
        taken.append((can_id, data[:length], seconds * 10**9 + ns))
    return taken


def send(sock: socket.socket, can_id: int, data: bytes, frames: int) -> None:
    write, pack = sock.send, FRAME.pack
    for _ in range(frames):
        write(pack(can_id, len(data), data))
