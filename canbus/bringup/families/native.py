"""A link that is there, or comes by itself: a controller of the board, a driver at work."""

from __future__ import annotations

import errno
from shlex import quote

from canbus.bringup.adapter_family import AdapterFamily
from canbus.bringup.common_steps import Configure, Verify, WaitForLink
from canbus.bringup.machine import Machine
from canbus.bringup.request import Request
from canbus.bringup.steps import Context, Step
from canbus.errors import CanLinkNotFoundError
from canbus.link_info import LinkInfo
from canbus.links.names import check_name


def steps(request: Request, context: Context, others: tuple[AdapterFamily, ...]) -> list[Step]:
    """What it takes to bring up the link `request.target`.

    Args:
        request: what is wanted.
        context: of this bring-up.
        others: families that could have such a link, for the hint.

    Raises:
        CanLinkNotFoundError: a LookupError; there is none, and nobody waits for it.
        CanLinkError: no link can have that name.
    """
    name = context.link = check_name(request.target)
    found: list[Step] = []
    if context.find() is None:
        if not request.timeout:
            raise _missing(name, context.machine, others)
        found = [_wait(name, request.timeout)]
    return [*found, Configure(request.config, request.strict), Verify()]


def _wait(name: str, timeout: float) -> WaitForLink:
    def match(link: LinkInfo) -> bool:
        return link.name == name

    return WaitForLink(
        what=f"the interface {name}",
        match=match,
        choose=lambda there: there[0],
        look=f"[ -e /sys/class/net/{quote(name)} ] && echo {quote(name)}",
        timeout=timeout,
        advice="`canbus list` shows what there is; `sudo dmesg | grep -i can` what drivers say",
    )


def _missing(
    name: str, machine: Machine, others: tuple[AdapterFamily, ...]
) -> CanLinkNotFoundError:
    plugged = [family for family in others if any(d.is_needed(machine) for d in family.drivers)]
    if plugged:
        hint = f"a {plugged[0].title} is plugged in: canbus up {plugged[0].name} --bitrate 500k"
    else:
        there = ", ".join(link.name for link in machine.list_links())
        hint = f"there is {there}" if there else "`canbus list` says what to check"
    return CanLinkNotFoundError(
        f"cannot bring {name} up: there is no interface {name}", errno.ENODEV, hint=hint
    )
