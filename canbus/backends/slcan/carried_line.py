"""Two threads that carry bytes between a pyserial port without a descriptor and a socket pair.

For `rfc2217://`, `loop://`, `spy://` and other ports that pyserial makes out of nothing but
methods. They sleep while nothing moves. When the port dies the descriptor shows end-of-file;
when the descriptor's owner calls `stop` the threads end, and close the port. POSIX only,
imported when needed.
"""

from __future__ import annotations

import errno
import os
import queue
import socket
import termios
import threading
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serial import Serial

WAIT = 60.0
"""Seconds: how long a read waits. pyserial's rfc2217 cannot always be woken when it is closed."""

_CHUNK = 4096  # bytes; not more than loop:// can hold, so that a write to it always ends
# What pyserial's ports raise when they die, or are closed by the other thread.
_DEAD = (OSError, ValueError, TypeError, AttributeError, queue.Full, termios.error)


class CarriedLine:
    """Carries bytes until `stop`, or until the port dies.

    Args:
        port: pyserial's, open, with a read timeout of WAIT and no write timeout.
        name: for the threads.

    Raises:
        OSError: no descriptor or no thread is left; the port is closed.
    """

    def __init__(self, port: Serial, name: str) -> None:
        self._port = port
        try:
            near, self._far = socket.socketpair()
        except OSError:
            port.close()
            raise
        near.setblocking(False)
        self.fd = near.detach()
        """The end for the caller, who owns it; does not block."""
        self._has_ended = False
        reader, writer = self.threads = tuple(
            threading.Thread(target=carry, name=f"canbus {what} {name}", daemon=True)
            for what, carry in (("reads", self._carry_in), ("writes", self._carry_out))
        )
        try:
            writer.start()
            reader.start()
        except RuntimeError as exc:
            os.close(self.fd)
            self.stop()
            if not writer.is_alive():
                self._close()
            raise OSError(errno.EAGAIN, str(exc)) from exc

    def stop(self) -> None:
        """End the threads; they close the port. Waits for nobody: safe in a signal handler."""
        self._has_ended = True
        with suppress(OSError):
            self._far.shutdown(socket.SHUT_RDWR)

    def _carry_in(self) -> None:
        try:
            while data := self._read():
                self._far.sendall(data)
        except _DEAD:
            pass
        self.stop()
        # loop:// stands still when it is full: make room, so that the other thread can end.
        if hasattr(self._port, "cancel_read"):
            with suppress(*_DEAD):
                self._port.reset_input_buffer()

    def _read(self) -> bytes:
        """What has come, at least one byte; b"" when nothing will come any more."""
        while not self._has_ended:
            started = monotonic()
            if data := self._port.read(1):
                return data + self._port.read(min(self._port.in_waiting, _CHUNK))
            if monotonic() - started < WAIT / 2:  # not for lack of data, then
                break
        return b""

    def _carry_out(self) -> None:
        try:
            while (data := self._far.recv(_CHUNK)) and not self._has_ended:
                self._port.write(data)
        except _DEAD:
            pass
        self.stop()
        self._wake_reader()
        self._close()

    def _wake_reader(self) -> None:
        cancel = getattr(self._port, "cancel_read", None)
        if cancel is not None:  # else closing wakes it
            with suppress(*_DEAD):
                cancel()
            if self.threads[0].is_alive():
                self.threads[0].join()

    def _close(self) -> None:
        with suppress(*_DEAD):
            self._port.close()
        self._far.close()
