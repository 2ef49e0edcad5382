"""The kernel: whether it has CAN at all, and its modules. Drivers of adapters are drivers.py's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canbus.bringup.common_steps import LoadModule
from canbus.bringup.doctor.blocked import block_of
from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.place import container_evidence, is_wsl
from canbus.bringup.doctor.system import System

_NO_SOCKETS = "a socket of PF_CAN is refused: the kernel has no CAN, or could not load it"
_MODULES = ("can", "can_raw")
_UBUNTU = re.compile(r"-\d+-(generic|aws|azure|gcp|gke|kvm|oracle|raspi|virtual|lowlatency)$")
_CLOUD = re.compile(r"-cloud-(amd64|arm64)$")


def look(system: System) -> Iterator[Finding]:
    """Why there are no CAN sockets."""
    if system.has_can_sockets:
        return
    block = block_of(system, *_MODULES)
    if all(map(system.can_load, _MODULES)):
        yield _kept_away(str(block)) if block else _not_loaded(system)
    elif is_wsl(system):
        return  # containers.py has more to say
    elif inside := container_evidence(system):
        yield _in_container(inside)
    elif not system.names(f"/lib/modules/{system.release}"):
        yield from _no_folder(system)
    else:
        yield _no_modules(system)


def _not_loaded(system: System) -> Finding:
    return Finding(
        name="can-not-loaded",
        severity=Severity.ERROR,
        what="the kernel's CAN modules are there, and not loaded",
        evidence=(_NO_SOCKETS, f"can and can-raw are in /lib/modules/{system.release}/modules.dep"),
        meaning="The kernel loads them itself as a rule, when a program first asks for a socket. "
        "Where it may not, somebody has to.",
        commands=("sudo modprobe can_raw", "echo can_raw | sudo tee /etc/modules-load.d/can.conf"),
        likelihood=Likelihood.LIKELY,
        fix=(LoadModule("can_raw"),),
    )


def _kept_away(block: str) -> Finding:
    return Finding(
        name="can-blocked",
        severity=Severity.ERROR,
        what="a line of modprobe's configuration keeps CAN out of the kernel",
        evidence=(_NO_SOCKETS, block),
        meaning="Somebody, or a package that hardens the system, has switched rarely used "
        "protocols off, and CAN with them.",
        commands=(
            "# remove that line (or ask who has put it there), then:",
            "sudo modprobe can_raw",
        ),
    )


def _in_container(inside: tuple[str, ...]) -> Finding:
    return Finding(
        name="no-can-in-container",
        severity=Severity.ERROR,
        what="there are no CAN sockets in this container",
        evidence=(_NO_SOCKETS, *inside),
        meaning="The kernel is the host's: it has no CAN, or has not loaded it, or is older than "
        "4.12, which had CAN in its first network namespace only.",
        commands=("# on the host:", "sudo modprobe can_raw", "canbus doctor"),
        likelihood=Likelihood.LIKELY,
    )


def _no_folder(system: System) -> Iterator[Finding]:
    others = [name for name in system.names("/lib/modules") if name != system.release]
    if not others:
        yield _no_modules(system)
        return
    yield Finding(
        name="kernel-replaced",
        severity=Severity.ERROR,
        what=f"the modules of the running kernel, {system.release}, are gone",
        evidence=(
            f"there is no /lib/modules/{system.release}",
            f"/lib/modules has {', '.join(others[:4])}",
            _NO_SOCKETS,
        ),
        meaning="The kernel was updated, and the machine still runs the old one: what was not "
        "loaded before cannot be loaded any more.",
        commands=("sudo reboot",),
    )


def _no_modules(system: System) -> Finding:
    release = system.release
    commands: tuple[str, ...] = (
        "# install a kernel with CAN (Debian: linux-image-amd64 or -arm64; others: its package of",
        "# extra modules), or build one with CONFIG_CAN, CONFIG_CAN_RAW and the adapter's driver",
    )
    why = "Small kernels, of boards and of cloud images, are built without it."
    name = "kernel-without-can"
    if _UBUNTU.search(release):
        name = "can-modules-missing"
        commands = (f"sudo apt install linux-modules-extra-{release}", "sudo modprobe can_raw")
        why = "Ubuntu has CAN in a package of its own, which small images leave out."
    elif _CLOUD.search(release):
        found = _CLOUD.search(release)
        architecture = found[1] if found else "amd64"
        commands = (f"sudo apt install linux-image-{architecture}", "sudo reboot")
        why = "Debian's kernel for the cloud is built without CAN; the usual one has it."
    return Finding(
        name=name,
        severity=Severity.ERROR,
        what=f"the running kernel, {release}, has no CAN",
        evidence=(
            _NO_SOCKETS,
            *_config_says(system),
            f"no module can_raw in /lib/modules/{release}",
        ),
        meaning=why,
        commands=commands,
    )


def _config_says(system: System) -> Iterator[str]:
    path = f"/boot/config-{system.release}"
    wanted = "# CONFIG_CAN is not set"
    if wanted in system.lines(path):
        yield f"{path}: {wanted}"
