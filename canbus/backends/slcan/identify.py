"""Which dialect an adapter speaks, from what it says of itself. Nothing is asked here."""

from __future__ import annotations

import re

from canbus.backends.slcan.dialects import (
    CANABLE1,
    CANABLE2,
    CANABLE25,
    LAWICEL,
    NAKAKIYO,
    UNKNOWN,
    USBTIN,
    WEACT,
    Dialect,
)

_BY_VERSION = (
    (re.compile(r"^\+Board: "), CANABLE25),
    (re.compile(r"V(L2|W1)K\d"), NAKAKIYO),
    (re.compile(r"canable2", re.IGNORECASE), CANABLE2),
    (re.compile(r"cantact|canable", re.IGNORECASE), CANABLE1),
    (re.compile(r"weact|USB2CANFD", re.IGNORECASE), WEACT),
    (re.compile(r"^V[0-9A-Fa-f]{4}$"), LAWICEL),
)
"""What the answer to `V` begins with, or holds; first one that fits."""

_BY_FIRMWARE = (
    (re.compile(r"v[0-9A-Fa-f]{4}"), USBTIN),
    (re.compile(r"v: .*="), NAKAKIYO),
)
"""What the answer to `v` is, of those whose answer to `V` is LAWICEL's."""


def dialect_of(version: str, firmware: str) -> Dialect:
    """The dialect of an adapter.

    Args:
        version: its answer to `V`; "" if there was none.
        firmware: its answer to `v`, where `V` was not enough; LAWICEL's own have none.
    """
    for pattern, dialect in _BY_VERSION:
        if pattern.search(version):
            return _by_firmware(firmware) if dialect is LAWICEL else dialect
    return UNKNOWN


def _by_firmware(firmware: str) -> Dialect:
    return next((row for pattern, row in _BY_FIRMWARE if pattern.match(firmware)), LAWICEL)


def version_numbers(version: str) -> tuple[int | None, int | None]:
    """Hardware and software version in an answer of the form `Vhhss`; None where there is none."""
    found = re.fullmatch(r"V(\d\d)(\d\d)", version)
    return (int(found[1]), int(found[2])) if found else (None, None)
