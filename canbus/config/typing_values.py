"""Text from a file or variable as a value: by the option that a backend declares, or as it looks.

Only configuration is read so; what a call says is never cast.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from canbus.config.sources import TIMING, TIMING_FD, Setting
from canbus.errors import CanConfigError
from canbus.options import COMMON, Option

_INTEGER = re.compile(r"[-+]?\d+")
_FLOAT = re.compile(r"[-+]?\d*\.\d+(?:[eE][-+]?\d+)?")
_TRUTH = {"true": True, "false": False}


def typed(setting: Setting, declared: Sequence[Option], *, takes_any: bool) -> Any:
    """The value as the backend takes it.

    Args:
        setting: what was found.
        declared: the backend's own options.
        takes_any: what is not declared is taken as it looks, as python-can does.

    Raises:
        CanConfigError: a ValueError; it cannot be read as the declared type.
    """
    value = setting.value
    if not isinstance(value, str):
        return value
    option = {option.name: option for option in (*COMMON, *declared)}.get(setting.name)
    if option is None:
        return as_it_looks(value) if takes_any else value
    if _is_text(option):
        return value
    if option.type is object:
        return as_it_looks(value)
    try:
        return option.from_text(value)
    except CanConfigError as exc:
        raise CanConfigError(f"{setting.source}: {exc}", hint=exc.hint) from exc


def _is_text(option: Option) -> bool:
    types = option.type if isinstance(option.type, tuple) else (option.type,)
    return str in types and option.parse is None


def as_it_looks(text: str) -> Any:
    """A number, a truth value, or the text itself."""
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return _TRUTH.get(text.lower(), text)


def with_timing(settings: dict[str, Setting], known: Mapping[str, Option]) -> dict[str, Setting]:
    """The same with a `timing` in the place of the numbers of one, if they are all there.

    Raises:
        CanConfigError: a ValueError; there is no such timing.
    """
    for names in (TIMING_FD, TIMING):
        if "timing" in settings or not all(name in settings for name in names):
            continue
        from canbus.bit_timing import BitTiming, BitTimingFd

        kind: Any = BitTimingFd if names is TIMING_FD else BitTiming
        optional = ("nof_samples",) if kind is BitTiming else ()
        used = [name for name in (*names, *optional) if name in settings]
        numbers = {name: _whole(settings[name]) for name in used}
        source = settings[names[0]].source
        rest = {name: one for name, one in settings.items() if name not in used or name in known}
        try:
            timing = kind(**numbers)
        except CanConfigError as exc:
            raise CanConfigError(f"{source}: {exc}", hint=exc.hint) from exc
        return {**rest, "timing": Setting("timing", timing, source)}
    return settings


def _whole(setting: Setting) -> int:
    value = as_it_looks(setting.value) if isinstance(setting.value, str) else setting.value
    if not isinstance(value, int) or isinstance(value, bool):
        raise CanConfigError(
            f"{setting.source}: {setting.name}={setting.value!r} is no whole number",
            hint="a timing is counted in quanta, f_clock in Hz",
        )
    return value
