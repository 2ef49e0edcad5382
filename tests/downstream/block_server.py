"""An SDO server that transfers blocks: canopen's own server has none. One object, no more.

CiA 301, 7.2.4.3: SDO block download and block upload, with CRC (CRC-16/XMODEM).
"""

from __future__ import annotations

import struct
import threading
from binascii import crc_hqx
from typing import Any

_SIZE = 32  # segments in a block, so that a transfer takes several


class BlockServer(threading.Thread):
    """Serves one object until its bus is shut down.

    Args:
        bus: a bus of python-can's kind.
        node: number of the node.
        make: makes a frame: make(arbitration_id, data).
        closed: what `recv` raises when the bus is shut down.
    """

    def __init__(self, bus: Any, node: int, make: Any, closed: type[Exception]) -> None:
        super().__init__(daemon=True)
        self.bus, self.make, self.closed = bus, make, closed
        self.request_id, self.answer_id = 0x600 + node, 0x580 + node
        self.data = b""

    def run(self) -> None:
        try:
            while True:
                request = self._next()
                if request[0] >> 5 == 6:
                    self._download(request)
                elif request[0] >> 5 == 5:
                    self._upload(request)
        except self.closed:
            return

    def _next(self) -> bytes:
        while True:
            msg = self.bus.recv()
            if msg.arbitration_id == self.request_id:
                return bytes(msg.data)

    def _answer(self, *parts: bytes) -> None:
        self.bus.send(self.make(self.answer_id, b"".join(parts).ljust(8, b"\0")))

    def _download(self, request: bytes) -> None:
        (size,) = struct.unpack_from("<L", request, 4)
        self._answer(bytes([5 << 5 | 4]), request[1:4], bytes([_SIZE]))
        got, last = bytearray(), False
        while not last:
            number = 0
            while number < _SIZE and not last:
                segment = self._next()
                number = segment[0] & 0x7F
                last = bool(segment[0] & 0x80)
                got += segment[1:]
            self._answer(bytes([5 << 5 | 2, number, _SIZE]))
        end = self._next()
        del got[size:]
        assert struct.unpack_from("<H", end, 1)[0] == crc_hqx(bytes(got), 0)
        self.data = bytes(got)
        self._answer(bytes([5 << 5 | 1]))

    def _upload(self, request: bytes) -> None:
        size = request[4]
        self._answer(bytes([6 << 5 | 4 | 2]), request[1:4], struct.pack("<L", len(self.data)))
        assert self._next()[0] == 5 << 5 | 3  # start
        segments = [self.data[at : at + 7] for at in range(0, len(self.data), 7)]
        for first in range(0, len(segments), size):
            block = segments[first : first + size]
            for number, segment in enumerate(block, 1):
                is_last = first + number == len(segments)
                self._answer(bytes([number | is_last << 7]), segment.ljust(7, b"\0"))
            assert self._next()[:2] == bytes([5 << 5 | 2, len(block)])
        unused = -len(self.data) % 7
        crc = struct.pack("<H", crc_hqx(self.data, 0))
        self._answer(bytes([6 << 5 | unused << 2 | 1]), crc)
        assert self._next()[0] == 5 << 5 | 1  # end
