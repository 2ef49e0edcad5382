"""Which bit rates to try, in which order, and which a controller cannot do. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from canbus.errors import CanConfigError
from canbus.link_config import LinkConfig
from canbus.link_info import LinkInfo
from canbus.links.reachable import find_nearest

COMMON_BITRATES = (500_000, 250_000, 125_000, 1_000_000, 100_000, 50_000, 20_000, 800_000, 10_000)
"""The usual ones, the commonest first: those of CiA 301 and of ISO 11898-2, and 100 kbit/s."""

BEARABLE = 0.005
"""How far off, of 1, a node may be: nodes bear about 1 % between them (ISO 11898-1)."""


class Impossible(NamedTuple):
    """A bit rate that a controller cannot do.

    Attributes:
        bitrate: bit/s.
        why: in words.
    """

    bitrate: int
    why: str


class Candidates(NamedTuple):
    """What to try.

    Attributes:
        bitrates: in this order.
        impossible: what was asked for, and cannot be done.
    """

    bitrates: tuple[int, ...]
    impossible: tuple[Impossible, ...]


def choose(link: LinkInfo, bitrates: Iterable[int] | None) -> Candidates:
    """The rates to try on a link; the one that it has now comes first.

    Args:
        link: which.
        bitrates: bit/s, each tried once and in this order; None: the common ones, and what the
            link has now.

    Raises:
        CanConfigError: a ValueError; there is none, or one is no bit rate.
    """
    wanted = list(dict.fromkeys(COMMON_BITRATES if bitrates is None else bitrates))
    if not wanted:
        raise CanConfigError("there is no bit rate to try", hint="leave them out for the usual")
    for bitrate in wanted:
        LinkConfig(bitrate=bitrate)  # which checks it
    present = link.bitrate
    same = [one for one in wanted if present is not None and is_near(present, one)]
    if present is not None and not same and bitrates is None:
        same = [present]
    wanted = same + [one for one in wanted if one not in same]
    refused = {one: why for one in wanted if (why := _obstacle(link, one)) is not None}
    return Candidates(
        tuple(one for one in wanted if one not in refused),
        tuple(Impossible(one, why) for one, why in refused.items()),
    )


def is_near(real: int, bitrate: int) -> bool:
    """Whether nodes of a bus understand each other at these two bit rates."""
    return abs(real - bitrate) <= bitrate * BEARABLE


def _obstacle(link: LinkInfo, bitrate: int) -> str | None:
    """Why a controller cannot do a bit rate, as far as is known without asking it."""
    if link.bitrate_max and bitrate > link.bitrate_max:
        return f"its transceiver ends at {link.bitrate_max} bit/s"
    limits = link.bit_timing_limits
    if limits is None:
        known = link.bitrate_choices
        return None if bitrate in known else f"its driver has {', '.join(map(str, known))} bit/s"
    if not link.clock:
        return None
    nearest = find_nearest(link.clock, limits, bitrate, None)
    if nearest is None:
        return f"its clock of {link.clock} Hz makes nothing near it"
    if not is_near(nearest.bitrate, bitrate):
        return f"the controller comes no nearer than {nearest.bitrate} bit/s"
    return None
