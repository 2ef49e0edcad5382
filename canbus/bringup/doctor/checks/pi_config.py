"""A Raspberry Pi's config.txt against what has become of it: are the chips in the device tree?

Whether a chip then answers, is pi_probe.py's; whether its numbers are right, pi_wiring.py's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from canbus.bringup.doctor.checks.pi_config_txt import (
    PLACES,
    ConfigTxt,
    Overlay,
    live_path,
    read_config,
)
from canbus.bringup.doctor.checks.pi_overlays import (
    Chip,
    chips,
    is_can,
    is_known,
    unknown_parameters,
)
from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.hardware import devices
from canbus.bringup.doctor.system import System

_BOOTED = re.compile(r"^btime (\d{1,18})$", re.MULTILINE)
_DRIVER_SAYS = re.compile(r"^mcp25\w+ (spi\d\.\d)\b")
_REBOOT = "sudo reboot"


def look(system: System) -> Iterator[Finding]:
    """Overlays that are not in force, and why."""
    path = live_path(system)
    if path is None or (system.channel is not None and system.asked_links):
        return
    config = read_config(system, path)
    there = {one.path for one in devices(system) if one.bus == "spi" and one.id != "spidev"}
    there |= {link.device.path or "" for link in system.links if link.device}
    there |= {found[1] for line in system.kernel_log or () if (found := _DRIVER_SAYS.search(line))}
    wanted = chips(config)
    yield from _misspelt(system, config)
    yield from _left_out(config)
    for chip in wanted:
        if chip.at not in there:
            yield _not_in_force(system, config, chip)
    if not wanted and not system.links:
        yield from _in_another_file(system, path)
        yield from _filtered(system, config)


def _misspelt(system: System, config: ConfigTxt) -> Iterator[Finding]:
    folder = config.path.replace("config.txt", "overlays")
    files = {name.partition(".dtbo")[0] for name in system.names(folder)}
    for overlay in config.overlays:
        if overlay.counts and is_can(overlay) and not is_known(overlay):
            failed = f"Failed to load overlay '{overlay.name}'"
            said = [one for one in _firmware_log(system) if failed in one]
            if said or (files and overlay.name not in files):
                where = said or [f"there is no {folder}/{overlay.name}.dtbo"]
                yield Finding(
                    name="pi-overlay-unknown",
                    severity=Severity.ERROR,
                    what=f"there is no overlay {overlay.name}",
                    evidence=(f"{config.path}: {overlay.line}", *where[:1]),
                    meaning="The firmware drops a line with an overlay that it does not find, and "
                    "says so in its own log only.",
                    commands=(
                        f"ls {folder} | grep -iE 'can|mcp'",
                        "# correct the line (MCP2515: mcp2515-can0; MCP2518FD: mcp251xfd); then:",
                        _REBOOT,
                    ),
                )


def _firmware_log(system: System) -> list[str]:
    """What the Pi's firmware has said: `vclog` on newer systems, `vcdbg` on older ones."""
    for command in (("vclog", "-m"), ("vcdbg", "log", "msg")):
        if system.find_program(command[0]):
            return system.ask(*command).splitlines()
    return []


def _left_out(config: ConfigTxt) -> Iterator[Finding]:
    for overlay in config.overlays:
        names = unknown_parameters(overlay) if overlay.counts else []
        if names:
            shown = ", ".join(repr(name) for name in names)
            yield Finding(
                name="pi-overlay-parameter",
                severity=Severity.WARNING,
                what=f"the overlay {overlay.name} has no parameter {shown}",
                evidence=(f"{config.path}: {overlay.line}",),
                meaning="The firmware leaves out what it does not know, and takes the overlay's "
                "own value instead. A blank behind a comma is part of the name, too.",
                commands=("# correct the line (no blanks), then:", _REBOOT),
            )


def _not_in_force(system: System, config: ConfigTxt, chip: Chip) -> Finding:
    evidence = [f"{config.path}: {chip.overlay.line}", f"no {chip.kind} at {chip.at} in sysfs"]
    written, booted = system.modified(config.path), _BOOTED.search(system.text("/proc/stat"))
    is_new = written is not None and booted is not None and written > int(booted[1])
    others = {one.path: one.id for one in devices(system) if one.bus == "spi"}
    if is_new:
        evidence.append(f"{config.path} was written after the machine was started")
    if others.get(chip.at) == "spidev":
        evidence.append(f"{chip.at} is spidev's: without the overlay it is free for programs")
    name, what = "pi-not-rebooted", f"the overlay {chip.overlay.name} is not in force yet"
    meaning = "Lines of config.txt count from the next start of the machine."
    commands = (_REBOOT, "# if it is the same afterwards: sudo vclog -m (older: vcdbg log msg)")
    if not is_new:
        name, what = "pi-overlay-not-in-force", f"the overlay {chip.overlay.name} is not in force"
        meaning = "The machine was not started anew since, or the firmware has refused the overlay."
        bus = chip.at.partition(".")[0]
        if not system.exists(f"/sys/class/spi_master/{bus}"):
            evidence.append(f"there is no /sys/class/spi_master/{bus}: SPI is off")
            if config.spi is not True and bus == "spi0":
                name, what = "pi-spi-off", "SPI is switched off"
                meaning = f"{config.path} does not switch it on; the overlay alone did not do it."
                commands = (f"# add to {config.path}, below [all]: dtparam=spi=on", _REBOOT)
    return Finding(
        name=name,
        severity=Severity.ERROR,
        what=what,
        evidence=tuple(evidence),
        meaning=meaning,
        commands=commands,
        likelihood=Likelihood.LIKELY,
    )


def _in_another_file(system: System, live: str) -> Iterator[Finding]:
    for path in PLACES:
        lines = [one for one in read_config(system, path).overlays if is_can(one)]
        if path != live and lines:
            yield Finding(
                name="pi-wrong-config",
                severity=Severity.ERROR,
                what=f"the overlay is in {path}, and the machine reads {live}",
                evidence=(f"{path}: {lines[0].line}", f"{live} has no overlay for CAN"),
                meaning="The file has moved (since Debian 12): what is written to the old place is "
                "read by nobody.",
                commands=(f"# move the lines to the end of {live}, below [all]; then:", _REBOOT),
            )


def _filtered(system: System, config: ConfigTxt) -> Iterator[Finding]:
    lines: list[Overlay] = [one for one in config.overlays if is_can(one) and not one.counts]
    if lines:
        yield Finding(
            name="pi-filtered",
            severity=Severity.ERROR,
            what=f"the overlay {lines[0].name} stands below a filter that is not for this model",
            evidence=(
                f"{config.path}: {lines[0].line}",
                f"/proc/device-tree/model: {system.text('/proc/device-tree/model')}"[:100],
            ),
            meaning="Lines below [pi4], say, count on that model only, until the next filter.",
            commands=(f"# move the line to the end of {config.path}, below [all]; then:", _REBOOT),
        )
