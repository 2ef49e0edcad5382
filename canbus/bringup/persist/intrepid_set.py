"""What is kept of an Intrepid device: its module, the daemon's unit, and a link of it.

One daemon makes the links of all devices, so that its unit and module file are shared.
"""

from __future__ import annotations

from canbus.bringup.families.intrepid.channels import Choice
from canbus.bringup.families.intrepid.daemon import MODULE, NAMES
from canbus.bringup.families.intrepid.settings import has_bitrate, split_never, split_timing
from canbus.bringup.persist.draft import Draft, choose_manager
from canbus.bringup.persist.escaping import check_persistent_name, is_kernels_own
from canbus.bringup.persist.files import (
    MODULES,
    RULES,
    SHARED_OWNER,
    UNITS,
    Part,
    body_of,
    read_head,
)
from canbus.bringup.persist.link_set import add_link_files, add_rule
from canbus.bringup.persist.rivals import NETWORKD, UNIT
from canbus.bringup.persist.site import Site
from canbus.bringup.persist.udev import link_rule
from canbus.bringup.persist.units import INTREPID_UNIT, intrepid_unit
from canbus.bringup.persist.vcan_set import modules_text
from canbus.bringup.request import Request
from canbus.errors import CanConfigError, CanUnsupportedError
from canbus.link_config import LinkConfig, without
from canbus.link_info import LinkInfo


def draft(request: Request, site: Site, *, manager: str | None, way: str | None) -> Draft:
    """What is kept of one network of an Intrepid device.

    Raises:
        CanConfigError: a ValueError; which link is not said.
        CanUnsupportedError: a setting that it does not take.
    """
    if way is not None:
        raise CanConfigError(
            "an Intrepid interface is told by its network and serial number", hint="leave --by out"
        )
    choice = Choice.of(request)
    link = _find(choice, request, site)
    name = check_persistent_name(_name(request, link))
    config, left_out = _settings(request, link)
    sets_timing = link is not None and has_bitrate(link)
    if manager is None and not sets_timing:
        manager = UNIT  # networkd gives a link up that has no bit rate to set
    manager, why = choose_manager(site, manager, config, frozenset())
    made = Draft(name, manager, config, notes=[*left_out, *why])
    made.parts += [
        Part(f"{MODULES}/canbus-{SHARED_OWNER}.conf", modules_text(MODULE), is_shared=True),
        Part(f"{UNITS}/{INTREPID_UNIT}", intrepid_unit(site.programs), is_shared=True),
    ]
    _add_name(made, link, choice, site)
    add_link_files(made, site, link, strict=request.strict, may_lack_timing=not sets_timing)
    if manager == NETWORKD and not sets_timing:
        made.notes.append(
            "whether module and daemon have a bit rate to set is not known; where they have none, "
            "networkd leaves the link down: --manager unit does not"
        )
    if site.find_daemon() is None:
        made.notes.append(f"Intrepid's daemon is not installed: there is no {' or '.join(NAMES)}")
    return made


def _find(choice: Choice, request: Request, site: Site) -> LinkInfo | None:
    met = Choice(None, choice.network)
    there = [link for link in site.hardware.links if met.is_met(link)]
    named = [link for link in there if link.name == request.name]
    if request.name is not None and (named or is_kernels_own(request.name)):
        return named[0] if named else None
    return met.choose(there) if there else None


def _name(request: Request, link: LinkInfo | None) -> str:
    if request.name is None and link is None:
        raise CanConfigError(
            "no Intrepid device is there that could tell the name of its interface",
            hint="plug it in and start its daemon: canbus up intrepid; or say what it shall be "
            "called: --network hscan_61777 --name can_hs",
        )
    return request.name if request.name is not None else (link.name if link else "")


def _settings(request: Request, link: LinkInfo | None) -> tuple[LinkConfig, list[str]]:
    config, refused = split_never(without(request.config, "up"))
    if link is not None and not has_bitrate(link):
        config, more = split_timing(config, "Intrepid's module and daemon are too old to set it")
        refused += more
    if refused and request.strict:
        raise CanUnsupportedError(
            f"cannot set {refused[0].setting} on an Intrepid device: {refused[0].why}",
            hint=f"leave {refused[0].setting} out",
        )
    return config, [f"{one.setting} {one.value} is left out: {one.why}" for one in refused]


def _add_name(made: Draft, link: LinkInfo | None, choice: Choice, site: Site) -> None:
    """By the alias, which the module gives before udev hears of the link (intrepid.c)."""
    alias = choice.network if choice.network and "_" in choice.network else None
    path = f"{RULES}/70-canbus-{made.name}.rules"
    known = read_head(f"{site.system.text(path)}\n") is not None
    if link is None and alias is not None and not is_kernels_own(made.name):
        rule = link_rule(made.name, (("ATTR{ifalias}", alias),))
        made.parts.append(Part(path, rule))
        made.is_named = True
    elif link is None and known and not is_kernels_own(made.name):
        made.parts.append(Part(path, body_of(f"{site.system.text(path)}\n")))
        made.is_named = True
    else:
        add_rule(made, link, site, None)
