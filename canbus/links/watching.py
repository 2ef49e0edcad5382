"""Watching links: what changes, and waiting for one. No thread; nothing is changed.

Looks are compared. The kernel tells of links that appear, go, and come up or down (RTMGRP_LINK),
and that makes us look at once; of a controller that becomes error-warning or error-passive it
tells nothing, so that there is a look every `poll_interval`, too. What an event says is not
read: one that was lost in a flood (ENOBUFS) means no more than to look again.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Generator
from dataclasses import replace

from canbus.errors import CanConfigError, CanTimeoutError
from canbus.link_info import LinkDevice, LinkInfo
from canbus.links import route_socket
from canbus.links.device import read_device
from canbus.links.link_change import LinkChange, compare
from canbus.links.names import check_name
from canbus.links.reading import asking, read_bare_links

_AT_ONCE = 1000
"""So many events at most are passed over before the next look."""

_LONGEST = 3600.0
"""Seconds; no system call takes all that a float can say."""


def watch_links(
    *names: str, poll_interval: float = 0.2, timeout: float | None = None, initial: bool = False
) -> Generator[LinkChange, None, None]:
    """Wait for changes of CAN interfaces, and yield each.

    It counts whether a link is there and up, how it is set up, its `state` and its carrier;
    error counters and statistics alone are no change. What came and went between two looks is
    not told, except that a link that was made anew is gone, and then has appeared.

    The links that are there are known when this returns; no later change is missed. Leaving
    the loop, or closing the iterator, ends it.

    Args:
        names: only these, which need not be there yet; by default all.
        poll_interval: seconds between two looks when the kernel reports nothing.
        timeout: seconds until the iteration ends, with a last look; None for never.
        initial: begin with all that are there, as if they had appeared.

    Raises:
        CanUnsupportedError: not Linux.
        CanConfigError: a ValueError; `poll_interval` or `timeout` is no span of time.
        CanLinkError: no interface can have such a name, or the kernel does not answer.
        CanProtocolError: a ValueError; an answer of it makes no sense.
    """
    wanted = frozenset(check_name(name) for name in names)
    changes = _changes(_looks(poll_interval, timeout), wanted, initial)
    next(changes)  # the look that later ones are compared with
    return changes


def wait_for_link(
    match: Callable[[LinkInfo], bool],
    timeout: float,
    *,
    what: str = "the link",
    poll_interval: float = 0.2,
) -> LinkInfo:
    """Wait until there is a CAN interface of some kind; return at once if there is.

    Args:
        match: tells whether a link is the one; called for each at every look.
        timeout: seconds.
        what: is waited for; for the error.
        poll_interval: seconds between two looks when the kernel reports nothing.

    Returns:
        The first that matches, by index.

    Raises:
        CanTimeoutError: a TimeoutError; there was none.
        CanUnsupportedError: not Linux.
        CanConfigError: a ValueError; `poll_interval` or `timeout` is no span of time.
        CanLinkError: the kernel does not answer.
        CanProtocolError: a ValueError; an answer of it makes no sense.
    """
    looks = _looks(poll_interval, timeout)
    try:
        for look in looks:
            for link in look:
                if match(link):
                    return link
    finally:
        looks.close()
    raise CanTimeoutError(f"{what} did not come within {timeout:g} s")


def _changes(
    looks: Generator[list[LinkInfo], None, None], names: frozenset[str], initial: bool
) -> Generator[LinkChange, None, None]:
    try:
        before: list[LinkInfo] = []
        is_first = True
        for look in looks:
            after = [link for link in look if not names or link.name in names]
            if is_first:
                yield LinkChange(None, None)  # for watch_links alone
            if initial or not is_first:
                yield from compare(before, after)
            before, is_first = after, False
    finally:
        looks.close()


def _looks(poll_interval: float, timeout: float | None) -> Generator[list[LinkInfo], None, None]:
    """All links: at once, after everything that the kernel reports, and now and then."""
    if not poll_interval > 0:
        raise CanConfigError(f"poll_interval={poll_interval!r} is not a number of seconds above 0")
    if timeout is not None and not timeout >= 0:
        raise CanConfigError(f"timeout={timeout!r} is not a number of seconds from 0 on")
    deadline = None if timeout is None else time.monotonic() + timeout
    devices: dict[int, LinkDevice | None] = {}
    with asking("watch CAN interfaces"), route_socket.RouteSocket(route_socket.RTMGRP_LINK) as ear:
        while True:
            is_last = deadline is not None and time.monotonic() >= deadline
            yield _look(devices)
            if is_last:
                return
            left = min(poll_interval, _LONGEST)
            if deadline is not None:
                left = max(0.0, min(left, deadline - time.monotonic()))
            if ear.wait(left):
                _pass_over(ear)


def _look(devices: dict[int, LinkDevice | None]) -> list[LinkInfo]:
    """The device of a link is looked up once: at the end sysfs has less than the kernel says."""
    links = read_bare_links()
    for link in links:
        if link.index not in devices:
            devices[link.index] = read_device(link.name, index=link.index)
    for gone in devices.keys() - {link.index for link in links}:
        del devices[gone]
    return [replace(link, device=devices[link.index]) for link in links]


def _pass_over(ear: route_socket.RouteSocket) -> None:
    for _ in range(_AT_ONCE):
        try:
            ear.receive()
        except TimeoutError:  # a child that was forked has taken it
            return
        except OSError as exc:
            if exc.errno != errno.ENOBUFS:
                raise
        if not ear.wait(0):
            return
