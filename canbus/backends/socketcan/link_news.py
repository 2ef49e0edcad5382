"""SocketcanLink: how the interface of a bus is, when that changes, and a clean restart.

The kernel tells of every interface that comes, goes, or goes up or down (RTMGRP_LINK). What it
says is not read: who hears of it looks again.
"""

from __future__ import annotations

import errno
import socket
from abc import abstractmethod
from time import monotonic

from canbus.backends.socketcan import constants as c
from canbus.backends.socketcan.cyclic import SocketcanCyclic
from canbus.backends.socketcan.link_watch import LINK_ERRORS, is_running
from canbus.backends.socketcan.os_errors import receive_error
from canbus.link_backed import LinkBacked, LinkNews
from canbus.plugin import CanError, CanLinkError, CanOperationError

_CARRIER_LOST_BY = 1.5
"""Seconds after which a carrier is no more about to be found lost: linkwatch waits for one
(net/core/link_watch.c, linkwatch_schedule_work)."""


class RouteNews:
    """News of all interfaces of the namespace that the caller is in.

    Raises:
        OSError: the system has no socket to give.
    """

    def __init__(self) -> None:
        from canbus.links.route_socket import RTMGRP_LINK, RouteSocket

        self._socket = RouteSocket(RTMGRP_LINK)

    def fileno(self) -> int:
        """A descriptor that is readable when there is news."""
        return self._socket.fileno()

    def take(self) -> None:
        """Take all that there is."""
        while self._socket.wait(0):
            try:
                self._socket.receive()
            except TimeoutError:  # a child that was forked has taken it
                return
            except OSError as exc:
                if exc.errno != errno.ENOBUFS:  # some did not fit: news all the same
                    raise

    def close(self) -> None:
        """Release the socket."""
        self._socket.close()


class SocketcanLink(SocketcanCyclic, LinkBacked):
    """What supervision asks of a bus on an interface."""

    _off_since: float | None = None

    def _trouble(self) -> CanError | None:
        fixed = self._channels.fixed
        if fixed is None:
            return None
        code = self._trouble_of(fixed)
        # Anything else says nothing of the link: no descriptor is left to ask with, for instance.
        return receive_error(code, fixed) if code in LINK_ERRORS else None

    def _missed(self) -> CanError | None:
        fixed = self._channels.fixed
        if fixed is None:
            return None
        with self._read_lock, self._asking("ask for errors of"):
            code = self._socket.getsockopt(c.SOL_SOCKET, socket.SO_ERROR)
            if not code:
                return None
            self._reading_failed(code)  # the kernel tells it once, and that was now
        self._after_reading()
        return receive_error(code, fixed)

    @abstractmethod
    def _reading_failed(self, code: int) -> None:
        """Remember that the kernel refused to receive, or raise."""

    def _open_news(self) -> LinkNews:
        with self._asking_inside("hear of changes of"):
            return RouteNews()

    def _restart_clean(self) -> None:
        """Restart once the kernel has dropped what waited.

        At bus-off a driver only says that there is no carrier; up to a second later the kernel
        acts on it, drops what waits, and takes no more (net/core/link_watch.c,
        linkwatch_do_dev). A restart before that would send it all. That it did is seen by
        IFF_RUNNING, and told by RTMGRP_LINK (netdev_state_change).

        Where a driver does not say so, or has no restart (drivers/net/can/usb/gs_usb.c), the
        link is taken down and up: that drops everything, too.
        """
        if self._channels.fixed is None:
            return
        with self._asking("ask the state of"):
            name = self._current_name(self._channels.fixed)
            has_carrier = is_running(name, self._place)
        if self._off_since is None:
            self._off_since = monotonic()
        if has_carrier and monotonic() - self._off_since < _CARRIER_LOST_BY:
            raise CanOperationError(f"{name}: frames of before the bus-off may still wait")
        self._off_since = None
        if has_carrier or not self._has_restarted():
            from canbus.links import set_down, set_up

            with self._asking_inside("take down and up"):
                set_down(name)
                set_up(name)

    def _has_restarted(self) -> bool:
        try:
            self.restart()
        except CanLinkError as exc:
            if exc.error_code != errno.EOPNOTSUPP:
                raise
            return False
        return True
