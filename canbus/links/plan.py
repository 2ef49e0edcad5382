"""plan(): what has to be done to a link so that it is as wanted. Pure: no link is read or changed.

Order matters to the kernel (can_changelink, drivers/net/can/dev/netlink.c): everything but the
length of the queue and the termination needs the link down, and CAN FD comes in one request
with both bit timings. Applying a plan and planning again gives nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from canbus.errors import CanConfigError, CanUnsupportedError
from canbus.link_config import LinkConfig, without
from canbus.link_info import CAN_MTU, CANFD_MTU, CANXL_MTU, MODES, LinkInfo
from canbus.links.steps import LinkStep
from canbus.links.timing_plan import timing_step

VIRTUAL = frozenset({"vcan", "vxcan"})
_FOR_ANY = frozenset({"fd", "xl", "txqueuelen", "up"})
_PLACES_IN_A_BIT = frozenset({"sample_point", "data_sample_point", "sjw", "data_sjw"})


class Refusal(NamedTuple):
    """A setting that a link does not take, or not as asked.

    Attributes:
        setting: name of `LinkConfig`.
        value: what was asked for.
        why: in words.
        outcome: "refused"; or "missed", where the controller only comes near.
    """

    setting: str
    value: object
    why: str
    outcome: str = "refused"


def plan(current: LinkInfo, wanted: LinkConfig) -> tuple[LinkStep, ...]:
    """Say what has to be done; nothing if the link is as wanted.

    Settings that `unsupported` names are left out.

    Args:
        current: the link as it is.
        wanted: as it shall be.

    Raises:
        CanConfigError: a ValueError; something that it needs is not given (a bit rate).
        CanUnsupportedError: the link cannot be as wanted at all.
    """
    refused = {refusal.setting for refusal in unsupported(current, wanted)}
    wanted = without(wanted, *refused)
    changes = _changes(current, wanted)
    is_up = current.is_up
    ends_up = current.is_up if wanted.up is None else wanted.up
    if ends_up and not _has_bit_rate(current, changes):
        raise CanConfigError(
            f"{current.name} has no bit rate yet",
            hint="give one: bitrate=500000 is the commonest; all nodes of a bus have the same",
        )
    steps = list(changes)
    if is_up and (not ends_up or any(step.needs_down for step in changes)):
        steps.insert(0, LinkStep(current.name, "down"))
        is_up = False
    if ends_up and not is_up:
        steps.append(LinkStep(current.name, "up"))
    return tuple(steps)


def unsupported(current: LinkInfo, wanted: LinkConfig) -> tuple[Refusal, ...]:
    """Which settings this link is known not to take, without asking it."""
    if current.kind in VIRTUAL:
        why = f"a {current.kind} link has no controller"
        return tuple(
            Refusal(name, value, why)
            for name, value in wanted.given()
            if name not in _FOR_ANY and value is not False
        )
    found = _not_of_a_list(current, wanted)
    if current.supported_modes is None:
        return found
    return found + tuple(
        Refusal(name, True, "its driver has no such mode")
        for name, value in wanted.given()
        if name in MODES and name != "fd" and value and name not in current.supported_modes
    )


def _not_of_a_list(current: LinkInfo, wanted: LinkConfig) -> tuple[Refusal, ...]:
    """What the kernel passes over in silence where a driver has a list of bit rates.

    can_get_bittiming, drivers/net/can/dev/bittiming.c.
    """
    if current.bit_timing_limits is not None or not current.bitrate_choices:
        return ()
    why = "its driver has a list of bit rates, whose timing is its own"
    return tuple(
        Refusal(name, value, why) for name, value in wanted.given() if name in _PLACES_IN_A_BIT
    )


def settings_of(link: LinkInfo) -> LinkConfig:
    """The settings that make any link of that kind like this one."""
    if link.kind in VIRTUAL:
        return LinkConfig(fd=link.fd, xl=link.xl, txqueuelen=link.txqueuelen, up=link.is_up)
    settings: dict[str, object] = {"txqueuelen": link.txqueuelen, "up": link.is_up}
    for prefix, timing in (("", link.bit_timing), ("data_", link.data_bit_timing)):
        if timing is None or not timing.is_known:
            continue
        if timing.tq and link.bit_timing_limits is not None:
            for name in ("tq", "prop_seg", "phase_seg1", "phase_seg2", "sjw"):
                settings[prefix + name] = getattr(timing, name)
        else:
            settings[f"{prefix}bitrate"] = timing.bitrate
    settings |= {name: name in link.modes for name in MODES}
    settings["restart_ms"] = link.restart_ms
    settings["termination"] = link.termination
    if "fd" not in link.modes:
        settings = {name: value for name, value in settings.items() if "data_" not in name}
    return LinkConfig(**settings)  # type: ignore[arg-type]  # names and types are LinkInfo's


def _changes(current: LinkInfo, wanted: LinkConfig) -> list[LinkStep]:
    if current.kind in VIRTUAL:
        steps = _mtu_step(current, wanted)
    else:
        steps = [*timing_step(current, wanted), *_mode_steps(current, wanted)]
    for name in ("restart_ms", "termination", "txqueuelen"):
        value = getattr(wanted, name)
        if value is not None and value != (getattr(current, name) or 0):
            steps.append(LinkStep(current.name, name, ((name, value),)))
    return steps


def _mtu_step(current: LinkInfo, wanted: LinkConfig) -> list[LinkStep]:
    """A virtual link says by its MTU alone which frames it carries (drivers/net/can/vcan.c)."""
    mtu = current.mtu
    if wanted.xl is False and mtu > CANFD_MTU:
        mtu = CANFD_MTU
    if wanted.fd is not None and wanted.fd != (mtu >= CANFD_MTU):
        mtu = CANFD_MTU if wanted.fd else CAN_MTU
    elif wanted.fd is False:
        mtu = CAN_MTU
    if wanted.xl and not current.xl:
        mtu = CANXL_MTU
    return [] if mtu == current.mtu else [LinkStep(current.name, "mtu", (("mtu", mtu),))]


def _mode_steps(current: LinkInfo, wanted: LinkConfig) -> list[LinkStep]:
    """One for each mode, so that a refusal has a name; `fd` goes with the bit timing."""
    if wanted.xl:
        raise CanUnsupportedError(
            f"{current.name} is a controller, and canbus makes CAN XL links of vcan only",
            hint="leave xl out; fd=True carries up to 64 bytes",
        )
    steps = []
    for name in MODES:
        value = getattr(wanted, name)
        is_same = value is None or value == (name in current.modes)
        if name != "fd" and not is_same:
            steps.append(LinkStep(current.name, name, ((name, value),)))
    return steps


def _has_bit_rate(current: LinkInfo, changes: list[LinkStep]) -> bool:
    """Whether a controller that computes its timing has one (open_candev refuses it if not)."""
    timing = current.bit_timing
    if current.bit_timing_limits is None or current.kind in VIRTUAL:
        return True
    if timing is not None and timing.bitrate != 0:
        return True
    return any(step.action == "timing" for step in changes)
