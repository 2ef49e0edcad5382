"""The frames of a reader: an inbox as the reader's user asks for it. Policy is inbox.py's."""

from __future__ import annotations

import sys
from collections.abc import Callable

from canbus.arguments import check_number, one_of
from canbus.inbox import OVERFLOWS, Inbox


def make_inbox(
    shown: str, maxlen: int | None, overflow: str, changed: Callable[[], None] | None = None
) -> Inbox:
    """An inbox of so many frames; None for no bound.

    Raises:
        CanConfigError: a ValueError; `maxlen` or `overflow` makes no sense.
    """
    if maxlen is not None:
        check_number("maxlen", maxlen, 1, None, "frames that may wait; None for no bound")
    return Inbox(
        shown,
        sys.maxsize if maxlen is None else maxlen,
        one_of("overflow", overflow, OVERFLOWS),
        advice="`lost` of the reader; take frames faster, or give it a greater maxlen",
        changed=changed,
    )


class Buffer:
    """What a reader's `buffer` tells, under the names of `queue`, which python-can has there."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def qsize(self) -> int:
        """How many frames wait."""
        return len(self._inbox)

    def empty(self) -> bool:
        """Whether none waits."""
        return not len(self._inbox)
