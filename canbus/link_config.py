"""LinkConfig: how a CAN network interface shall be set up. A value, and its checks.

What has to be done for it is decided in canbus/links/plan.py. Not one word of `ip` here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from canbus.errors import CanConfigError

MAX_BITRATE = 20_000_000
MAX_RESTART_MS = 0xFFFFFFFF
MAX_TERMINATION = 0xFFFF

_TIMING = ("tq", "prop_seg", "phase_seg1", "phase_seg2", "sjw")
_SEGMENTS = ("prop_seg", "phase_seg1", "phase_seg2")
_RANGES = {
    "bitrate": (1, MAX_BITRATE),
    "data_bitrate": (1, MAX_BITRATE),
    "restart_ms": (0, MAX_RESTART_MS),
    "termination": (0, MAX_TERMINATION),
    "txqueuelen": (0, 0x7FFFFFFF),
    **{name: (0 if name == "prop_seg" else 1, 0xFFFFFFFF) for name in _TIMING},
    **{f"data_{name}": (0 if name == "prop_seg" else 1, 0xFFFFFFFF) for name in _TIMING},
}
_SWITCHES = frozenset({
    "fd", "xl", "loopback", "listen_only", "triple_sampling", "one_shot", "berr_reporting",
    "presume_ack", "fd_non_iso", "cc_len8_dlc", "up",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkConfig:
    """How a link shall be. None leaves a setting as it is.

    Attributes:
        bitrate: bit/s of CAN, and of the arbitration phase of CAN FD.
        sample_point: percent of a bit (87.5); None with a new bit rate: the kernel's choice.
        tq: instead of `bitrate`: the time quantum in nanoseconds, with the three segments.
        prop_seg: propagation segment in quanta.
        phase_seg1: in quanta.
        phase_seg2: in quanta.
        sjw: synchronisation jump width in quanta.
        data_bitrate: bit/s of the data phase of CAN FD.
        data_sample_point: percent of a bit.
        data_tq: as `tq`, of the data phase, like the four below.
        data_prop_seg: in quanta.
        data_phase_seg1: in quanta.
        data_phase_seg2: in quanta.
        data_sjw: in quanta.
        fd: carry CAN FD frames.
        xl: carry CAN XL frames (vcan and vxcan).
        loopback: the controller receives what it sends and leaves the bus alone.
        listen_only: the controller never sends, and acknowledges nothing.
        triple_sampling: sample each bit three times.
        one_shot: send each frame once, even without acknowledge.
        berr_reporting: report every error on the wire.
        presume_ack: send without an acknowledge.
        fd_non_iso: CAN FD as before ISO 11898-1:2015.
        cc_len8_dlc: pass on the classic lengths 9..15.
        restart_ms: milliseconds from bus-off to the automatic restart; 0 for never.
        termination: ohms of the resistor to switch in; 0 for none.
        txqueuelen: frames that the transmit queue holds.
        up: bring it up, or take it down.

    Raises:
        CanConfigError: a ValueError; a value is out of range, or two contradict each other.
    """

    bitrate: int | None = None
    sample_point: float | None = None
    tq: int | None = None
    prop_seg: int | None = None
    phase_seg1: int | None = None
    phase_seg2: int | None = None
    sjw: int | None = None
    data_bitrate: int | None = None
    data_sample_point: float | None = None
    data_tq: int | None = None
    data_prop_seg: int | None = None
    data_phase_seg1: int | None = None
    data_phase_seg2: int | None = None
    data_sjw: int | None = None
    fd: bool | None = None
    xl: bool | None = None
    loopback: bool | None = None
    listen_only: bool | None = None
    triple_sampling: bool | None = None
    one_shot: bool | None = None
    berr_reporting: bool | None = None
    presume_ack: bool | None = None
    fd_non_iso: bool | None = None
    cc_len8_dlc: bool | None = None
    restart_ms: int | None = None
    termination: int | None = None
    txqueuelen: int | None = None
    up: bool | None = None

    def __post_init__(self) -> None:
        for name, value in self.given():
            _check_value(name, value)
        for prefix in ("", "data_"):
            self._check_timing(prefix)
        if self.xl and self.fd is False:
            raise CanConfigError("xl=True and fd=False contradict each other: XL includes FD")
        if self.fd is False:
            asked = [name for name, _ in self.given() if name.startswith("data_")]
            if asked:
                raise CanConfigError(f"{asked[0]} is for CAN FD, and fd=False")

    def given(self) -> Iterator[tuple[str, object]]:
        """The settings that are asked for."""
        for each in fields(self):
            value = getattr(self, each.name)
            if value is not None:
                yield each.name, value

    def _check_timing(self, prefix: str) -> None:
        quantum = getattr(self, f"{prefix}tq")
        given = [name for name in _SEGMENTS if getattr(self, prefix + name) is not None]
        if quantum is None and given:
            raise CanConfigError(
                f"{prefix}{given[0]} needs {prefix}tq",
                hint=f"give {prefix}tq and all three segments, or {prefix}bitrate and "
                f"{prefix}sample_point",
            )
        if quantum is None:
            return
        missing = [prefix + name for name in _SEGMENTS if name not in given]
        if missing:
            raise CanConfigError(f"{prefix}tq needs {' and '.join(missing)}, too")
        for other in ("bitrate", "sample_point"):
            if getattr(self, prefix + other) is not None:
                raise CanConfigError(
                    f"{prefix}{other} and {prefix}tq contradict each other",
                    hint="the quantum and the segments say both",
                )


def without(config: LinkConfig, *names: str) -> LinkConfig:
    """The same settings but these."""
    kept = {each.name: getattr(config, each.name) for each in fields(config)}
    return LinkConfig(**{name: value for name, value in kept.items() if name not in names})


def _check_value(name: str, value: object) -> None:
    if name in _SWITCHES:
        if not isinstance(value, bool):
            raise CanConfigError(f"{name}={value!r} is not True or False")
    elif name.endswith("sample_point"):
        _check_sample_point(name, value)
    else:
        _check_range(name, value)


def _check_sample_point(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise CanConfigError(f"{name}={value!r} is not a number of percent")
    if 0 < value <= 1:
        raise CanConfigError(
            f"{name}={value!r} is in percent here", hint=f"write {name}={value * 100:g}"
        )
    if not 1 < value < 100:
        raise CanConfigError(f"{name}={value!r} is no place inside a bit: percent, 50 to 90")


def _check_range(name: str, value: object) -> None:
    low, high = _RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int):
        raise CanConfigError(f"{name}={value!r} is not a whole number")
    if not low <= value <= high:
        raise CanConfigError(f"{name}={value!r} is not {low} to {high}")
