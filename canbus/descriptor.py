"""HandedOut: the descriptor that a user waits on, when something may lie on our side of it.

What was read from the channel does not make the channel's own descriptor readable: a frame that
was read ahead, or a notice that came with one. So the user gets an epoll descriptor over two:
the channel's, and one that is readable as long as something lies here. No frames here.
Linux only.
"""

from __future__ import annotations

import os
import select
from contextlib import suppress


class HandedOut:
    """What `fileno()` returns; the caller locks.

    Args:
        fd: the channel's own descriptor.

    Raises:
        OSError: the system has no descriptor left, or `fd` is closed.

    Attributes:
        is_shown: something lies on our side.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.is_shown = False
        self._is_diverted = False
        # No socket pair: sockets complain when they are forgotten, before their bus can close them.
        self._event = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        try:
            self._epoll = select.epoll()
            self._epoll.register(fd, select.EPOLLIN)
            self._epoll.register(self._event, select.EPOLLIN)
        except BaseException:
            os.close(self._event)
            raise

    def fileno(self) -> int:
        """The descriptor to wait on; -1 when it is closed."""
        return -1 if self._epoll.closed else self._epoll.fileno()

    def show(self, leftovers: bool) -> None:
        """Say whether something lies on our side."""
        if leftovers is self.is_shown:
            return
        self.is_shown = leftovers
        with suppress(BlockingIOError):  # a signal handler has cleared it already
            # Looked at right before the call: a signal handler may close it anywhere else.
            if self._event >= 0:
                if leftovers:
                    os.eventfd_write(self._event, 1)
                else:
                    os.eventfd_read(self._event)

    def forget(self) -> None:
        """The channel's descriptor is about to be closed, though its number stays.

        Without this, epoll would watch the old file for as long as anybody has a copy of it.
        """
        with suppress(OSError, ValueError):  # not registered any more; closed
            self._epoll.unregister(self._fd)

    def renew(self) -> None:
        """The channel's descriptor is open anew, under the same number."""
        if self._is_diverted:
            return
        with suppress(ValueError):  # a signal handler has closed it
            self._epoll.register(self._fd, select.EPOLLIN)

    def divert(self) -> None:
        """Tell of what lies on our side only: somebody else reads the channel."""
        self._is_diverted = True
        self.forget()

    def revert(self) -> None:
        """Tell of the channel again, too."""
        self._is_diverted = False
        self.renew()

    def close(self) -> None:
        """Release what was made here; not the channel's own descriptor."""
        event, self._event = self._event, -1
        if event >= 0:
            os.close(event)
        self._epoll.close()
