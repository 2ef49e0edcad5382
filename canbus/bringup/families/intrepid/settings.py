"""Which settings a link of Intrepid's module takes, and Configure that leaves out the others.

The module never restarts a controller (no do_set_mode), and has a bit rate to set only in its
newer versions together with newer daemons (intrepid_add_can_if in intrepid.c). Then the kernel
tells a list of bit rates, and knows nothing of sample points; where it tells none, the rate that is
stored in the device is in force, which is reported and not an error.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from canbus.bringup.common_steps import Configure
from canbus.bringup.steps import Context, Undo
from canbus.errors import CanLinkError
from canbus.link_config import LinkConfig, without
from canbus.link_info import LinkInfo
from canbus.links.plan import Refusal

_PARTS = ("bitrate", "sample_point", "tq", "prop_seg", "phase_seg1", "phase_seg2", "sjw")
_TIMING = frozenset({*_PARTS, *(f"data_{part}" for part in _PARTS), "fd"})
_NO_POINT = "Intrepid's module takes bit rates only; the device chooses the rest"
_NEVER = {
    "restart_ms": "Intrepid's module cannot restart a controller, and is not told of bus-off: the "
    "device sees to that itself",
    **dict.fromkeys(("sample_point", "sjw", "data_sample_point", "data_sjw"), _NO_POINT),
}
_REMEDY = (
    "the rate stored in the device is used; neoVI Explorer or python-ics changes it, or a module "
    "3.1 with a daemon 3.2, or newer, together"
)


def has_bitrate(link: LinkInfo) -> bool:
    """Whether the kernel sets the bit rate of this link."""
    return bool(link.bitrate_choices) or link.bit_timing_limits is not None


def split_never(config: LinkConfig) -> tuple[LinkConfig, list[Refusal]]:
    """What may be asked of links of this family, and what none of them takes."""
    refused = [
        Refusal(name, value, _NEVER[name])
        for name, value in config.given()
        if _is_never(name, value)
    ]
    return without(config, *(refusal.setting for refusal in refused)), refused


def _is_never(name: str, value: object) -> bool:
    return name in _NEVER and not (name == "restart_ms" and value == 0)


def split_timing(config: LinkConfig, why: str) -> tuple[LinkConfig, list[Refusal]]:
    """What may be asked of a link that has no bit rate to set, and what not.

    Args:
        config: what is asked for.
        why: it has none.
    """
    refused = [
        Refusal(name, value, f"{why}; {_REMEDY}")
        for name, value in config.given()
        if name in _TIMING
    ]
    return without(config, *(refusal.setting for refusal in refused)), refused


@dataclass
class ConfigureChannel(Configure):
    """Set the link up as far as it can be, and report the rest.

    Attributes:
        why: says why there is no bit rate to set, in words; asked if that is so.
    """

    why: Callable[[], str] = field(default=lambda: "")

    def commands(self, context: Context) -> list[str]:
        """For sh; of a link that is not there yet, nobody knows whether it has a bit rate."""
        link = context.find()
        step = self._reduced(link)[0]
        lines = Configure.commands(step, context)
        if link is not None:
            return lines
        note = ' || echo "its bit rate stays as it is stored in the device" >&2'
        return [line + note if " bitrate " in line else line for line in lines]

    def is_done(self, context: Context) -> bool:
        """Whether there is nothing to do, and to report."""
        return not self._reduced(context.find())[1] and super().is_done(context)

    def run(self, context: Context) -> Undo | None:
        """Do it."""
        step, refused = self._reduced(context.find())
        if refused and self.strict:
            first = refused[0]
            raise CanLinkError(
                f"cannot set {first.setting} on {context.link}: {first.why}",
                errno.EOPNOTSUPP,
                hint=f"leave {first.setting} out",
            )
        context.refused += refused
        return Configure.run(step, context)

    def _reduced(self, link: LinkInfo | None) -> tuple[Configure, list[Refusal]]:
        config, refused = split_never(self.config)
        if link is not None and not has_bitrate(link):
            config, more = split_timing(config, self.why())
            refused += more
        return replace(self, config=config), refused
