"""SocketcanInquiries: what a bus can be asked about its socket and its controller, and restart.

All that the kernel may answer with an OSError comes by here. No frames.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from canbus.backends.socketcan.buffers import granted
from canbus.backends.socketcan.channels import Channels
from canbus.backends.socketcan.link_state import read_can_state, read_controller_status
from canbus.backends.socketcan.os_errors import receive_error
from canbus.backends.socketcan.raw_socket import RawSocket
from canbus.controller_status import ControllerStatus
from canbus.place import HERE, Place
from canbus.plugin import CanError, CanState, CanUnsupportedError
from canbus.prefetch import PrefetchingBus


class SocketcanInquiries(PrefetchingBus):
    """Asks the kernel; the bus has opened the socket and set these."""

    _socket: RawSocket
    _channels: Channels
    _place: Place = HERE

    @contextmanager
    def _opening(self) -> Iterator[None]:
        """Be in the namespace of the interface, which is let go of if opening fails."""
        try:
            with self._place.entered():
                yield
        except BaseException:
            self._place.close()
            raise

    def _after_close(self) -> None:
        super()._after_close()
        self._place.close()

    @contextmanager
    def _asking(self, action: str) -> Iterator[None]:
        """Turn an OSError into the error for it, which may be that the bus was shut down."""
        try:
            yield
        except OSError as exc:
            if isinstance(exc, CanError):
                raise
            if self._is_shutdown:
                raise self._closed() from None
            raise receive_error(exc.errno or 0, self._channels.shown, action) from exc

    @contextmanager
    def _asking_inside(self, action: str) -> Iterator[None]:
        """The same, for what asks through a socket that is made for it."""
        with self._asking(action), self._place.entered():
            yield

    @property
    def rcvbuf(self) -> int:
        """Bytes that the kernel granted for the receive buffer."""
        with self._asking("ask the receive buffer of"):
            return granted(self._socket, socket.SO_RCVBUF)

    @property
    def sndbuf(self) -> int:
        """Bytes that the kernel granted for the send buffer."""
        with self._asking("ask the send buffer of"):
            return granted(self._socket, socket.SO_SNDBUF)

    @property
    def can_state(self) -> CanState | None:
        """The controller's state as the kernel knows it, asked for now.

        None for an interface without a controller (vcan), and for a bus on all interfaces.

        Raises:
            CanChannelNotFoundError: the interface is gone.
        """
        self._check_open()
        if self._channels.fixed is None:
            return None
        with self._asking_inside("ask the state of"):
            return read_can_state(self._channels.fixed)

    @property
    def controller_status(self) -> ControllerStatus:
        """All that the kernel knows of the controller: state, error counters, event counts.

        Raises:
            CanUnsupportedError: the bus is on all interfaces.
            CanChannelNotFoundError: the interface is gone.
        """
        self._check_open()
        if self._channels.fixed is None:
            raise CanUnsupportedError("a bus on all interfaces has no controller of its own")
        with self._asking_inside("ask the state of"):
            return read_controller_status(self._channels.fixed)

    def restart(self) -> None:
        """Bring the controller back from bus-off; needs CAP_NET_ADMIN.

        Raises:
            CanLinkPermissionError: a PermissionError; no CAP_NET_ADMIN.
            CanLinkError: it is not bus-off, restarts by itself (`restart_ms`), or its driver
                cannot restart it.
            CanUnsupportedError: the bus is on all interfaces.
        """
        self._check_open()
        if self._channels.fixed is None:
            raise CanUnsupportedError("a bus on all interfaces has no controller of its own")
        from canbus.links.restart import restart

        with self._asking_inside("restart"):
            restart(self._channels.fixed)

    def _state_or_none(self) -> CanState | None:
        try:
            return self.can_state
        except CanError:
            return None
