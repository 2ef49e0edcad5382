"""How the counters of a link moved between two looks, as values, JSON and text.

Pure: no clock, nothing read or printed.
"""

from __future__ import annotations

from typing import NamedTuple

from canbus.cli.link_facts import link_facts
from canbus.cli.link_words import COUNTERS, plain, state_words
from canbus.link_info import LinkInfo

_SHOWN_AS_RATES = {"rx_packets", "tx_packets", "rx_bytes", "tx_bytes"}


class Sample(NamedTuple):
    """A link, and when it was read."""

    link: LinkInfo
    monotonic_ns: int


class Movement(NamedTuple):
    """What happened between two looks at a link of one name.

    Attributes:
        seconds: between the looks.
        anew: why there is nothing to compare with; None if there is.
        differences: of each counter that the link has.
    """

    seconds: float
    anew: str | None
    differences: dict[str, int]

    @property
    def rates(self) -> dict[str, float]:
        """Each difference per second."""
        return {name: value / self.seconds for name, value in self.differences.items()}


def movement(before: Sample | None, after: Sample) -> Movement:
    """Compare two looks; `before` is None if the link was not there."""
    if before is None:
        return Movement(0.0, "it has appeared", {})
    seconds = (after.monotonic_ns - before.monotonic_ns) / 10**9
    if before.link.index != after.link.index:
        return Movement(seconds, "it was made anew", {})
    old, new = (sample.link.statistics._asdict() for sample in (before, after))
    differences = {
        name: value - old[name]
        for name, value in new.items()
        if value is not None and old[name] is not None
    }
    if any(value < 0 for value in differences.values()):
        return Movement(seconds, "its counters were set back", {})
    return Movement(seconds, None, differences)


def movement_line(sample: Sample, moved: Movement) -> str:
    """One line for people: rates of frames, and every other counter that has moved."""
    link = sample.link
    parts = [f"{plain(link.name)}: {state_words(link)}"]
    if moved.anew is None:
        rates = moved.rates
        for word, way in (("received", "rx"), ("sent", "tx")):
            frames, size = rates[f"{way}_packets"], rates[f"{way}_bytes"]
            parts.append(f"{word} {frames:.1f} frames/s, {size:.1f} bytes/s")
        parts += [
            f"{COUNTERS[name]} +{value}"
            for name, value in moved.differences.items()
            if value and name not in _SHOWN_AS_RATES
        ]
    else:
        parts.append(f"{moved.anew}: counting starts anew")
    if link.tx_errors or link.rx_errors:
        parts.append(f"error counters: transmit {link.tx_errors}, receive {link.rx_errors}")
    return "; ".join(parts)


def movement_facts(sample: Sample, moved: Movement) -> dict[str, object]:
    """The same as JSON has it; null where there was nothing to compare with."""
    return {
        "name": sample.link.name,
        "seconds": moved.seconds if moved.anew is None else None,
        "anew": moved.anew,
        "differences": moved.differences or None,
        "rates": moved.rates or None,
        "link": link_facts(sample.link),
    }
