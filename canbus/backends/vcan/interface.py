"""VcanInterface: making a vcan interface, taking one that is there, removing one of ours.

Who made it is remembered with the link: one of ours has the mark as its alias. Whoever calls
sees to it that no other program of ours does the same at the same time (provision.py).
"""

from __future__ import annotations

import errno
import time

from canbus import links
from canbus.backends.vcan.advice import Advice
from canbus.backends.vcan.receivers import has_receivers
from canbus.errors import CanError, CanLinkError, CanLinkNotFoundError
from canbus.link_info import CANFD_MTU, LinkInfo
from canbus.links import owning
from canbus.links.reading import read_link
from canbus.logs import logger
from canbus.place import HERE, Place

MARK = "made by canbus: removed with its last user"

_LOOKS = 20  # threads of ours that are just leaving may have sockets open
_LOOK_EVERY = 0.01  # seconds


class VcanInterface:
    """One interface, there or not.

    Args:
        name: of the interface.
        mtu: that frames of the kind asked for need; an interface that is made has 72 at least.
        persist: the interface shall stay when its last user has left.
        place: where it is.
    """

    def __init__(self, name: str, mtu: int, *, persist: bool = False, place: Place = HERE) -> None:
        self.name = name
        self._mtu = mtu
        self._persist = persist
        self._place = place
        self._advice = Advice(name, place)

    def provide(self) -> None:
        """Have it there, and up; see `Provision.join` for the errors."""
        with self._place.entered():
            for _ in range(3):  # a program that is none of ours may make it, or remove it, now
                link = self._find()
                if link is not None:
                    self._accept(link)
                    return
                if self._make():
                    return
        raise self._advice.comes_and_goes()

    def stays(self) -> bool:
        """Whether it is there, and none that we remove."""
        with self._place.entered():
            link = self._find()
        return link is not None and not is_ours(link)

    def remove(self) -> str | None:
        """Remove it if it is ours and nobody listens; returns what prevents that, for people."""
        with self._place.entered():
            link = self._find()
            if link is None or not is_ours(link):
                return None
            try:
                for _ in range(_LOOKS):
                    if not has_receivers(self.name):
                        owning.remove(link)
                        return None
                    time.sleep(_LOOK_EVERY)
            except OSError as exc:
                return self._advice.stays(exc)
        logger().info("%s stays: another program listens on it", self.name)
        return None

    def _find(self) -> LinkInfo | None:
        """What there is of that name; None for nothing."""
        try:
            return read_link(self.name)
        except CanLinkNotFoundError:
            return None
        except CanLinkError as exc:
            raise self._advice.unreadable(exc) from exc

    def _make(self) -> bool:
        """Make it; False if somebody else was faster."""
        mtu = max(self._mtu, CANFD_MTU)
        try:
            link = links.create_vcan(self.name, xl=mtu > CANFD_MTU, up=False)
        except CanLinkNotFoundError:  # removed right after
            return False
        except CanLinkError as exc:
            if exc.error_code == errno.EEXIST:
                return False
            raise self._advice.cannot_make(exc, mtu) from exc
        except BaseException as exc:  # Ctrl-C, maybe when the kernel had made it
            self._unmake(exc)
            raise
        # Up after the mark: what is up and has none is no work of ours that is half done.
        try:
            owning.mark_and_bring_up(link, None if self._persist else MARK)
        except BaseException as exc:
            owning.remove(link)
            if isinstance(exc, OSError):
                why, command = "it was made, but is down", self._advice.up()
                raise self._advice.cannot_change(exc, why, command) from exc
            raise
        return True

    def _unmake(self, failure: BaseException) -> None:
        """Remove what there is of that name, and is as we make it: nothing was there before."""
        try:
            link = self._find()
            if link is not None and link.kind == "vcan" and not (link.is_up or link.alias):
                owning.remove(link)
        except (CanError, OSError) as exc:
            failure.add_note(f"{self.name} may have been made, and may stay: {exc}")

    def _accept(self, link: LinkInfo) -> None:
        """Use what is there, if it will do."""
        if link.kind != "vcan":
            raise self._advice.of_another_kind(link.kind)
        if link.mtu < self._mtu:
            raise self._advice.too_small(link.mtu, self._mtu)
        if not link.is_up:
            try:
                owning.mark_and_bring_up(link, None)
            except OSError as exc:
                raise self._advice.cannot_change(exc, "it is down", self._advice.up()) from exc
        if self._persist and is_ours(link):
            try:
                owning.mark_and_bring_up(link, "")
            except OSError as exc:
                why, command = "it will be removed with its last user", self._advice.keep()
                raise self._advice.cannot_change(exc, why, command) from exc


def is_ours(link: LinkInfo) -> bool:
    """Whether one of us made it, to be removed with its last user."""
    return link.kind == "vcan" and link.alias == MARK
