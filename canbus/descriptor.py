"""HandedOut: the descriptor that a user waits on, when something may lie on our side of it.

What was read from the channel does not make the channel's own descriptor readable: a frame that
was read ahead, or a notice that came with one. So the user gets an epoll descriptor over two:
the channel's, and one that is readable as long as something lies here. No frames here.
"""

from __future__ import annotations

import select

from canbus.readiness import Readiness


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
        self._readiness = Readiness()
        self.is_shown = False
        try:
            self._epoll = select.epoll()
            try:
                self._epoll.register(fd, select.EPOLLIN)
                self._epoll.register(self._readiness.fileno(), select.EPOLLIN)
            except BaseException:
                self._epoll.close()
                raise
        except BaseException:
            self._readiness.close()
            raise

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return -1 if self._epoll.closed else self._epoll.fileno()

    def show(self, leftovers: bool) -> None:
        """Say whether something lies on our side."""
        if leftovers is self.is_shown:
            return
        self.is_shown = leftovers
        if leftovers:
            self._readiness.set()
        else:
            self._readiness.clear()

    def renew(self) -> None:
        """The channel's descriptor is open anew, under the same number."""
        self._epoll.register(self._fd, select.EPOLLIN)

    def close(self) -> None:
        """Release what was made here; not the channel's own descriptor."""
        self._readiness.close()
        self._epoll.close()
