"""CAN interfaces through `ip` and plain sockets, for tests of what lies below the library."""

from __future__ import annotations

import errno
import json
import socket
import struct
import subprocess
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Self

from canbus.codecs.can_frame import CANFD_MTU, decode_can_frame, encode_can_frame
from canbus.message import Message

SOL_CAN_RAW, ERR_FILTER, RECV_OWN_MSGS, FD_FRAMES = 101, 2, 4, 5  # <linux/can/raw.h>
SO_TIMESTAMPING = 37
HARDWARE_STAMPS = 1 << 2 | 1 << 6  # SOF_TIMESTAMPING_RX_HARDWARE, _RAW_HARDWARE
PATIENCE = 20.0  # seconds until something that does not come is an error


def ip(*words: str) -> str:
    """Run `ip`; its complaint is in the error."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def link_up(name: str, *options: str, bitrate: int = 500_000) -> None:
    """Bring a CAN interface up; `options` follow `type can bitrate N`."""
    ip("link", "set", name, "up", "type", "can", "bitrate", str(bitrate), *options)


def link_down(name: str) -> None:
    ip("link", "set", name, "down")


def link_details(name: str) -> dict[str, Any]:
    """What `ip` tells of an interface; the CAN part is under `linkinfo`."""
    (link,) = json.loads(ip("-json", "-details", "-statistics", "link", "show", name))
    return dict(link)


def can_state(name: str) -> str:
    """The controller's state in the kernel's words, `ERROR-ACTIVE` say."""
    return str(link_details(name)["linkinfo"]["info_data"]["state"])


def wait_until(condition: Callable[[], bool], timeout: float = PATIENCE) -> None:
    """Ask until it is true; for what the kernel does not report."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not true after {timeout} s"
        time.sleep(0.02)


class Received(NamedTuple):
    """A frame with what the kernel says of it.

    Attributes:
        msg: the frame.
        flags: MSG_DONTROUTE and MSG_CONFIRM.
        hardware_ns: the device's stamp; None if it has none.
    """

    msg: Message
    flags: int
    hardware_ns: int | None


class RawCan:
    """A CAN_RAW socket: what the library does is not in the way.

    Args:
        name: the interface.
        own: receive what this socket sends.
        errors: receive error frames.
        stamps: ask for hardware stamps.
    """

    def __init__(
        self, name: str, *, own: bool = False, errors: bool = False, stamps: bool = False
    ) -> None:
        self._socket = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
        self._socket.setsockopt(SOL_CAN_RAW, FD_FRAMES, 1)
        self._socket.setsockopt(SOL_CAN_RAW, RECV_OWN_MSGS, int(own))
        if errors:
            self._socket.setsockopt(SOL_CAN_RAW, ERR_FILTER, 0x1FFFFFFF)
        if stamps:
            self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, HARDWARE_STAMPS)
        self._socket.bind((name,))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, text: str) -> None:
        """Send a frame in the notation of can-utils, without waiting for room."""
        self._socket.setblocking(False)
        self._socket.send(encode_can_frame(Message.parse(text)))

    def send_until_full(self, first: int = 0) -> int:
        """Send frames with rising ids from `first` until the kernel has no room (ENOBUFS)."""
        number = 0
        while number < 1000:
            try:
                self.send(f"{first + number:03X}#")
            except OSError as exc:
                if exc.errno != errno.ENOBUFS:
                    raise
                return number
            number += 1
        raise AssertionError("there is always room")

    def receive(self, timeout: float = PATIENCE) -> Received:
        """Wait for a frame; TimeoutError if none comes."""
        self._socket.settimeout(timeout)
        data, ancillary, flags, _ = self._socket.recvmsg(CANFD_MTU, 256)
        stamp = None
        for level, kind, value in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPING):
                seconds, rest = struct.unpack("=qq", value[32:48])
                stamp = seconds * 10**9 + rest or None
        return Received(decode_can_frame(data), flags, stamp)

    def receive_text(self, timeout: float = PATIENCE) -> str:
        """The next frame, in the notation of can-utils."""
        return format(self.receive(timeout).msg, "candump")

    def receive_error(self, bits: int, timeout: float = PATIENCE) -> Message:
        """The next error frame of one of these classes; others are passed over."""
        deadline = time.monotonic() + timeout
        while True:
            msg = self.receive(max(0.01, deadline - time.monotonic())).msg
            if msg.is_error_frame and msg.arbitration_id & bits:
                return msg
