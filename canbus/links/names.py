"""Which names a network interface can have (dev_valid_name() in net/core/dev.c). No I/O."""

import os

from canbus.errors import CanLinkError

MAX_LENGTH = 15
"""IFNAMSIZ of <linux/if.h> without the terminating zero."""


def check_name(name: str) -> str:
    """Return the name.

    Raises:
        CanLinkError: no interface can have it.
    """
    problem = _problem(name)
    if problem:
        raise CanLinkError(
            f"{name!r} cannot be the name of a network interface: {problem}",
            hint=f"1 to {MAX_LENGTH} characters, no spaces, '/', ':' or '%'",
        )
    return name


def _problem(name: str) -> str | None:
    if not name:
        return "it is empty"
    try:
        length = len(os.fsencode(name))  # the kernel takes any bytes
    except UnicodeError:
        return "it is no text"
    if length > MAX_LENGTH:
        return f"it is longer than {MAX_LENGTH} bytes"
    if name in {".", ".."}:
        return "it is the name of a folder"
    # '%': the kernel takes it for a pattern, and makes another name of it (dev_alloc_name).
    bad = [char for char in name if char in "/:%" or char.isspace() or char == "\0"]
    return f"it contains {bad[0]!r}" if bad else None
