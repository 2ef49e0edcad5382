"""What systemd-networkd is told of a link, and cannot do, or does at the cost of the start."""

from __future__ import annotations

from collections.abc import Iterator

from canbus.bringup.doctor.driver_habits import can_restart, driver_of
from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.link_setups import Setup
from canbus.bringup.doctor.networkd_files import networkd_state
from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo

_WAITS = "/etc/systemd/system/network-online.target.wants/systemd-networkd-wait-online.service"
_NO = frozenset({"no", "false", "0", "off", "n", "f"})
_NEVER = frozenset({"", "0", "infinity"})


def sleeps(system: System, link: LinkInfo) -> bool:
    """Whether networkd is known not to run, so that its files have no effect."""
    if networkd_state(system, link):
        return False
    said = system.ask("systemctl", "is-active", "systemd-networkd.service")
    return said in {"inactive", "failed"}


def look(system: System, link: LinkInfo, setup: Setup) -> Iterator[Finding]:
    """One link that there is a file for."""
    has_can = any(key.startswith("CAN.") for key in setup.settings)
    if sleeps(system, link):
        if has_can:
            yield _does_not_run(link, setup)
        return
    if not can_restart(link) and setup.settings.get("CAN.RestartSec", "") not in _NEVER:
        yield _restart(link, setup)
    elif networkd_state(system, link).get("ADMIN_STATE") == "failed":
        yield _failed(link, setup)
    elif not has_can and link.bitrate is None and link.bit_timing_limits is not None:
        yield _no_bitrate(link, setup)
    if has_can and setup.settings.get("Link.RequiredForOnline", "yes").lower() not in _NO:
        yield _online(system, link, setup)


def _does_not_run(link: LinkInfo, setup: Setup) -> Finding:
    return Finding(
        name="manager-does-not-run",
        severity=Severity.NOTE if link.is_up else Severity.ERROR,
        what=f"systemd-networkd shall set {link.name} up, and does not run",
        evidence=(setup.path, "systemctl is-active systemd-networkd.service: inactive"),
        meaning="Many distributions have it installed and switched off. It leaves alone what it "
        "has no file for, so it may run beside NetworkManager or ifupdown.",
        commands=("sudo systemctl enable --now systemd-networkd.service",),
        channel=link.name,
    )


def _restart(link: LinkInfo, setup: Setup) -> Finding:
    asked = setup.settings["CAN.RestartSec"]
    return Finding(
        name="manager-restart",
        severity=Severity.WARNING if link.is_up else Severity.ERROR,
        what=f"systemd-networkd cannot bring {link.name} up: {driver_of(link)} has no restart",
        evidence=(f"{setup.path}: RestartSec={asked[:20]}", f"its driver is {driver_of(link)}"),
        meaning='The kernel refuses the setting, and networkd then leaves the link down: "Device '
        "doesn't support restart from Bus Off\".",
        commands=(
            f"sudo sed -i /^RestartSec=/d {setup.path}",
            f"sudo networkctl reload && sudo networkctl reconfigure {link.name}",
        ),
        channel=link.name,
    )


def _failed(link: LinkInfo, setup: Setup) -> Finding:
    why = "Its log says which setting the kernel has refused."
    if not can_restart(link):
        why += (
            f" Of {driver_of(link)} it may be one that nobody gave: systemd 258.5 always sends a "
            "time for restarts (systemd pull request 41972)."
        )
    return Finding(
        name="manager-failed",
        severity=Severity.WARNING if link.is_up else Severity.ERROR,
        what=f"systemd-networkd has failed to set {link.name} up",
        evidence=(f"/run/systemd/netif/links/{link.index}: ADMIN_STATE=failed", setup.path),
        meaning=why,
        commands=(
            f"journalctl --boot --unit systemd-networkd | grep {link.name}",
            f"sudo networkctl reconfigure {link.name}   # when it is mended",
        ),
        channel=link.name,
    )


def _no_bitrate(link: LinkInfo, setup: Setup) -> Finding:
    return Finding(
        name="manager-without-bitrate",
        severity=Severity.WARNING,
        what=f"systemd-networkd takes care of {link.name}, and is told no bit rate",
        evidence=(f"{setup.path} has no [CAN]",),
        meaning="It tries to bring the link up, which the kernel refuses without a bit rate.",
        commands=(
            f"printf '[CAN]\\nBitRate=500K\\n' | sudo tee -a {setup.path}",
            f"sudo networkctl reload && sudo networkctl reconfigure {link.name}",
        ),
        likelihood=Likelihood.LIKELY,
        channel=link.name,
    )


def _online(system: System, link: LinkInfo, setup: Setup) -> Finding:
    waits = system.exists(_WAITS)
    return Finding(
        name="boot-waits",
        severity=Severity.WARNING if waits else Severity.NOTE,
        what=f"the machine's start waits for {link.name} to be online"
        + ("" if waits else ", if it waits for anything"),
        evidence=(
            f"{setup.path} has no RequiredForOnline=no",
            *((f"{_WAITS} is there",) if waits else ()),
        ),
        meaning="systemd-networkd-wait-online counts every link that networkd manages, and a CAN "
        "link never has an address; without a plug it has no carrier either. Services that want "
        "the network, SSH among them, then start two minutes late.",
        commands=(
            f"printf '[Link]\\nRequiredForOnline=no\\n' | sudo tee -a {setup.path}",
            "sudo networkctl reload",
        ),
        likelihood=Likelihood.LIKELY,
        channel=link.name,
    )
