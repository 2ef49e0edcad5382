"""VcanBus: a socketcan bus on an interface that is there for as long as somebody uses it.

What an interface needs to be there is provision.py's; frames are socketcan's.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from canbus.backends.socketcan.bus import SocketcanBus
from canbus.backends.vcan.interface import VcanInterface
from canbus.backends.vcan.provision import Provision
from canbus.errors import CanLinkError
from canbus.link_info import CAN_MTU, CANFD_MTU, CANXL_MTU
from canbus.links.names import check_name
from canbus.links.namespaces import place_of
from canbus.plugin import CanConfigError, Filters

_SOL_CAN_RAW, _CAN_RAW_FILTER, _CAN_RAW_ERR_FILTER = 101, 1, 2  # <linux/can.h>, <linux/can/raw.h>


class VcanBus(SocketcanBus):
    """A bus on a virtual CAN interface, which is made if it is not there.

    An interface that a bus of this kind has made is removed by the last one that closes, of
    whatever process; not if another program still listens on it. One that was there already
    stays. Making, bringing up and removing need CAP_NET_ADMIN; using what is up needs nothing.

    Args:
        channel: name of the interface.
        can_filters: as of `SocketcanBus`.
        persist: the interface stays when its last user has left, also one that was made to go.
        fd: send and receive CAN FD frames. An interface that is made takes them in any case.
        xl: send and receive CAN XL frames; an interface that is made takes them, too.
        netns: the network namespace where the interface is, or is made; as of `SocketcanBus`.
        **options: as of `SocketcanBus`.

    Raises:
        CanPermissionError: a PermissionError; the interface is not there, or down, and this
            process has no CAP_NET_ADMIN. The hint has the commands.
        CanUnsupportedError: the interface is there, but too small for `fd` or `xl`.
        CanConfigError: a ValueError; there is one of that name that is no vcan, or an
            option makes no sense.
        CanKernelSupportError: the kernel has no CAN, or no vcan.
        CanInitializationError: another program is opening or closing it for half a minute.
    """

    _provision: Provision | None = None

    def __init__(
        self,
        channel: str = "vcan0",
        can_filters: Filters | None = None,
        *,
        persist: bool = False,
        fd: bool = False,
        xl: bool = False,
        netns: str | int | None = None,
        **options: Any,
    ) -> None:
        mtu = CANXL_MTU if xl else CANFD_MTU if fd else CAN_MTU
        name = _checked(channel)
        self._home = place_of(netns)
        try:
            interface = VcanInterface(name, mtu, persist=persist, place=self._home)
            provision = Provision(interface, self._home.identity())
            try:
                provision.join()
                super().__init__(channel, can_filters, fd=fd, xl=xl, netns=netns, **options)
            except BaseException:
                provision.leave()
                raise
        except BaseException:
            self._home.close()
            raise
        self._provision = provision
        self.channel_info = f"vcan {channel}"

    def reopen(self) -> None:
        """Open the interface anew, and make it anew if it was removed; see `SocketcanBus`.

        Raises:
            As the constructor.
            CanClosedError: the bus was shut down.
        """
        self._check_open()
        if self._provision is not None and not self._provision.is_inherited:
            self._provision.join()
        super().reopen()

    def _close(self) -> None:
        try:
            if not self._waiter.is_inherited:
                # A thread that waits still has the socket open, and would pass for a listener.
                with suppress(OSError):
                    self._socket.setsockopt(_SOL_CAN_RAW, _CAN_RAW_FILTER, b"")
                    self._socket.setsockopt(_SOL_CAN_RAW, _CAN_RAW_ERR_FILTER, 0)
        finally:
            super()._close()

    def _after_close(self) -> None:
        try:
            super()._after_close()
            self._leave()
        except BaseException:  # Ctrl-C: nobody calls this once more
            self._leave()
            raise
        finally:
            self._home.close()

    def _leave(self) -> None:
        if self._provision is not None:
            self._provision.leave()


def _checked(channel: object) -> str:
    if isinstance(channel, str):
        try:
            return check_name(channel)
        except CanLinkError as exc:
            raise CanConfigError(str(exc), hint=exc.hint) from exc
    raise CanConfigError(f"channel {channel!r} must be the name of an interface", hint='"vcan0"')
