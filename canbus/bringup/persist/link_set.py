"""What is kept of a controller whose driver makes the link: PCAN, candleLight, HATs, all native."""

from __future__ import annotations

from canbus.bringup.adapter_family import AdapterFamily, describe_channel
from canbus.bringup.common_steps import need_bitrate
from canbus.bringup.doctor.driver_habits import driver_of
from canbus.bringup.families.intrepid.channels import network_of
from canbus.bringup.persist import networkd
from canbus.bringup.persist.draft import Draft, choose_manager
from canbus.bringup.persist.escaping import check_persistent_name, is_kernels_own
from canbus.bringup.persist.files import NETWORK, RULES, UNITS, Part, body_of, read_head
from canbus.bringup.persist.identity import identify_link
from canbus.bringup.persist.rivals import NETWORKD
from canbus.bringup.persist.settings import as_it_is, taken
from canbus.bringup.persist.site import NEWEST, Site
from canbus.bringup.persist.udev import link_rule
from canbus.bringup.persist.units import link_unit, unit_of
from canbus.bringup.request import Request
from canbus.errors import CanConfigError
from canbus.link_config import LinkConfig, without
from canbus.link_info import LinkInfo
from canbus.links.plan import plan as plan_link


def draft(
    request: Request,
    site: Site,
    family: AdapterFamily | None,
    *,
    manager: str | None,
    way: str | None,
) -> Draft:
    """What is kept of a link.

    Args:
        request: what is wanted.
        site: where.
        family: of the adapter; None for a link that is named.
        manager: "networkd" or "unit"; None to choose.
        way: what the adapter is told by: "serial" or "path"; None to choose.

    Raises:
        CanConfigError: a ValueError; which link, or at what bit rate, is not said.
        CanUnsupportedError: a setting that it does not take, or nothing tells the adapter.
    """
    link = find(request, site, family)
    if link is not None and network_of(link) is not None:
        raise CanConfigError(
            f"{link.name} is made by Intrepid's daemon, which has to be kept, too",
            hint=f"canbus persist intrepid --network {link.alias} ...",
        )
    name = check_persistent_name(_name(request, link, family))
    drivers = _drivers(link, family)
    if link is not None and not any(without(request.config, "up").given()):
        config, left_out = as_it_is(link), [f"{link.name} is kept as it is now"]
    else:
        need_bitrate(request.config, f"{name}, when it has just come,")
        config, left_out = taken(request, link, drivers)
    manager, why = choose_manager(site, manager, config, drivers)
    made = Draft(name, manager, config, notes=[*left_out, *why])
    if link is not None and not site.is_here:
        made.notes.append(f"{link.name} was looked at here: is the other machine's the same?")
    if link is not None and link.device is None:
        made.notes.append(
            f"{name} has no device behind it: if slcand makes it, that is kept by `canbus persist "
            f"serial PORT --name {name}`"
        )
    add_rule(made, link, site, way)
    add_link_files(made, site, link, strict=request.strict)
    return made


def find(request: Request, site: Site, family: AdapterFamily | None) -> LinkInfo | None:
    """The link that is meant, if it is there.

    Raises:
        CanConfigError: a ValueError; there are several.
    """
    if family is None:
        return site.find_link(request.target)
    ours = [link for link in site.hardware.links if family.is_ours(link)]
    named = [link for link in ours if link.name == request.name]
    other = site.find_link(request.name) if not named else None
    if other is not None:
        whose = driver_of(other) or other.kind
        raise CanConfigError(
            f"{other.name} is there, and of no {family.title} but of {whose}",
            hint=f"to keep that: canbus persist {other.name} ...; or choose another --name",
        )
    if request.name is not None and (named or is_kernels_own(request.name)):
        return named[0] if named else None
    if len(ours) > 1:
        raise CanConfigError(
            f"there are {len(ours)} channels of a {family.title}: "
            + ", ".join(map(describe_channel, ours)),
            hint=f"say which: canbus persist {ours[0].name} ...",
        )
    return ours[0] if ours else None


def _name(request: Request, link: LinkInfo | None, family: AdapterFamily | None) -> str:
    if request.name is not None:
        return request.name
    if family is None:
        return request.target
    if link is None:
        raise CanConfigError(
            f"no {family.title} is plugged in that could tell the name of its interface",
            hint="plug it in; or say what the kernel will call it: --name can0",
        )
    return link.name


def _drivers(link: LinkInfo | None, family: AdapterFamily | None) -> frozenset[str]:
    if link is not None:
        return frozenset(filter(None, (driver_of(link),)))
    return frozenset(driver.module for driver in family.drivers) if family else frozenset()


def add_rule(made: Draft, link: LinkInfo | None, site: Site, way: str | None) -> None:
    """The rule that gives the link its name, if the kernel does not.

    Raises:
        CanConfigError: a ValueError; nothing can tell the adapter, or it is not there to be told.
        CanUnsupportedError: nothing tells the adapter.
    """
    path = f"{RULES}/70-canbus-{made.name}.rules"
    if is_kernels_own(made.name):
        if way is not None or (link is not None and link.name != made.name):
            raise CanConfigError(
                f"{made.name} is a name that the kernel gives by itself, to whatever comes first, "
                "so that no rule can",
                hint="choose another: --name can_front",
            )
        note_order(made, link, site)
        return
    made.is_named = True
    other = site.find_link(made.name)
    if link is not None and other is not None and other.name != link.name:
        raise CanConfigError(
            f"there is a {made.name} already, and it is not {link.name}",
            hint="choose another --name",
        )
    if link is not None:
        identity = identify_link(link, site.hardware, way)
        made.parts.append(Part(path, link_rule(made.name, identity.matches)))
        made.notes.append(f"the adapter is told by {identity.words}")
        if link.name != made.name:
            made.notes.append(
                f"{link.name} gets its new name when it is plugged in again, or at the next boot"
            )
        return
    text = f"{site.system.text(path)}\n"
    if read_head(text) is None:
        raise CanConfigError(
            f"there is no {made.name}, so that nothing tells which adapter shall have that name",
            hint="plug it in, and say what it is called now: canbus persist can0 --name "
            f"{made.name} ...",
        )
    made.parts.append(Part(path, body_of(text)))


def note_order(made: Draft, link: LinkInfo | None, site: Site) -> None:
    """Say so, where the name may be another link's at the next boot."""
    others = [one.name for one in site.hardware.links if one.kind == "can" and one is not link]
    if others and is_kernels_own(made.name):
        made.notes.append(
            f"there is {others[0]}, too, and the kernel gives such names to whatever comes first: "
            "a name like can_front stays with its adapter"
        )


def add_link_files(
    made: Draft,
    site: Site,
    link: LinkInfo | None,
    *,
    strict: bool,
    may_lack_timing: bool = False,
) -> None:
    """The files of networkd, or the unit, of a link; and whether to start it at once."""
    unit = link_unit(
        made.name, made.config, site.programs, strict=strict, may_lack_timing=may_lack_timing
    )
    queue = made.config.txqueuelen
    if made.manager == NETWORKD:
        text = networkd.network_text(made.name, made.config, site.systemd or NEWEST)
        made.parts.append(Part(f"{NETWORK}/70-canbus-{made.name}.network", text))
        if queue is not None:
            text = networkd.link_text(made.name, queue, is_named=made.is_named)
            made.parts.append(Part(f"{NETWORK}/70-canbus-{made.name}.link", text))
        return
    made.parts.append(Part(f"{UNITS}/{unit_of(made.name)}", unit))
    if link is not None and link.name == made.name and not is_so(link, made.config):
        made.unit = unit_of(made.name)


def is_so(link: LinkInfo, config: LinkConfig) -> bool:
    """Whether a link is up as wanted already."""
    return link.is_up and not plan_link(link, config)
