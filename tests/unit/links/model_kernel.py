"""A model of how the kernel changes a CAN link: what it refuses, and what it makes of a bit rate.

Rules of can_changelink, can_calc_bittiming and can_fixup_bittiming (drivers/net/can/dev) and of
vcan_change_mtu, in our words. tests/hardware/test_links_applied.py has the real ones.
"""

from __future__ import annotations

import errno
from dataclasses import replace

from canbus.link_info import MODES, LinkInfo, LinkTiming

SJA1000 = ("sja1000", 1, 16, 1, 8, 4, 1, 64, 1)
GS_USB = ("gs_usb", 1, 16, 1, 8, 4, 1, 1024, 1)
COARSE = ("coarse", 2, 8, 2, 4, 2, 2, 32, 2)
UNSET = LinkTiming(0, 0.0, 0, 0, 0, 0, 0, 0)


class ModelError(Exception):
    def __init__(self, code):
        self.code = code
        super().__init__(errno.errorcode[code])


def take(link: LinkInfo, step, *, modes=frozenset(MODES), has_restart=True) -> LinkInfo:
    """The link after a step."""
    values = dict(step.settings)
    if step.action == "down":
        return replace(link, is_up=False)
    if step.action == "up":
        if link.bit_timing_limits is not None and link.bit_timing is None:
            raise ModelError(errno.EINVAL)
        return replace(link, is_up=True)
    if step.action == "txqueuelen":
        return replace(link, txqueuelen=values["txqueuelen"])
    if step.action == "termination":
        if values["termination"] not in link.termination_choices:
            raise ModelError(errno.EINVAL if link.termination_choices else errno.EOPNOTSUPP)
        return replace(link, termination=values["termination"])
    if step.action == "restart_ms" and not has_restart:
        raise ModelError(errno.EOPNOTSUPP)
    if link.is_up:
        raise ModelError(errno.EBUSY)
    if step.action == "mtu":
        assert link.kind in {"vcan", "vxcan"}
        return replace(link, mtu=values["mtu"])
    assert link.kind not in {"vcan", "vxcan"}, "EOPNOTSUPP"
    if step.action == "restart_ms":
        return replace(link, restart_ms=values["restart_ms"])
    if step.action == "timing":
        return _set_timing(link, values, modes)
    return _set_modes(link, {step.action: values[step.action]}, modes)


def _set_modes(link: LinkInfo, wanted, modes) -> LinkInfo:
    if {name for name, on in wanted.items() if on} - modes:
        raise ModelError(errno.EOPNOTSUPP)
    kept = {name for name in link.modes if wanted.get(name, True)}
    now = frozenset(kept | {name for name, on in wanted.items() if on})
    if "fd" in now:
        return replace(link, modes=now, mtu=72)
    return replace(link, modes=now, mtu=16, data_bit_timing=None)


def _set_timing(link: LinkInfo, values, modes) -> LinkInfo:
    data = {name[5:]: value for name, value in values.items() if name.startswith("data_")}
    plain = {name: value for name, value in values.items() if not name.startswith("data_")}
    fd = plain.pop("fd", None)
    if fd and not (plain and data):
        raise ModelError(errno.EOPNOTSUPP)  # can_validate
    if fd is not None:
        link = _set_modes(link, {"fd": fd}, modes)
    if plain:
        timing = made_of(link.clock, link.bit_timing_limits, plain, link.bitrate_choices)
        link = replace(link, bit_timing=timing)
    if data:
        timing = made_of(link.clock, link.data_bit_timing_limits, data, link.data_bitrate_choices)
        link = replace(link, data_bit_timing=timing)
    return link


def made_of(clock, limits, values, choices=()):
    """The timing in force when these are asked for."""
    if limits is None:
        if values["bitrate"] not in choices:
            raise ModelError(errno.EINVAL)
        return UNSET._replace(bitrate=values["bitrate"])
    if "tq" in values:
        return _fixed(clock, limits, values)
    return _calculated(clock, limits, values)


def _fixed(clock, limits, values):
    tseg1 = values["prop_seg"] + values["phase_seg1"]
    tseg2 = values["phase_seg2"]
    sjw = values.get("sjw", 1)
    brp = (clock * values["tq"] // limits.brp_inc + 499_999_999) // 10**9 * limits.brp_inc
    ok = limits.tseg1_min <= tseg1 <= limits.tseg1_max
    ok = ok and limits.tseg2_min <= tseg2 <= limits.tseg2_max
    if not ok or sjw > min(limits.sjw_max, tseg2):
        raise ModelError(errno.ERANGE)
    if not limits.brp_min <= brp <= limits.brp_max:
        raise ModelError(errno.EINVAL)
    quanta = 1 + tseg1 + tseg2
    return LinkTiming(
        clock // (brp * quanta), (tseg1 + 1) * 1000 // quanta / 10, values["tq"],
        values["prop_seg"], values["phase_seg1"], tseg2, sjw, brp,
    )  # fmt: skip


def _calculated(clock, limits, values):
    asked = values["bitrate"]
    nominal = round((values.get("sample_point") or _recommended(asked)) * 10)
    best = None  # (bit rate error, sample point error, brp, tseg)
    for half_steps in range((limits.tseg1_max + limits.tseg2_max) * 2 + 1,
                            (limits.tseg1_min + limits.tseg2_min) * 2 - 1, -1):  # fmt: skip
        tseg = half_steps // 2
        brp = clock // ((1 + tseg) * asked) + half_steps % 2
        brp = brp // limits.brp_inc * limits.brp_inc
        if not limits.brp_min <= brp <= limits.brp_max:
            continue
        error = abs(asked - clock // (brp * (1 + tseg)))
        place = _place(limits, nominal, tseg)
        if place is None:
            continue
        off = nominal - place[0]
        if best is None or (error, off) < best[:2]:
            best = (error, off, brp, tseg)
    if best is None or best[0] * 10_000 // asked > 500:
        raise ModelError(errno.EDOM)
    _, _, brp, tseg = best
    at, tseg1, tseg2 = _place(limits, nominal, tseg)
    sjw = min(values.get("sjw", 1), limits.sjw_max, tseg2)
    return LinkTiming(
        clock // (brp * (1 + tseg)), at / 10, brp * 10**9 // clock,
        tseg1 // 2, tseg1 - tseg1 // 2, tseg2, sjw, brp,
    )  # fmt: skip


def _place(limits, nominal, tseg):
    """The latest sample point not behind the nominal one, in tenths of a percent."""
    found = None
    for back in (0, 1):
        tseg2 = tseg + 1 - nominal * (tseg + 1) // 1000 - back
        tseg2 = min(max(tseg2, limits.tseg2_min), limits.tseg2_max)
        tseg1 = tseg - tseg2
        if tseg1 > limits.tseg1_max:
            tseg1, tseg2 = limits.tseg1_max, tseg - limits.tseg1_max
        at = 1000 * (tseg + 1 - tseg2) // (tseg + 1)
        if at <= nominal and (found is None or at > found[0]):
            found = (at, tseg1, tseg2)
    return found


def _recommended(bitrate):
    return 75.0 if bitrate > 800_000 else 80.0 if bitrate > 500_000 else 87.5
