"""Readiness: a descriptor that is readable exactly while something waits. No frames here."""

from __future__ import annotations

import socket


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
            self._writer.send(b"\0")
            self._is_set = True

    def clear(self) -> None:
        """Make it unreadable."""
        if self._is_set:
            self._reader.recv(1)
            self._is_set = False

    def close(self) -> None:
        """Release both ends."""
        self._reader.close()
        self._writer.close()
