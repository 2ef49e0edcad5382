"""plan(): which files keep a set-up over a reboot. Nothing is written; families are in *_set.py."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import join

from canbus.bringup.adapter_family import AdapterFamily
from canbus.bringup.bringing_up import FAMILIES, family_name
from canbus.bringup.doctor.hardware import FAMILIES as ADAPTERS
from canbus.bringup.machine import Machine
from canbus.bringup.persist import intrepid_set, link_set, serial_set, vcan_set
from canbus.bringup.persist.afterwards import Command, commands_for
from canbus.bringup.persist.draft import Draft, check_asked
from canbus.bringup.persist.files import PersistedFile, with_heads
from canbus.bringup.persist.identity import WAYS
from canbus.bringup.persist.installing import paths_of
from canbus.bringup.persist.rivals import refuse_rivals, refuse_twice
from canbus.bringup.persist.settings import option_words
from canbus.bringup.persist.site import Site
from canbus.bringup.request import Request
from canbus.bringup.steps import Context
from canbus.errors import CanConfigError, CanUnsupportedError
from canbus.link_info import LinkInfo

_OPTIONS = {"serial": frozenset({"tty_baudrate"}), "intrepid": frozenset({"network"})}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be written.

    Attributes:
        link: name of the link.
        manager: who sets it up: "networkd" or "unit".
        files: all of them, with their texts.
        obsolete: paths of files that were written for the link, and are no longer of it.
        commands: that make it count at once, word by word; for this machine only.
        notes: what somebody should know, in words.
    """

    link: str
    manager: str
    files: tuple[PersistedFile, ...]
    obsolete: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    notes: tuple[str, ...] = ()


class _Seen(Machine):
    """The links of a site, for `family_name`."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self._site = site

    def list_links(self) -> list[LinkInfo]:
        """Its links."""
        return list(self._site.hardware.links)


def plan(
    request: Request,
    *,
    manager: str | None = None,
    way: str | None = None,
    site: Site | None = None,
) -> Plan:
    """Say which files make the set-up survive a reboot. Nothing is changed; no right is needed.

    Args:
        request: as for `bring_up`; without any setting, a link that is there is kept as it is.
        manager: "networkd" or "unit"; None for networkd where it is enabled, else a unit.
        way: what an adapter is told by that shall have a name: "serial" or "path"; None for its
            serial number, if it has one of its own.
        site: where; None for this machine.

    Raises:
        CanConfigError: a ValueError; the request makes no sense, or lacks something.
        CanUnsupportedError: no systemd; or a setting that the driver does not take.
        CanChannelNotFoundError: the serial adapter is not there to be told from others.
        CanLinkError: somebody else sets the link up; it names the file and the line.
    """
    site = Site.at() if site is None else site
    check_asked(manager)
    if way not in {None, *WAYS}:
        raise CanConfigError(f"an adapter cannot be told by {way!r}", hint=", ".join(WAYS))
    family = family_name(request.target, Context(_Seen(site)))
    _check(request, family)
    if site.is_here and not site.has_systemd:
        raise CanUnsupportedError(
            "there is no systemd, which is what reads the files that keep a set-up",
            hint="scripts/README.md says how to bring adapters up at boot without it",
        )
    made = _draft(request, family, site, manager, way)
    refuse_twice(site, made.name, made.parts)
    notes = [*made.notes, *refuse_rivals(site, made.name, made.manager, is_named=made.is_named)]
    if not site.has_systemd:
        notes.append(f"there is no systemd below {site.system.root}, which reads these files")
    files = with_heads(made.parts, made.name, _command(request, family, made, manager, way))
    paths = [one.path for one in files]
    there = paths_of(made.name, str(site.system.root))
    obsolete = tuple(path for path in there if path not in paths)
    return Plan(
        link=made.name,
        manager=made.manager,
        files=files,
        obsolete=obsolete,
        commands=commands_for([*paths, *obsolete], made.name, site, start=made.unit),
        notes=tuple(notes),
    )


def _draft(
    request: Request, family: str, site: Site, manager: str | None, way: str | None
) -> Draft:
    if family == "serial":
        return serial_set.draft(request, site, manager=manager, way=way)
    if family == "intrepid":
        return intrepid_set.draft(request, site, manager=manager, way=way)
    if family == "vcan":
        if way is not None:
            raise CanConfigError("a vcan has no adapter to be told by", hint="leave --by out")
        return vcan_set.draft(request, site, manager=manager)
    return link_set.draft(request, site, _adapters(family), manager=manager, way=way)


def _adapters(family: str) -> AdapterFamily | None:
    return next((one for one in ADAPTERS if one.name == family), None)


def _check(request: Request, family: str) -> None:
    unknown = sorted(set(request.options) - _OPTIONS.get(family, frozenset()))
    if unknown:
        raise CanConfigError(
            f"{unknown[0]} means nothing for {request.target} over a reboot", hint="leave it out"
        )
    if family != "serial" and request.port is not None:
        raise CanConfigError(
            f"{request.target} has no serial port to name, but {request.port} was given",
            hint="leave the second word out",
        )


def _command(
    request: Request, family: str, made: Draft, manager: str | None, way: str | None
) -> str:
    """By which the same comes out again; one line, whatever was typed."""
    target = family if family in FAMILIES and family != "vcan" else request.target
    words = ["canbus", "persist", target, *([request.port] if request.port else [])]
    words += option_words(made.config)
    for name, value in sorted(request.options.items()):
        words += [f"--{name.replace('_', '-')}", str(value)]
    words += ["--name", request.name] if request.name is not None else []
    words += ["--by", way] if way else []
    words += ["--manager", manager] if manager else []
    words += ["--strict"] if request.strict else []
    return join(words)
