"""What is kept of a serial adapter: a name for its port, ModemManager kept away, slcand's unit.

The unit sets the link up, too, whoever manages other links: slcand makes it under another name
and then renames it (slcand.c of can-utils), so that a second one would come in between.
"""

from __future__ import annotations

from canbus.bringup.common_steps import need_bitrate
from canbus.bringup.families.serial_settings import check_settings
from canbus.bringup.persist.draft import Draft
from canbus.bringup.persist.escaping import check_persistent_name
from canbus.bringup.persist.files import MODULES, RULES, UNITS, Part
from canbus.bringup.persist.identity import identify_port
from canbus.bringup.persist.link_set import note_order
from canbus.bringup.persist.rivals import NETWORKD, UNIT
from canbus.bringup.persist.site import Site
from canbus.bringup.persist.udev import PORTS, port_rule
from canbus.bringup.persist.units import slcand_unit, unit_of
from canbus.bringup.persist.vcan_set import modules_text
from canbus.bringup.request import Request
from canbus.bringup.serial_adapter import BAUDRATES, BITRATES
from canbus.bringup.serial_port import SerialPort, identify
from canbus.errors import CanChannelNotFoundError, CanConfigError
from canbus.link_config import LinkConfig, without

_USUAL_BAUDRATE = 115200
_NATIVE = (6, 0)  # the kernel from which on netlink sets the bit rate (slcan-core.c)
_HOTPLUGGED = ("/dev/ttyACM", "/dev/ttyUSB")


def draft(request: Request, site: Site, *, manager: str | None, way: str | None) -> Draft:
    """What is kept of the serial adapter at `request.port`.

    Raises:
        CanConfigError: a ValueError; port, name or bit rate are missing, or cannot be.
        CanChannelNotFoundError: it is not plugged in, so that nothing tells which one it is.
        CanUnsupportedError: a setting that it does not have.
    """
    if manager == NETWORKD:
        raise CanConfigError(
            "systemd-networkd cannot set a serial adapter's interface up in time: slcand makes it",
            hint="leave --manager out: slcand's unit does it",
        )
    name = _name(request)
    config, left_out = _settings(request)
    port = identify(_path(request), str(site.hardware.root / "sys"))
    made = Draft(name, UNIT, config, notes=left_out)
    path = _add_rule(made, port, site, way)
    kernel = site.kernel
    made.parts += [
        Part(f"{MODULES}/canbus-{name}.conf", modules_text("slcan")),
        Part(
            f"{UNITS}/{unit_of(name)}",
            slcand_unit(
                name,
                path,
                config,
                _baudrate(request),
                site.programs,
                may_lack_netlink=kernel is None or kernel[:2] < _NATIVE,
            ),
        ),
    ]
    _refuse_missing(site, made)
    link = site.find_link(name)
    note_order(made, link, site)
    if link is not None:
        made.notes.append(f"{name} is there: the unit makes it from the next start on")
    elif site.hardware.exists(port.path):
        made.unit = unit_of(name)
    return made


def _name(request: Request) -> str:
    if request.name is None:
        raise CanConfigError(
            "an interface that comes back under its name needs one",
            hint=f"canbus persist serial {request.port or '/dev/ttyACM0'} --bitrate 500k "
            "--name can0",
        )
    return check_persistent_name(request.name)


def _settings(request: Request) -> tuple[LinkConfig, list[str]]:
    need_bitrate(request.config, "a serial adapter")
    config, refused = check_settings(request)
    if config.bitrate not in BITRATES:
        raise CanConfigError(
            f"slcand cannot set {config.bitrate} bit/s",
            hint=f"it has {', '.join(map(str, BITRATES))}",
        )
    left_out = [f"{one.setting} {one.value} is left out: {one.why}" for one in refused]
    return without(config, "up"), left_out


def _path(request: Request) -> str:
    port = request.port
    if not port:
        raise CanConfigError(
            "which serial port is the adapter at?",
            hint="canbus persist serial /dev/ttyACM0 --bitrate 500k --name can0; "
            "`canbus ports` shows them",
        )
    parts = port.split("/")
    if parts[:2] != ["", "dev"] or ".." in parts or "" in parts[2:] or not port.isprintable():
        raise CanConfigError(
            f"{port!r} is no serial port: slcand takes what is under /dev only",
            hint="`canbus ports` shows them",
        )
    return port


def _add_rule(made: Draft, port: SerialPort, site: Site, way: str | None) -> str:
    """The rule for its port, if it is on USB; the path that it always has."""
    identity = identify_port(port, site.hardware, way)
    if identity is not None:
        path = f"{RULES}/70-canbus-{made.name}.rules"
        made.parts.append(Part(path, port_rule(made.name, identity.matches)))
        made.notes.append(f"the adapter is told by {identity.words}")
        return f"{PORTS}/{made.name}"
    if way is not None:
        raise CanConfigError(
            f"{port.path} is on no USB that it could be told by", hint="leave --by out"
        )
    if port.path.startswith(_HOTPLUGGED):
        raise CanChannelNotFoundError(
            f"there is no {port.path}, so that nothing tells which adapter is meant",
            hint="plug it in: its serial number, or its place, is read from it",
        )
    return port.path


def _refuse_missing(site: Site, made: Draft) -> None:
    if site.find("slcand") is None:
        made.notes.append("there is no slcand, which the unit starts: sudo apt install can-utils")


def _baudrate(request: Request) -> int:
    baudrate = request.options.get("tty_baudrate")
    if baudrate is None:
        return _USUAL_BAUDRATE
    if baudrate not in BAUDRATES or not isinstance(baudrate, int):
        raise CanConfigError(
            f"slcand cannot set tty_baudrate {baudrate}",
            hint=f"it has {', '.join(map(str, BAUDRATES))}; an adapter on USB needs none",
        )
    return baudrate
