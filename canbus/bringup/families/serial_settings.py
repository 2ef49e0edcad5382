"""Which settings of a link slcand and the kernel's slcan driver have. Pure, but for the kernel.

Bit rate and listen-only are all that LAWICEL's commands know (slcand.c; slcan-core.c: the driver
has CAN_CTRLMODE_LISTENONLY alone, and no restart).
"""

from __future__ import annotations

import errno

from canbus.bringup.machine import Machine
from canbus.bringup.request import Request
from canbus.errors import CanUnsupportedError
from canbus.link_config import LinkConfig, without
from canbus.links.plan import Refusal
from canbus.links.steps import REQUIRED

_HAS = frozenset({"bitrate", "listen_only", "txqueuelen", "up"})
_OPTIONAL = frozenset({
    "triple_sampling", "one_shot", "berr_reporting", "presume_ack", "cc_len8_dlc", "restart_ms",
    "termination",
})  # fmt: skip
"""What only makes it better; without any other the link would act otherwise on the bus."""

_WHY = "serial adapters have nothing of the kind: bit rate and listen-only are all"

assert not _OPTIONAL & REQUIRED  # noqa: S101 - as canbus.links judges, too


def check_settings(request: Request) -> tuple[LinkConfig, list[Refusal]]:
    """What of the request can be done, and what cannot.

    Raises:
        CanUnsupportedError: without that it would act otherwise than asked for; or the request
            is a strict one.
    """
    refused = [
        Refusal(name, value, _WHY)
        for name, value in request.config.given()
        if name not in _HAS and value is not False and not (name in _OPTIONAL and value == 0)
    ]
    for one in refused:
        if request.strict or one.setting not in _OPTIONAL:
            raise CanUnsupportedError(
                f"cannot set {one.setting} on a serial adapter: {_WHY}",
                errno.EOPNOTSUPP,
                hint=f"leave {one.setting} out",
            )
    asked = [name for name, _ in request.config.given()]
    config = without(request.config, *(name for name in asked if name not in _HAS))
    return config, refused


def is_controller(machine: Machine) -> bool:
    """Whether netlink can set the bit rate of an slcan link: since Linux 6.0."""
    return machine.kernel_version() >= (6, 0)


def settings_for(config: LinkConfig, *, is_native: bool) -> LinkConfig:
    """What is to be set through netlink."""
    return config if is_native else without(config, "bitrate", "listen_only")
