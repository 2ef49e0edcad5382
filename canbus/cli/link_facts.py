"""A LinkInfo as JSON has it: the same for every subcommand about links. No text for people."""

from __future__ import annotations

from dataclasses import fields
from enum import Enum

from canbus.link_info import LinkDevice, LinkInfo, LinkStatistics, LinkTiming, TimingLimits

_DERIVED = ("fd", "xl", "bitrate", "data_bitrate")


def link_facts(info: LinkInfo) -> dict[str, object]:
    """Everything that is known of a link; the keys are the names of LinkInfo's attributes.

    Enums are told by name, sets as sorted lists, and null is what the kernel does not say.
    """
    facts = {each.name: _json_value(getattr(info, each.name)) for each in fields(info)}
    return facts | {name: getattr(info, name) for name in _DERIVED}


def _json_value(value: object) -> object:
    if isinstance(value, LinkTiming):
        return _timing_facts(value)
    if isinstance(value, (LinkDevice, LinkStatistics, TimingLimits)):
        return value._asdict()
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def _timing_facts(timing: LinkTiming) -> dict[str, object] | None:
    """Zeros mean that nobody has said; drivers with a list of bit rates say the rate alone."""
    if not timing.is_known:
        return None
    if timing.tq:
        return timing._asdict()
    return dict.fromkeys(timing._fields) | {"bitrate": timing.bitrate}
