"""What stands in the way of having a vcan interface, in words, with the commands that mend it.

One error for each cause, all of them CanInitializationError, as `Bus()` promises.
"""

from __future__ import annotations

import errno
from pathlib import Path

from canbus.errors import CanLinkError, CanLinkPermissionError
from canbus.link_info import CANFD_MTU
from canbus.place import Place
from canbus.plugin import (
    CanConfigError,
    CanError,
    CanInitializationError,
    CanKernelSupportError,
    CanPermissionError,
    CanUnsupportedError,
)

_MODULE = Path("/sys/module/vcan")


class Advice:
    """Words about one interface.

    Args:
        name: of the interface.
        place: where it is.
    """

    def __init__(self, name: str, place: Place) -> None:
        self.name = name
        self._ip = place.ip
        self._where = f" in {place}" if str(place) else ""

    def make(self, mtu: int) -> str:
        """The commands that make it."""
        load = "" if _MODULE.exists() else "sudo modprobe vcan && "
        return f"{load}sudo {self._ip} link add dev {self.name} type vcan mtu {mtu} && {self.up()}"

    def up(self) -> str:
        """The command that brings it up."""
        return f"sudo {self._ip} link set {self.name} up"

    def keep(self) -> str:
        """The command that takes our mark away."""
        return f"sudo {self._ip} link set dev {self.name} alias ''"

    def delete(self) -> str:
        """The command that removes it."""
        return f"sudo {self._ip} link del {self.name}"

    def cannot_make(self, exc: CanLinkError, mtu: int) -> CanError:
        """It is not there, and cannot be made."""
        what = f"cannot open {self.name}: there is no such interface{self._where}"
        if isinstance(exc, CanLinkPermissionError):
            return CanPermissionError(
                f"{what}, and making it needs CAP_NET_ADMIN", errno.EPERM, hint=self.make(mtu)
            )
        kind = CanKernelSupportError if exc.error_code == errno.EOPNOTSUPP else None
        return (kind or CanInitializationError)(
            f"{what}, and it cannot be made: {exc}", exc.error_code, hint=exc.hint
        )

    def comes_and_goes(self) -> CanError:
        """Other programs make and remove it all the time."""
        return CanInitializationError(
            f"cannot open {self.name}{self._where}: another program makes and removes it",
            errno.EAGAIN,
            hint="`ip monitor link` shows when; choose another name",
        )

    def cannot_change(self, exc: OSError, why: str, command: str) -> CanError:
        """It is there, but has to be changed, and cannot be."""
        what = f"cannot open {self.name}: {why}{self._where}"
        if exc.errno in {errno.EPERM, errno.EACCES}:
            return CanPermissionError(
                f"{what}, and changing that needs CAP_NET_ADMIN", exc.errno, hint=command
            )
        return CanInitializationError(f"{what}, and stays so: {exc}", exc.errno, hint=command)

    def unreadable(self, exc: CanLinkError) -> CanError:
        """It is no CAN interface, or the kernel does not tell of it."""
        what = f"cannot open {self.name}{self._where}: {exc}"
        if exc.error_code is None:
            return CanConfigError(what, hint="choose another name")
        return CanInitializationError(what, exc.error_code, hint=exc.hint)

    def of_another_kind(self, kind: str | None) -> CanError:
        """It is there, but is no vcan."""
        return CanConfigError(
            f"cannot open {self.name}: there is an interface of that name{self._where}, but of "
            f"kind {kind or 'unknown'}, not vcan",
            hint="choose another name; a CAN interface of any kind opens with "
            "interface='socketcan'",
        )

    def too_small(self, mtu: int, needed: int) -> CanError:
        """It is there, but frames of the kind asked for do not fit."""
        frames = "CAN FD" if needed <= CANFD_MTU else "CAN XL"
        link = f"{self._ip} link set {self.name}"
        return CanUnsupportedError(
            f"cannot open {self.name} for {frames} frames: its MTU{self._where} is {mtu}, they "
            f"need {needed}",
            hint=f"sudo {link} down && sudo {link} mtu {needed} && sudo {link} up; "
            "or choose another name",
        )

    def stays(self, exc: OSError) -> str:
        """Its last user has left, and it cannot be removed."""
        why = exc.strerror or str(exc)
        if exc.errno in {errno.EPERM, errno.EACCES}:
            why = "removing it needs CAP_NET_ADMIN"
        return f"{self.name} stays, although its last user has left: {why}. {self.delete()}"
