"""USB/IP messages between vhci-hcd and an emulated device: bytes to values and back.

No sockets, no USB requests, no CAN. The format is that of
Documentation/usb/usbip_protocol.rst: a header of 48 bytes, big-endian, then the data.
Isochronous transfers are not known here; no CAN adapter has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from canbus.errors import CanProtocolError

HEADER_SIZE = 48
ECONNRESET = -104
"""Status of a transfer that was unlinked in time."""
EPIPE = -32
"""Status of a control request that the device does not know (a stall)."""

_CMD_SUBMIT, _CMD_UNLINK, _RET_SUBMIT, _RET_UNLINK = 1, 2, 3, 4
_BASIC = Struct(">5I")  # command, seqnum, devid, direction, ep
_SUBMIT = Struct(">IiiiI8s")  # flags, length, start frame, packets, interval, setup
_ANSWER = Struct(">IIIII iiiii 8x")


class Submit(NamedTuple):
    """The host submits a transfer (USBIP_CMD_SUBMIT).

    Attributes:
        seqnum: number by which it is answered or unlinked.
        endpoint: 0..15, without the direction bit.
        is_in: from device to host.
        length: bytes to send, or room for bytes to receive.
        setup: the 8 bytes of a control request; zeros for other transfers.
        data: what the host sends.
    """

    seqnum: int
    endpoint: int
    is_in: bool
    length: int
    setup: bytes
    data: bytes


class Unlink(NamedTuple):
    """The host takes a transfer back (USBIP_CMD_UNLINK).

    Attributes:
        seqnum: number of this command.
        victim: `seqnum` of the transfer.
    """

    seqnum: int
    victim: int


class Parser:
    """Cuts a stream of bytes into commands."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Submit | Unlink]:
        """Take bytes as they came; yield every command that is complete.

        Raises:
            CanProtocolError: a ValueError; the bytes are no USB/IP command.
        """
        self._buffer += data
        while len(self._buffer) >= HEADER_SIZE:
            command, seqnum, _, direction, endpoint = _BASIC.unpack_from(self._buffer)
            _, length, _, _, _, setup = _SUBMIT.unpack_from(self._buffer, _BASIC.size)
            if command == _CMD_UNLINK:
                (victim,) = Struct(">I").unpack_from(self._buffer, _BASIC.size)
                del self._buffer[:HEADER_SIZE]
                yield Unlink(seqnum, victim)
                continue
            if command != _CMD_SUBMIT or length < 0:
                raise CanProtocolError(f"no USB/IP command: {self._buffer[:HEADER_SIZE].hex()}")
            end = HEADER_SIZE if direction else HEADER_SIZE + length
            if len(self._buffer) < end:
                return
            sent = bytes(self._buffer[HEADER_SIZE:end])
            del self._buffer[:end]
            yield Submit(seqnum, endpoint, bool(direction), length, setup, sent)


def answer_submit(seqnum: int, status: int, data: bytes = b"", length: int | None = None) -> bytes:
    """Encode USBIP_RET_SUBMIT.

    Args:
        seqnum: that of the command.
        status: 0 or a negative errno.
        data: what the device sends, for an IN transfer.
        length: bytes that were transferred; by default those of `data`.
    """
    actual = len(data) if length is None else length
    return _ANSWER.pack(_RET_SUBMIT, seqnum, 0, 0, 0, status, actual, 0, 0, 0) + data


def answer_unlink(seqnum: int, status: int) -> bytes:
    """Encode USBIP_RET_UNLINK; `status` is ECONNRESET, or 0 for a transfer already answered."""
    return _ANSWER.pack(_RET_UNLINK, seqnum, 0, 0, 0, status, 0, 0, 0, 0)
