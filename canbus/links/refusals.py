"""What the kernel means when it refuses to change a link: its errno as an error with a hint.

One table for all changes (can_changelink and can_validate of drivers/net/can/dev/netlink.c).
Nothing is read or changed here.
"""

from __future__ import annotations

import errno
import os

from canbus.errors import (
    CanLinkError,
    CanLinkNotFoundError,
    CanLinkPermissionError,
)
from canbus.link_info import LinkInfo, TimingLimits
from canbus.links.steps import LinkStep

ROOT_HINT = "run it with sudo, or give the process CAP_NET_ADMIN"


class KindUnknownError(CanLinkError):
    """The kernel does not know this kind of link (EOPNOTSUPP): its module is not loaded."""


def refusal(what: str, name: str, code: int | None, *, creating: bool = False) -> CanLinkError:
    """The error for a change that was refused.

    Args:
        what: "create vcan0".
        name: of the interface.
        code: errno; None if there was none.
        creating: the interface was to be made.
    """
    text = f"cannot {what}"
    if code in {errno.EPERM, errno.EACCES}:
        return CanLinkPermissionError(
            f"{text}: changing network interfaces needs CAP_NET_ADMIN", code, hint=ROOT_HINT
        )
    if code == errno.ENODEV:
        return CanLinkNotFoundError(
            f"{text}: there is no interface {name}",
            code,
            hint="`canbus list` shows the CAN interfaces",
        )
    if code == errno.EEXIST:
        return CanLinkError(
            f"{text}: there is an interface {name or 'of one of these names'} already",
            code,
            hint="choose another name; `ip link show` lists all that are taken",
        )
    if code == errno.EOPNOTSUPP:
        kind = KindUnknownError if creating else CanLinkError
        return kind(f"{text}: the kernel does not support it", code)
    return CanLinkError(f"{text}: {os.strerror(code) if code else 'no reason given'}", code)


def step_refusal(link: LinkInfo, step: LinkStep, code: int | None) -> CanLinkError:
    """The error for a step of a plan that was refused."""
    what = step.explain()
    if step.action in {"up", "down"}:
        return _switch_refusal(link, what, code)
    if code == errno.EOPNOTSUPP:
        return CanLinkError(
            f"cannot {what}: its driver{_driver(link)} does not have it", code, hint=_missing(step)
        )
    if code == errno.EBUSY:
        return CanLinkError(
            f"cannot {what}: the link is up",
            code,
            hint=f"take it down first: ip link set {link.name} down",
        )
    if code in {errno.EDOM, errno.EINVAL, errno.ERANGE}:
        limits = describe_limits(link, step)
        return CanLinkError(
            f"cannot {what}: the controller cannot do that" + (f"; {limits}" if limits else ""),
            code,
            hint=f"`canbus show {link.name}` shows what it can",
        )
    return refusal(what, link.name, code)


def _switch_refusal(link: LinkInfo, what: str, code: int | None) -> CanLinkError:
    if code == errno.EINVAL:  # open_candev, drivers/net/can/dev/dev.c
        return CanLinkError(
            f"cannot {what}: {os.strerror(code)}: its bit timing is not set, or not all of it",
            code,
            hint=f"canbus up {link.name} --bitrate 500k",
        )
    if code == errno.ENODEV:  # said by a driver on SPI or USB
        return CanLinkError(
            f"cannot {what}: its device is gone, or does not answer",
            code,
            hint="`sudo dmesg | tail` says more",
        )
    if code == errno.ETIMEDOUT:
        return CanLinkError(
            f"cannot {what}: its device took too long",
            code,
            hint="is the adapter still there, and is nobody else at its serial port?",
        )
    return refusal(what, link.name, code)


def describe_limits(link: LinkInfo, step: LinkStep) -> str:
    """What the controller can do about what a step sets."""
    if step.action == "termination":
        choices = ", ".join(map(str, link.termination_choices))
        return f"it has {choices} ohms" if choices else ""
    if step.action != "timing":
        return ""
    parts = [_phase_limits(link.clock, link.bit_timing_limits, link.bitrate_choices)]
    if any(name.startswith("data_") for name, _ in step.settings):
        data = _phase_limits(link.clock, link.data_bit_timing_limits, link.data_bitrate_choices)
        parts.append(f"in the data phase {data}" if data else "")
    if link.bitrate_max:
        parts.append(f"its transceiver ends at {link.bitrate_max} bit/s")
    return "; ".join(part for part in parts if part)


def _phase_limits(clock: int | None, limits: TimingLimits | None, choices: tuple[int, ...]) -> str:
    if choices:
        return f"it has {', '.join(map(str, choices))} bit/s"
    if clock is None or limits is None:
        return ""
    fastest = clock // (max(limits.brp_min, 1) * (1 + limits.tseg1_min + limits.tseg2_min))
    slowest = clock // (limits.brp_max * (1 + limits.tseg1_max + limits.tseg2_max))
    return f"its clock of {clock} Hz makes {slowest} to {fastest} bit/s"


def _driver(link: LinkInfo) -> str:
    device = link.device
    return f" {device.driver}" if device is not None and device.driver else ""


def _missing(step: LinkStep) -> str:
    if step.action == "timing" and ("fd", True) in step.settings:
        return "it is a controller without CAN FD: leave fd and the data bit rate out"
    return f"leave {' and '.join(name for name, _ in step.settings)} out"
