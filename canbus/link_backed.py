"""LinkBacked: what a bus can be asked that stands on something which tells of its own changes.

For supervision: with it nobody has to try again and again to learn that a link is back, or to
receive to learn that it went. A backend that can tell derives from it; nothing is opened here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from canbus.errors import CanError


class LinkNews(Protocol):
    """Tells that links have changed, and not what."""

    def fileno(self) -> int:
        """A descriptor that is readable when there is news."""

    def take(self) -> None:
        """Take all that there is; never waits."""

    def close(self) -> None:
        """Release it."""


class LinkBacked(ABC):
    """Mixin of a bus on a link: something that comes, goes, and is up or down."""

    @abstractmethod
    def _trouble(self) -> CanError | None:
        """Why no frame can pass, asked now: a CanLinkDownError, or a CanChannelNotFoundError.

        None where nothing is known to be wrong. After the second only `reopen` helps.
        """

    @abstractmethod
    def _missed(self) -> CanError | None:
        """A loss that is over, and that nobody was told of yet; who receives is told of it, too."""

    @abstractmethod
    def _open_news(self) -> LinkNews:
        """What tells of changes from now on.

        Raises:
            CanError: the system has none to give.
        """

    @abstractmethod
    def _restart_clean(self) -> None:
        """`restart`, once no frame of before can be sent after it.

        Raises:
            CanError: as `restart`, or some frame may still wait; try again.
        """
