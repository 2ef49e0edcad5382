"""HandedOut: the descriptor that a user waits on, when frames may lie on our side of it.

A frame that was read ahead does not make the channel's own descriptor readable. So from the
moment that somebody asks for it nothing is read ahead; and if something lies there already,
the user gets an epoll descriptor over two: the channel's, and one that is readable as long as
something lies there. No frames here.
"""

from __future__ import annotations

import select

from canbus.readiness import Readiness


class HandedOut:
    """What `fileno()` returns from now on; the caller locks.

    Args:
        fd: the channel's own descriptor.
        leftovers: something lies on our side now.
        always: something may lie there again.

    Attributes:
        is_watched: something may lie on our side, so that somebody has to tell.
    """

    def __init__(self, fd: int, leftovers: bool, always: bool) -> None:
        self._fd = fd
        self._always = always
        self._readiness: Readiness | None = None
        self._epoll: select.epoll | None = None
        self.is_watched = leftovers or always
        if self.is_watched:
            self._readiness = Readiness()
            self._epoll = select.epoll()
            self._epoll.register(fd, select.EPOLLIN)
            self._epoll.register(self._readiness.fileno(), select.EPOLLIN)
            self.has_leftovers(leftovers)

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._fd if self._epoll is None else self._epoll.fileno()

    def has_leftovers(self, leftovers: bool) -> None:
        """Say whether something lies on our side."""
        if self._readiness is None:
            return
        if leftovers:
            self._readiness.set()
        else:
            self._readiness.clear()
            self.is_watched = self._always

    def renew(self) -> None:
        """The channel's descriptor is open anew, under the same number."""
        if self._epoll is not None:
            self._epoll.register(self._fd, select.EPOLLIN)

    def close(self) -> None:
        """Release what was made here; not the channel's own descriptor."""
        if self._readiness is not None:
            self._readiness.close()
        if self._epoll is not None:
            self._epoll.close()
