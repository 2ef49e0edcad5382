"""LinkWatch: whether the interface is up and there, so that a bus never falls silent.

The kernel tells a socket once that its interface went down, and once that it is gone
(net/can/raw.c, raw_notify); after that it tells nothing, and a reader would wait for ever. So
what was told is remembered here, and looked into at every call until it is over.
"""

from __future__ import annotations

import errno
import struct

from canbus.backends.socketcan.os_errors import receive_error
from canbus.codecs.can_frame import CANFD_MTU
from canbus.place import HERE, Place
from canbus.plugin import CanError, CanLinkDownError

SIOCGIFFLAGS = 0x8913  # <linux/sockios.h>
_SIOCGIFMTU = 0x8921
WITH_FLAGS = struct.Struct("=16sh22x")  # struct ifreq of <linux/if.h>: name, then a union
_WITH_MTU = struct.Struct("=16si20x")
IFF_UP = 1
_IFF_RUNNING = 0x40
LINK_ERRORS = frozenset({errno.ENETDOWN, errno.ENODEV, errno.ENXIO})


class LinkWatch:
    """What a socket was told about its interface.

    Args:
        channel: name of the interface; "" for all, of which nothing is told.
        place: where it is.

    Attributes:
        is_untold: it went down, and nobody who receives was told.
    """

    def __init__(self, channel: str, place: Place = HERE) -> None:
        self._channel = channel
        self._place = place
        self._index = 0
        self._is_gone = False
        self._is_down = False
        self.is_untold = False
        self.renew()

    def renew(self) -> None:
        """The socket was bound anew."""
        self._is_gone = self._is_down = self.is_untold = False
        try:
            self._index = self._place.index_of(self._channel) if self._channel else 0
        except OSError:
            self._is_gone = True  # between bind and here

    def note(self, code: int, *, is_news: bool) -> None:
        """Remember one of LINK_ERRORS, from whatever call it came.

        Args:
            code: which.
            is_news: the kernel has told that it went down just now, rather than that it is.
        """
        if not self._channel:
            return
        if code != errno.ENETDOWN:
            self._is_gone = self.is_untold = True
        else:
            self.is_untold = self.is_untold or is_news or not self._is_down
            self._is_down = True

    def current_name(self) -> str:
        """What the interface is called now, as it may have been renamed; an OSError if gone."""
        return self._place.name_of(self._index)

    @property
    def is_troubled(self) -> bool:
        """Whether it was down or gone when somebody last looked."""
        return self._is_gone or self._is_down

    def trouble(self) -> CanError | None:
        """Why no frame can come, asked for now; None if nothing is known to be wrong."""
        if not self.is_troubled:
            return None
        is_told = not self.is_untold
        self.is_untold = False
        if self._is_gone or not self.is_up():
            return self._now()
        self._is_down = False
        return None if is_told else self._was_down()

    def _now(self) -> CanError:
        return receive_error(errno.ENODEV if self._is_gone else errno.ENETDOWN, self._channel)

    def _was_down(self) -> CanError:
        return CanLinkDownError(
            f"{self._channel} was taken down, and is up again: frames of that time are missing",
            errno.ENETDOWN,
            hint="this is said once; receive on",
        )

    def is_up(self) -> bool:
        """Ask the kernel, by the index: a name may belong to another interface by now."""
        try:
            return is_interface_up(self.current_name(), self._place)
        except OSError as exc:
            # Anything else says nothing, no descriptor left for instance: ask again next time.
            self._is_gone = self._is_gone or exc.errno in LINK_ERRORS
            return False


def is_interface_up(name: str, place: Place = HERE) -> bool:
    """Whether the interface is up; an OSError if there is none."""
    return bool(_ask(place, name, SIOCGIFFLAGS, WITH_FLAGS) & IFF_UP)


def is_running(name: str, place: Place = HERE) -> bool:
    """Whether it is up and has a carrier, as far as the kernel has acted on that already."""
    return bool(_ask(place, name, SIOCGIFFLAGS, WITH_FLAGS) & _IFF_RUNNING)


def takes_fd(name: str, place: Place = HERE) -> bool:
    """Whether the interface takes CAN FD frames, by its MTU; an OSError if there is none."""
    return _ask(place, name, _SIOCGIFMTU, _WITH_MTU) >= CANFD_MTU


def _ask(place: Place, name: str, request: int, ifreq: struct.Struct) -> int:
    _, answer = ifreq.unpack(place.ask(request, ifreq.pack(name.encode(), 0)))
    return int(answer)
