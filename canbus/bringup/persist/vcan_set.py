"""What is kept of a virtual link: who makes it at boot, and brings it up."""

from __future__ import annotations

from canbus.bringup.persist import networkd
from canbus.bringup.persist.draft import Draft, choose_manager
from canbus.bringup.persist.escaping import check_persistent_name
from canbus.bringup.persist.files import MODULES, NETWORK, UNITS, Part
from canbus.bringup.persist.rivals import NETWORKD
from canbus.bringup.persist.settings import taken
from canbus.bringup.persist.site import Site
from canbus.bringup.persist.units import unit_of, vcan_unit
from canbus.bringup.request import Request
from canbus.errors import CanConfigError
from canbus.link_info import CAN_MTU, LinkInfo


def draft(request: Request, site: Site, *, manager: str | None) -> Draft:
    """What is kept of a vcan.

    Raises:
        CanConfigError: a ValueError; a link of another kind has the name.
    """
    name = check_persistent_name(request.name or request.target)
    there = site.find_link(name)
    if there is not None and there.kind != "vcan":
        raise CanConfigError(
            f"{name} is there, and no vcan but of kind {there.kind}",
            hint="choose another name: canbus persist vcan0",
        )
    fresh = LinkInfo(name, 0, "vcan", is_up=False, mtu=CAN_MTU)
    config, left_out = taken(request, fresh, frozenset())
    manager, why = choose_manager(site, manager, config, frozenset())
    made = Draft(name, manager, config, notes=[*left_out, *why])
    made.parts.append(Part(f"{MODULES}/canbus-{name}.conf", modules_text("vcan")))
    mtu = networkd.mtu_of(config)
    if manager == NETWORKD:
        stem = f"{NETWORK}/70-canbus-{name}"
        made.parts.append(Part(f"{stem}.netdev", networkd.netdev_text(name, mtu)))
        made.parts.append(Part(f"{stem}.network", networkd.virtual_network_text(name)))
        if config.txqueuelen is not None:
            text = networkd.link_text(name, config.txqueuelen, is_named=False)
            made.parts.append(Part(f"{stem}.link", text))
    else:
        text = vcan_unit(name, mtu, config.txqueuelen, site.programs)
        made.parts.append(Part(f"{UNITS}/{unit_of(name)}", text))
        if there is None or not there.is_up or there.mtu != mtu:
            made.unit = unit_of(name)
    return made


def modules_text(module: str) -> str:
    """A file of modules-load.d(5): the driver, and what programs open.

    The kernel loads can-raw when the first program asks, which it cannot where loading is
    switched off once the machine has started (kernel.modules_disabled).
    """
    return f"{module}\ncan-raw\n"
