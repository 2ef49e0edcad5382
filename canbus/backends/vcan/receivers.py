"""Which programs listen on an interface, as far as the kernel tells. Nothing is changed here.

It lists receivers, not sockets (net/can/proc.c): whoever only sends is not seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_LISTS = ("all", "fil", "inv", "sff", "eff", "err")
_FIELDS = 7  # device, can_id, can_mask, function, userdata, matches, ident


def has_receivers(name: str, folder: Path = Path("/proc/thread-self/net/can")) -> bool:
    """Whether anything listens on the interface of that name: a socket, a gateway, a protocol.

    Who listens on all interfaces is not counted: that goes on without this one.

    Args:
        name: of the interface.
        folder: of the network namespace that this thread is in.

    Raises:
        OSError: the kernel does not tell.
    """
    return any(
        device == name
        for kind in _LISTS
        for device in _devices((folder / f"rcvlist_{kind}").read_text(errors="surrogateescape"))
    )


def _devices(text: str) -> Iterator[str]:
    """The device of each receiver that a list shows."""
    for line in text.splitlines():
        fields = line.split()
        if len(fields) == _FIELDS and fields[1] != "can_id":
            yield fields[0]
