"""Four receivers on one vcan, each with an identifier of its own, and who sends to them.

The kernel's filters keep each one's frames out of the others' queues, so that nobody's queue
fills while another is measured; they are in force from the opening on, and a buffer of 8 MB
holds every backlog on every side. Nothing is measured here.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import can

import canbus
from benchmarks.c_program import BUILT, CProgram
from benchmarks.report import BARE, OURS, SIDES, THEIRS, C
from canbus.links import temporary_vcan

BUFFER = 8 << 20
SO_RCVBUFFORCE = 33
SO_TIMESTAMPNS = 35
IDS = dict(zip(SIDES, range(0x101, 0x105), strict=True))
NOBODY = 0x7F0
DATA = bytes(range(8))
FRAME = struct.Struct("=IB3x8s")


def exactly(can_id: int) -> list[dict[str, Any]]:
    return [{"can_id": can_id, "can_mask": 0x7FF, "extended": False}]


def their_message(can_id: int) -> can.Message:
    return can.Message(arbitration_id=can_id, is_extended_id=False, data=DATA)


def our_message(can_id: int) -> canbus.Message:
    return canbus.Message(arbitration_id=can_id, is_extended_id=False, data=DATA)


def bare_socket(link: str, can_id: int | None, rcvbuf: int | None = BUFFER) -> socket.socket:
    """A plain CAN socket; without an identifier it receives nothing."""
    sock = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
    wanted = b"" if can_id is None else struct.pack("=II", can_id, 0x7FF | socket.CAN_EFF_FLAG)
    sock.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FILTER, wanted)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    if rcvbuf is not None:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, rcvbuf)
    sock.bind((link,))
    return sock


def their_bus(link: str, can_id: int, rcvbuf: int | None = BUFFER) -> Any:
    bus = can.Bus(link, interface="socketcan", can_filters=exactly(can_id))
    if rcvbuf is not None:
        bus.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, rcvbuf)
    return bus


def our_bus(link: str, can_id: int, rcvbuf: int | None = BUFFER) -> Any:
    wanted = exactly(can_id)
    return canbus.Bus(
        link, interface="socketcan", can_filters=wanted, rcvbuf=rcvbuf, on_loss="count"
    )


class Stage:
    """What the benchmarks work on.

    Attributes:
        link: name of the interface.
        theirs: python-can's bus; `theirs_out` only sends.
        ours: the bus of canbus; `ours_out` only sends.
        bare: a socket of Python's; `bare_out` only sends.
        c: the C program; None where it was not built.
    """

    def __init__(self, link: str, stack: ExitStack) -> None:
        self.link = link
        self.theirs = stack.enter_context(their_bus(link, IDS[THEIRS]))
        self.theirs_out = stack.enter_context(their_bus(link, NOBODY + 1))
        self.ours = stack.enter_context(our_bus(link, IDS[OURS]))
        nothing = canbus.CanFilter.nothing()
        self.ours_out: Any = stack.enter_context(
            canbus.Bus(link, interface="socketcan", can_filters=nothing)
        )
        self.bare = stack.enter_context(bare_socket(link, IDS[BARE]))
        self.bare_out = stack.enter_context(bare_socket(link, None))
        self.c = stack.enter_context(CProgram(link, IDS[C])) if BUILT.exists() else None
        self._frames = {side: our_message(can_id) for side, can_id in IDS.items()}

    def fill(self, side: str, frames: int) -> None:
        """Queue frames for one side."""
        self.ours_out.send_many([self._frames[side]] * frames)

    def send_one(self, side: str) -> None:
        self.ours_out.send(self._frames[side])


@contextmanager
def stage() -> Iterator[Stage]:
    with temporary_vcan() as link, ExitStack() as stack:
        yield Stage(link.name, stack)
