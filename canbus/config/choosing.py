"""What applies: the first value of each name, of the sources that are for the interface.

A source that names an interface is about that one. Its other values say nothing about another
interface, so a file for can0 does not reach into a bus that a test opens on `virtual`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from canbus.config.sources import TIMING, TIMING_FD, Setting, Source, read_sources
from canbus.warn import warn


class Choice(NamedTuple):
    """What is left open by a call, and what is said about it.

    Attributes:
        settings: the values that apply, by name.
        shadowed: those that do not, as an earlier source has the same name.
        elsewhere: those that are for another interface.
    """

    settings: dict[str, Setting]
    shadowed: list[Setting]
    elsewhere: list[Setting]


def settings_for(
    given: Mapping[str, Any] | None = None, context: str | None = None
) -> dict[str, Setting]:
    """What configuration says about that which a call leaves open.

    Args:
        given: what the call says; None is left open.
        context: python-can's `config_context`.

    Raises:
        CanConfigError: a ValueError; a file or variable cannot be read.

    Warns:
        CanWarning: nothing is said for that context.
    """
    found = list(read_sources(context))
    if context and not any(source.context for source in found):
        warn(f"config_context={context!r} is named nowhere: no [{context}], no CAN_..._{context}")
    return choose(given or {}, found).settings


def choose(given: Mapping[str, Any], found: Iterable[Source]) -> Choice:
    """The same from sources that have been read."""
    rest = list(found)
    said = _with_synonyms({name for name, value in given.items() if value is not None})
    interface = given.get("interface") or next(
        (source.values["interface"] for source in rest if source.values.get("interface")), None
    )
    choice = Choice({}, [], [])
    for source in rest:
        for name, value in source.values.items():
            setting = Setting(name, value, source.name)
            if name in said or name in choice.settings:
                choice.shadowed.append(setting)
            elif source.interface not in {None, interface}:
                choice.elsewhere.append(setting)
            elif value is not None:
                choice.settings[name] = setting
    return choice


def _with_synonyms(said: set[str]) -> set[str]:
    """A call that gives a timing, or a bit rate, has said what others would say in numbers."""
    if "timing" in said:
        return said | {*TIMING, *TIMING_FD, "nof_samples", "bitrate", "data_bitrate"}
    if "bitrate" in said:
        return said | {*TIMING, *TIMING_FD, "nof_samples", "timing"}
    return said
