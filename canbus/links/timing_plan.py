"""The one step that sets bit timing and CAN FD together. Pure; called by plan.py only."""

from __future__ import annotations

from canbus.errors import CanConfigError
from canbus.link_config import LinkConfig, without
from canbus.link_info import LinkInfo, LinkTiming, TimingLimits
from canbus.links.reachable import find_nearest, is_reached, prescaler_for
from canbus.links.steps import LinkStep, Setting

_EXACT = ("tq", "prop_seg", "phase_seg1", "phase_seg2", "sjw")
_ORDER = ("bitrate", "sample_point", *_EXACT)
_SEGMENTS = ("prop_seg", "phase_seg1", "phase_seg2")


def timing_step(current: LinkInfo, wanted: LinkConfig) -> list[LinkStep]:
    """The step, or none if timing and FD are as wanted.

    Raises:
        CanConfigError: a ValueError; what it takes is not given.
    """
    was_fd = "fd" in current.modes
    fd = was_fd if wanted.fd is None else wanted.fd
    arbitration = _is_changed(current, wanted, "")
    data = _is_changed(current, wanted, "data_")
    if data and not fd:
        name = next(name for name, _ in wanted.given() if name.startswith("data_"))
        raise CanConfigError(
            f"{name} is for CAN FD, and {current.name} is set up without", hint="give fd=True, too"
        )
    if not arbitration and not data and fd == was_fd:
        return []
    settings: list[Setting] = []
    if arbitration or fd:
        settings += _settings(current, wanted, "")
    if fd:
        settings += _settings(current, wanted, "data_")
    if fd or was_fd:
        settings.append(("fd", fd))
    return [LinkStep(current.name, "timing", tuple(settings))]


def _is_changed(current: LinkInfo, wanted: LinkConfig, prefix: str) -> bool:
    timing, limits = _in_force(current, prefix)
    ask = {name: getattr(wanted, prefix + name) for name in ("bitrate", "sample_point", *_EXACT)}
    if all(value is None for value in ask.values()):
        return False
    if timing is None or not timing.is_known:
        return True
    if ask["sjw"] is not None and _sjw_in_force(limits, timing, ask["sjw"]) != timing.sjw:
        return True
    if ask["tq"] is not None:
        return _is_other_quantum(current, limits, timing, ask["tq"]) or any(
            ask[name] != getattr(timing, name) for name in _SEGMENTS
        )
    bitrate = timing.bitrate if ask["bitrate"] is None else ask["bitrate"]
    nearest = None
    if limits is not None and current.clock:
        nearest = find_nearest(current.clock, limits, bitrate, ask["sample_point"])
    return not is_reached(timing, bitrate, ask["sample_point"], nearest)


def _sjw_in_force(limits: TimingLimits | None, timing: LinkTiming, sjw: int) -> int:
    """The kernel caps the width instead of refusing it (can_calc_bittiming in kernel 6.1)."""
    return sjw if limits is None else min(sjw, limits.sjw_max, timing.phase_seg2)


def _is_other_quantum(
    current: LinkInfo, limits: TimingLimits | None, timing: LinkTiming, tq: int
) -> bool:
    if current.clock is None or limits is None:
        return tq != timing.tq
    return prescaler_for(current.clock, limits, tq) != timing.brp


def _settings(current: LinkInfo, wanted: LinkConfig, prefix: str) -> list[Setting]:
    """All that says how one phase shall be timed: what is wanted, the rest as it is."""
    given = _asked(wanted, prefix)
    sjw = given.pop("sjw", None)
    if not _is_changed(current, without(wanted, f"{prefix}sjw"), prefix):
        given = _in_words(current, prefix)  # also where the same rate is asked for again
    elif "bitrate" not in given and "tq" not in given:
        given = {"bitrate": _in_words(current, prefix, short=True)["bitrate"], **given}
    if sjw is not None:
        given["sjw"] = sjw
    return [(prefix + name, given[name]) for name in _ORDER if name in given]


def _asked(wanted: LinkConfig, prefix: str) -> dict[str, object]:
    ask = {name: getattr(wanted, prefix + name) for name in _ORDER}
    return {name: value for name, value in ask.items() if value is not None}


def _in_words(current: LinkInfo, prefix: str, *, short: bool = False) -> dict[str, object]:
    """What says a timing as it is in force: exactly, or by the bit rate alone."""
    timing, limits = _in_force(current, prefix)
    if timing is None or not timing.is_known:
        raise CanConfigError(
            f"{current.name} has no {prefix}bitrate yet"
            + (", which CAN FD needs" if prefix else ""),
            hint=f"give {prefix}bitrate, too",
        )
    if short or limits is None or not timing.tq:
        return {"bitrate": timing.bitrate}
    return {name: getattr(timing, name) for name in _EXACT}


def _in_force(current: LinkInfo, prefix: str) -> tuple[LinkTiming | None, TimingLimits | None]:
    if prefix:
        return current.data_bit_timing, current.data_bit_timing_limits
    return current.bit_timing, current.bit_timing_limits
