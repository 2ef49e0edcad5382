"""Which settings are to outlive a reboot, and which of them a driver does not take. Pure.

What a link that is there says of itself counts; of one that is not, only its driver's habits.
"""

from __future__ import annotations

import errno

from canbus.bringup.doctor.driver_habits import NO_RESTART, driver_of
from canbus.bringup.request import Request
from canbus.errors import CanConfigError, CanUnsupportedError
from canbus.link_config import LinkConfig, without
from canbus.link_info import MODES, LinkInfo
from canbus.links.plan import Refusal, unsupported
from canbus.links.steps import REQUIRED

_USUAL_QUEUE = 10  # frames: CAN_ECHO... of can_setup(), drivers/net/can/dev/dev.c
_NO_RESTART = "its driver has no restart from bus-off"


def taken(
    request: Request, link: LinkInfo | None, drivers: frozenset[str]
) -> tuple[LinkConfig, list[str]]:
    """What of the request can be kept, and what cannot, in words.

    Args:
        request: what is wanted.
        link: the link, if it is there.
        drivers: those that it may be of, if it is not.

    Raises:
        CanUnsupportedError: without that it would act otherwise on the bus than asked for; or the
            request is a strict one.
    """
    config = without(request.config, "up")
    refused = list(unsupported(link, config)) if link is not None else []
    names = drivers if link is None else frozenset(filter(None, (driver_of(link),)))
    if config.restart_ms and names and names <= NO_RESTART:
        refused.append(Refusal("restart_ms", config.restart_ms, _NO_RESTART))
    for one in refused:
        if request.strict or one.setting in REQUIRED:
            raise CanUnsupportedError(
                f"{request.target} does not take {one.setting}: {one.why}",
                errno.EOPNOTSUPP,
                hint=f"leave {one.setting} out",
            )
    left_out = [f"{one.setting} {one.value} is left out: {one.why}" for one in refused]
    return without(config, *(one.setting for one in refused)), left_out


def as_it_is(link: LinkInfo) -> LinkConfig:
    """The settings that make a link that has just come like this one.

    Raises:
        CanConfigError: a ValueError; it has no bit rate.
    """
    if link.bitrate is None:
        raise CanConfigError(
            f"{link.name} has no bit rate that could be kept",
            hint=f"give one: canbus persist {link.name} --bitrate 500k",
        )
    settings: dict[str, object] = {name: True for name in MODES if name in link.modes}
    for prefix, timing in (("", link.bit_timing), ("data_", link.data_bit_timing)):
        if timing is not None and timing.is_known and (not prefix or "fd" in link.modes):
            settings[f"{prefix}bitrate"] = timing.bitrate
            if timing.tq:
                settings[f"{prefix}sample_point"] = timing.sample_point
    if link.restart_ms:
        settings["restart_ms"] = link.restart_ms
    if link.termination:
        settings["termination"] = link.termination
    if link.txqueuelen != _USUAL_QUEUE:
        settings["txqueuelen"] = link.txqueuelen
    return LinkConfig(**settings)  # type: ignore[arg-type]  # names and types are LinkInfo's


def option_words(config: LinkConfig) -> list[str]:
    """The settings as arguments of `canbus persist`."""
    words = []
    for name, value in config.given():
        option = name.replace("_", "-")
        if value is True or value is False:
            words.append(f"--{option}" if value else f"--no-{option}")
        else:
            words += [f"--{option}", f"{value:g}" if isinstance(value, float) else str(value)]
    return words
