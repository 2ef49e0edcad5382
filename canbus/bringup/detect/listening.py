"""listen(): hear what is on the bus, until it is enough. Receives only; changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

from canbus.bringup.detect.evidence import Evidence, Tally
from canbus.bringup.detect.looking import look
from canbus.link_info import LinkInfo

_STEP = 0.05  # seconds
_LOOK = 0.2  # seconds; some drivers ask the adapter for its counters at every look
_AT_ONCE = 256

Enough = Callable[[Evidence], bool]


def listen(link: LinkInfo, bitrate: int, enough: Enough, *, is_fresh: bool) -> Evidence:
    """Listen on a link that is up.

    Args:
        link: which, as it is.
        bitrate: that it has, bit/s.
        enough: asked again and again whether to stop.
        is_fresh: it was brought up just now, only to listen.

    Raises:
        CanLinkDownError: it went down.
        CanChannelNotFoundError: it is gone.
        CanError: as `canbus.Bus`, and as `canbus.links.list_links`.
    """
    from canbus.backends.socketcan.bus import SocketcanBus

    tally = Tally(bitrate, link, is_fresh=is_fresh)
    # A bus of its own for each rate: nothing can wait in it that was heard at another one.
    with SocketcanBus(link.name, fd=link.fd, on_loss="count") as bus:
        tally.hear(bus.recv_many(_AT_ONCE, 0))  # what the first one loads takes its time
        began = looked = time.monotonic()
        while True:
            now = time.monotonic()  # before reading: what has come by then is heard
            tally.hear(bus.recv_many(_AT_ONCE, _STEP))
            if now - looked >= _LOOK:
                looked = now
                tally.look(look(link))
            evidence = tally.evidence(now - began)
            if enough(evidence):
                return evidence
