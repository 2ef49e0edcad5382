"""A link that is there, or comes by itself: a controller of the board, a driver at work."""

from __future__ import annotations

import errno
from shlex import join, quote

from canbus.bringup.adapter_family import AdapterFamily
from canbus.bringup.common_steps import Configure, Verify, WaitForLink
from canbus.bringup.machine import Machine
from canbus.bringup.request import Request
from canbus.bringup.steps import Context, Step
from canbus.errors import CanLinkError, CanLinkNotFoundError
from canbus.link_config import without
from canbus.link_info import LinkInfo
from canbus.links.names import check_name
from canbus.links.plan import plan, unsupported


def steps(request: Request, context: Context, others: tuple[AdapterFamily, ...]) -> list[Step]:
    """What it takes to bring up the link `request.target`.

    Args:
        request: what is wanted.
        context: of this bring-up.
        others: families that could have such a link, for the hint.

    Raises:
        CanLinkNotFoundError: a LookupError; there is none, and nobody waits for it.
        CanLinkError: no link can have that name; or a keeper keeps it otherwise.
    """
    name = context.link = check_name(request.target)
    found: list[Step] = []
    if context.find() is None:
        if not request.timeout:
            raise _missing(name, context.machine, others)
        found = [_wait(name, request.timeout)]
    _refuse_kept(name, request, context)
    return [*found, Configure(request.config, request.strict), Verify()]


def _refuse_kept(name: str, request: Request, context: Context) -> None:
    """What is set behind a keeper's back is gone as soon as it brings the link up again."""
    from canbus.bringup import keepers

    link, keeper = context.find(), keepers.find(name)
    if link is None or keeper is None:
        return
    kept = [setting for one in keeper.care.links for setting in one.config.given()]
    fine = [setting[0] for setting in request.config.given() if setting in kept]
    refused = [refusal.setting for refusal in unsupported(link, request.config)]
    if not plan(link, without(request.config, "up", *fine, *refused)):
        return
    port, bitrate = keeper.care.port, request.config.bitrate or link.bitrate or 0
    words = ["canbus", "up", str(keeper.request.get("family", "FAMILY"))]
    words += [port.path] if port else []
    if bitrate:
        words += ["--bitrate", str(bitrate) if bitrate % 1000 else f"{bitrate // 1000}k"]
    raise CanLinkError(
        f"{name} is kept up by canbus, for the {keeper.what}: what is set here would be lost "
        "when that is plugged in again",
        hint=join([*words, "--name", name]),
    )


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
