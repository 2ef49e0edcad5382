"""look(): how a link is now. By its number: its name may be another link's by then."""

from __future__ import annotations

import errno
from dataclasses import replace

from canbus.errors import CanLinkNotFoundError
from canbus.link_info import LinkInfo
from canbus.links.reading import read_bare_links


def find(index: int) -> LinkInfo | None:
    """The link of that number; None if it is gone. Without its device, which takes long to read."""
    return next((link for link in read_bare_links() if link.index == index), None)


def look(link: LinkInfo) -> LinkInfo:
    """The same link as it is now.

    Raises:
        CanLinkNotFoundError: a LookupError; it is gone.
        CanError: as `canbus.links.list_links`.
    """
    now = find(link.index)
    if now is None:
        raise CanLinkNotFoundError(
            f"{link.name} is gone: was it unplugged?",
            errno.ENODEV,
            hint="one of that name that is there by now is another one: start again",
        )
    return replace(now, device=link.device)
