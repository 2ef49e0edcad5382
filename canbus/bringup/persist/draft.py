"""Draft: what a family wants kept, before files have heads. A value, and who manages the link."""

from __future__ import annotations

from dataclasses import dataclass, field

from canbus.bringup.doctor.driver_habits import NO_RESTART
from canbus.bringup.persist.files import Part
from canbus.bringup.persist.networkd import unknown_settings
from canbus.bringup.persist.rivals import NETWORKD, UNIT
from canbus.bringup.persist.site import NEWEST, Site
from canbus.errors import CanConfigError, CanUnsupportedError
from canbus.link_config import LinkConfig

MANAGERS = (NETWORKD, UNIT)

_SENDS_ZERO = 257
"""From here on networkd asks for a restart of 0 where nothing is asked for (systemd pull request
37824, and its stable branches)."""

_TAKES_ZERO, _TAKES_ZERO_LTS = (6, 18, 0), (6, 12, 57)
"""Kernels with "can: netlink: can_changelink(): allow disabling of automatic restart", which take
that of drivers without restart; others may refuse it, and the link stays down (the thread of
systemd pull request 37824)."""


@dataclass
class Draft:
    """What a family wants kept.

    Attributes:
        name: of the link.
        manager: "networkd" or "unit".
        config: of the link, as far as it takes it.
        parts: the files.
        notes: what somebody should know, in words.
        is_named: a rule gives the link its name.
        unit: that is to be started at once; None if nothing is, or can be.
    """

    name: str
    manager: str
    config: LinkConfig
    parts: list[Part] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_named: bool = False
    unit: str | None = None


def choose_manager(
    site: Site, asked: str | None, config: LinkConfig, drivers: frozenset[str]
) -> tuple[str, list[str]]:
    """Who sets the link up: systemd-networkd where it is enabled, and can; else a unit.

    Args:
        site: where.
        asked: "networkd" or "unit"; None to choose.
        config: of the link.
        drivers: that it may be of.

    Returns:
        Which, and what is to be said of it.

    Raises:
        CanUnsupportedError: networkd was asked for, and cannot set all of it.
    """
    if asked == UNIT or (asked is None and not site.has_networkd):
        return UNIT, []
    unknown = unknown_settings(config, site.systemd or NEWEST)
    trouble = _trouble(site, drivers)
    if asked == NETWORKD:
        if unknown:
            raise CanUnsupportedError(
                f"systemd-networkd {site.systemd} cannot set {unknown[0]}", hint="--manager unit"
            )
        notes = [] if site.has_networkd else [_NOT_ENABLED]
        notes += [_WAITS_IN_VAIN] * site.waits_in_vain
        return NETWORKD, notes + ([f"{trouble}: if it stays down, --manager unit"] * bool(trouble))
    if unknown:
        return UNIT, [f"by a unit: systemd-networkd {site.systemd} cannot set {unknown[0]}"]
    if trouble:
        return UNIT, [f"by a unit: {trouble}"]
    return NETWORKD, [_WAITS_IN_VAIN] * site.waits_in_vain


_WAITS_IN_VAIN = (
    "systemd-networkd has no other link than CAN ones, and its wait for the network holds up for "
    "two minutes what wants one at boot: sudo systemctl disable systemd-networkd-wait-online"
)
_NOT_ENABLED = (
    "systemd-networkd is not enabled, and does nothing before that. Its wait for the network comes "
    "along with it, which can hold up the boot beside NetworkManager: sudo systemctl enable "
    "systemd-networkd && sudo systemctl disable systemd-networkd-wait-online"
)


def _trouble(site: Site, drivers: frozenset[str]) -> str:
    """Why networkd may leave links of these drivers down; "" if it does not."""
    if not drivers or not drivers <= NO_RESTART or (site.systemd or NEWEST) < _SENDS_ZERO:
        return ""
    kernel = site.kernel
    if kernel is not None and (kernel >= _TAKES_ZERO or _TAKES_ZERO_LTS <= kernel < (6, 13)):
        return ""
    return (
        f"systemd-networkd {site.systemd or ''} always sets a time for restarts, which "
        f"{' and '.join(sorted(drivers))} has not, and kernels before 6.12.57 may refuse"
    )


def check_asked(asked: str | None) -> None:
    """See that it is a manager.

    Raises:
        CanConfigError: a ValueError; it is none.
    """
    if asked not in {None, *MANAGERS}:
        raise CanConfigError(
            f"{asked!r} is nobody who could set a link up", hint=f"{NETWORKD}, {UNIT}"
        )
