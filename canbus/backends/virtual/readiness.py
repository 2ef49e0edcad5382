"""Readiness: a descriptor that is readable exactly while something waits. No frames here."""

from __future__ import annotations

import socket
from contextlib import suppress


class Readiness:
    """A yes-or-no that select(), poll() and event loops can wait for; the caller locks.

    A socket pair rather than an eventfd, because it exists on every system.
    """

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._is_set = False

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._reader.fileno()

    def set(self) -> None:
        """Make it readable."""
        if not self._is_set:
            self._is_set = True
            with suppress(OSError):  # closed by a signal handler just now: nobody asks any more
                self._writer.send(b"\0")

    def clear(self) -> None:
        """Make it unreadable."""
        if self._is_set:
            self._is_set = False
            with suppress(OSError):
                self._reader.recv(1)

    def close(self) -> None:
        """Release both ends."""
        self._reader.close()
        self._writer.close()
