"""systemd units: of a link, of slcand, of Intrepid's daemon, of a vcan. Text alone.

At boot they need `ip` and the daemon, and no Python. They are bound to the device: they start when
it comes, at boot or later, and stop when it goes (systemd.device(5); a WantedBy= of a device unit
is started when the device appears, retroactively_start_dependencies() in src/core/unit.c).
"""

from __future__ import annotations

from dataclasses import dataclass

from canbus.bringup.persist.escaping import device_unit, exec_line, net_device_unit
from canbus.bringup.persist.files import SHARED_OWNER, section, sections
from canbus.bringup.serial_adapter import BITRATES
from canbus.link_config import LinkConfig, without
from canbus.link_info import CAN_MTU, LinkInfo
from canbus.links.plan import plan
from canbus.links.steps import LinkStep

INTREPID_UNIT = f"canbus-{SHARED_OWNER}.service"

_ONCE = ("Type=oneshot", "RemainAfterExit=yes")


@dataclass(frozen=True)
class Programs:
    """Paths of the programs that units start."""

    ip: str = "/usr/sbin/ip"
    modprobe: str = "/usr/sbin/modprobe"
    slcand: str = "/usr/bin/slcand"
    daemon: str = "/usr/local/bin/libicsneo-socketcan-daemon"


def unit_of(name: str) -> str:
    """The name of a link's unit."""
    return f"canbus-{name}.service"


def link_unit(
    name: str,
    config: LinkConfig,
    programs: Programs,
    *,
    strict: bool = False,
    may_lack_timing: bool = False,
) -> str:
    """A unit that sets a controller up whenever it comes.

    Args:
        name: of the link.
        config: of the link.
        programs: their paths.
        strict: nothing may be refused.
        may_lack_timing: its driver may have no bit rate to set.
    """
    device = net_device_unit(name)
    return sections(
        section("Unit", f"Description=CAN interface {name}", *_bound(device)),
        section(
            "Service",
            *_ONCE,
            f"ExecStart={_set(programs, name, 'down')}",
            *(
                f"ExecStart={_line(programs, step, strict, may_lack_timing)}"
                for step in _steps(name, config)
            ),
            f"ExecStop=-{_set(programs, name, 'down')}",
        ),
        section("Install", f"WantedBy={device}"),
    )


def vcan_unit(name: str, mtu: int, txqueuelen: int | None, programs: Programs) -> str:
    """A unit that makes a virtual link; one that is there already is taken as it is."""
    add = ("link", "add", "dev", name, "mtu", str(mtu), "type", "vcan")
    queue = () if txqueuelen is None else ("txqueuelen", str(txqueuelen))
    return sections(
        section(
            "Unit",
            f"Description=virtual CAN interface {name}",
            "After=systemd-modules-load.service",
        ),
        section(
            "Service",
            *_ONCE,
            f"ExecStart=-{exec_line((programs.ip, *add))}",
            f"ExecStart={_set(programs, name, 'mtu', str(mtu), *queue)}",
            f"ExecStart={_set(programs, name, 'up')}",
            f"ExecStop={exec_line((programs.ip, 'link', 'delete', 'dev', name))}",
        ),
        section("Install", "WantedBy=multi-user.target"),
    )


def slcand_unit(
    name: str,
    port: str,
    config: LinkConfig,
    baudrate: int,
    programs: Programs,
    *,
    may_lack_netlink: bool,
) -> str:
    """A unit that makes a link of a serial adapter whenever that is plugged in.

    Without -F: slcand then ends its start only when the link is there and has its name
    (slcand.c of can-utils), so that what follows finds it.

    Args:
        name: of the link.
        port: path of the serial port.
        config: of the link.
        baudrate: of the serial line.
        programs: their paths.
        may_lack_netlink: the kernel is, or may be, older than 6.0, where slcand alone sets the bit
            rate: it may be refused then.
    """
    bitrate = config.bitrate or 0
    mode = "-l" if config.listen_only else "-o"
    slcand = (programs.slcand, mode, f"-s{BITRATES[bitrate]}", "-S", str(baudrate), port, name)
    device = device_unit(port)
    lines = [
        f"ExecStartPost={_line(programs, step, False, may_lack_netlink)}"
        for step in _steps(name, config)
    ]
    return sections(
        section(
            "Unit",
            f"Description=CAN interface {name}, of a serial adapter",
            *_bound(device, "systemd-modules-load.service"),
        ),
        section(
            "Service",
            "Type=forking",
            f"ExecStart={exec_line(slcand)}",
            *lines,
            f"ExecStop=-{_set(programs, name, 'down')}",
            "Restart=on-failure",
            "RestartSec=2",
        ),
        section("Install", f"WantedBy={device}"),
    )


def intrepid_unit(programs: Programs) -> str:
    """Intrepid's daemon, which makes the links of all its devices, plugged in or to come.

    LIBICSNEO_USE_SERVD: libraries of 2025 and 2026 wait for another service without it. SIGINT
    ends it in order (src/main.cpp of icsscand).
    """
    return sections(
        section(
            "Unit",
            "Description=CAN interfaces of Intrepid devices",
            "After=systemd-modules-load.service",
        ),
        section(
            "Service",
            "Type=exec",
            f"ExecStartPre={exec_line((programs.modprobe, 'intrepid'))}",
            f"ExecStart={exec_line((programs.daemon,))}",
            "Environment=LIBICSNEO_USE_SERVD=0",
            "KillSignal=SIGINT",
            "Restart=on-failure",
            "RestartSec=2",
        ),
        section("Install", "WantedBy=multi-user.target"),
    )


def _bound(device: str, *after: str) -> tuple[str, ...]:
    return (f"BindsTo={device}", f"After={' '.join((device, *after))}")


def _steps(name: str, config: LinkConfig) -> tuple[LinkStep, ...]:
    """What a link needs that has just come."""
    fresh = LinkInfo(name, 0, "can", is_up=False, mtu=CAN_MTU)
    return plan(fresh, _all(config))


def _all(config: LinkConfig) -> LinkConfig:
    settings = dict(without(config, "up").given())
    return LinkConfig(**settings, up=True)  # type: ignore[arg-type]  # they are its own


def _set(programs: Programs, name: str, *words: str) -> str:
    return exec_line((programs.ip, "link", "set", "dev", name, *words))


def _line(programs: Programs, step: LinkStep, strict: bool, may_lack_timing: bool) -> str:
    """Without `strict`, what a link can do without may be refused, as `canbus up` has it."""
    is_needed = step.is_required or step.action == "txqueuelen"
    if may_lack_timing and step.action in {"timing", "listen_only"}:
        is_needed = False
    maybe = "" if strict or is_needed else "-"
    return maybe + exec_line((programs.ip, *step.command()[1:]))
