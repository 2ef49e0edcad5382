"""The host at the other end of a port, in the simplest way: a descriptor and a deadline."""

from __future__ import annotations

import os
import select
from time import monotonic

PATIENCE = 20.0


class Host:
    """A program that has a port open."""

    def __init__(self, port: str) -> None:
        self.fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self._poll = select.poll()
        self._poll.register(self.fd, select.POLLIN)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)

    def write(self, data: bytes) -> None:
        assert os.write(self.fd, data) == len(data)

    def read(self, count: int) -> bytes:
        """So many bytes, or less if the port hangs up."""
        data, deadline = b"", monotonic() + PATIENCE
        while len(data) < count:
            assert self._poll.poll(max(0, deadline - monotonic()) * 1000), data
            try:
                piece = os.read(self.fd, count - len(data))
            except BlockingIOError:
                continue
            if not piece:
                break
            data += piece
        return data

    def ask(self, data: bytes, answer: bytes) -> None:
        """Write, and expect an answer."""
        self.write(data)
        assert self.read(len(answer)) == answer

    def open_channel(self) -> None:
        self.ask(b"S6\rO\r", b"\r\r")
