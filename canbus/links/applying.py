"""apply(): make a link as it shall be, and say what was done. Which steps is decided in plan.py.

A setting that the driver refuses is left out and reported, and the link comes up all the same.
If a step fails that the rest needs, the link is put back as it was.
"""

from __future__ import annotations

import errno
from typing import NamedTuple

from canbus.errors import CanError, CanLinkError
from canbus.link_config import LinkConfig, without
from canbus.link_info import LinkInfo
from canbus.links import netlink
from canbus.links.names import check_name
from canbus.links.plan import Refusal, plan, settings_of, unsupported
from canbus.links.reading import read_link
from canbus.links.steps import LinkStep

_REFUSED = frozenset({errno.EOPNOTSUPP, errno.EINVAL})
_BEARABLE = 0.005


class Applied(NamedTuple):
    """What `apply` has done.

    Attributes:
        before: the link as it was.
        after: as it is now.
        steps: what was done, in order; empty if there was nothing to do.
        refused: settings that the link does not take, and why; all others are in force.
    """

    before: LinkInfo
    after: LinkInfo
    steps: tuple[LinkStep, ...]
    refused: tuple[Refusal, ...]


def apply(name: str, wanted: LinkConfig, *, strict: bool = False) -> Applied:
    """Make a link as wanted; a second time there is nothing to do. Needs CAP_NET_ADMIN.

    A change of the bit timing or mode takes the link down for a moment. Settings that the
    driver does not have are reported in `refused`, except bit timing, FD, listen_only and
    loopback, which decide whether it may be on this bus at all: then nothing is changed.

    Args:
        name: of the interface.
        wanted: how it shall be.
        strict: raise for every setting that is refused, and change nothing.

    Raises:
        CanLinkNotFoundError: a LookupError; there is no interface of that name.
        CanLinkPermissionError: a PermissionError; no CAP_NET_ADMIN.
        CanLinkError: the kernel refused; says what, why, and what the controller can do.
        CanConfigError: a ValueError; something that it needs is not given.
        CanUnsupportedError: the link cannot be as wanted at all; or not Linux.
    """
    before = read_link(check_name(name))
    work = _Work(before, wanted, strict)
    try:
        work.run()
    except BaseException as exc:  # Ctrl-C, too, may not leave it down
        work.put_back(exc)
        raise
    after = read_link(name) if work.done else before
    return Applied(before, after, tuple(work.done), (*work.refused, *far_off(after, wanted)))


def far_off(link: LinkInfo, wanted: LinkConfig) -> list[Refusal]:
    """Bit rates that are so far from the wanted ones that other nodes will not understand.

    The kernel takes up to 5 % (CAN_CALC_MAX_ERROR of drivers/net/can/dev/calc_bittiming.c);
    nodes of a bus bear about 1 % between them (ISO 11898-1).
    """
    found = []
    for name in ("bitrate", "data_bitrate"):
        asked, real = getattr(wanted, name), getattr(link, name)
        if asked and real and abs(real - asked) > asked * _BEARABLE:
            why = f"the controller comes no nearer than {real}, which is {real / asked - 1:+.1%}"
            found.append(Refusal(name, asked, why, "missed"))
    return found


class _Work:
    """One application of a plan."""

    def __init__(self, before: LinkInfo, wanted: LinkConfig, strict: bool) -> None:
        self.before = before
        self.wanted = wanted
        self.strict = strict
        self.done: list[LinkStep] = []
        self.is_touched = False
        self.refused: list[Refusal] = []

    def run(self) -> None:
        for refusal in unsupported(self.before, self.wanted):
            self._refuse(refusal, None)
        self._ask_before_going_down()
        for step in plan(self.before, self.wanted):
            self._take(step)

    def _ask_before_going_down(self) -> None:
        """A driver without restart says so even while the link is up: then it may stay up."""
        for step in plan(self.before, self.wanted):
            if step.action == "restart_ms" and self.before.is_up:
                try:
                    netlink.take_step(self.before, step)
                except CanLinkError as exc:
                    if exc.error_code == errno.EOPNOTSUPP:
                        self._refuse_step(step, exc)
                    elif exc.error_code != errno.EBUSY:
                        raise

    def _take(self, step: LinkStep) -> None:
        self.is_touched = True  # a request that is refused may have been done in part
        try:
            netlink.take_step(self.before, step)
        except CanLinkError as exc:
            if step.is_required or exc.error_code not in _REFUSED:
                raise
            self._refuse_step(step, exc)
        else:
            self.done.append(step)

    def _refuse_step(self, step: LinkStep, exc: CanLinkError) -> None:
        ((setting, value),) = step.settings
        self._refuse(Refusal(setting, value, _reason(exc)), exc)

    def _refuse(self, refusal: Refusal, cause: CanLinkError | None) -> None:
        name = self.before.name
        required = LinkStep(name, refusal.setting).is_required
        if self.strict or required:
            raise cause or CanLinkError(
                f"cannot set {name} to {refusal.setting} {refusal.value}: {refusal.why}",
                errno.EOPNOTSUPP,
                hint=f"leave {refusal.setting} out",
            )
        self.wanted = without(self.wanted, refusal.setting)
        self.refused.append(refusal)

    def put_back(self, failure: BaseException) -> None:
        """After a failure: as it was. What cannot be restored is noted in the failure."""
        if not self.is_touched:
            return
        name = self.before.name
        try:
            now = read_link(name)
            steps = plan(now, settings_of(self.before))
        except CanError as exc:
            failure.add_note(f"{name} could not be put back as it was: {exc}")
            return
        for step in steps:
            try:
                netlink.take_step(now, step)
            except CanError as exc:  # the others all the same: that it comes up, above all
                failure.add_note(f"{name} could not be put back as it was: {exc}")
        try:
            left = _differences(self.before, read_link(name))
        except CanError as exc:
            left = str(exc)
        if left:
            failure.add_note(f"{name} is not as it was before: {left}")


def _differences(before: LinkInfo, now: LinkInfo) -> str:
    """What is not as before, in words; the kernel cannot take a first bit rate back."""
    names = ("bitrate", "data_bitrate", "mtu", "is_up", "restart_ms", "txqueuelen")
    pairs = [(name, getattr(before, name), getattr(now, name)) for name in names]
    return ", ".join(f"{name} was {old}, is {new}" for name, old, new in pairs if old != new)


def _reason(exc: CanLinkError) -> str:
    """The part of an error behind "cannot set can0 to ...: "."""
    text = str(exc).split(" [Error Code")[0]
    return text.partition(": ")[2] or text
