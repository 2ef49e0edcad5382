"""Intrepid's devices: the module, and the daemon, that no distribution has."""

from __future__ import annotations

from collections.abc import Iterator

from canbus.bringup.common_steps import LoadModule
from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.hardware import Device, devices, is_there
from canbus.bringup.doctor.system import System
from canbus.bringup.families.intrepid import daemon, messages, versions
from canbus.bringup.families.intrepid.channels import network_of

_VENDOR = "093c"
_SHORT = 2000  # characters: what is longer is no version
_UP = "sudo canbus up intrepid --bitrate 500k"


def look(system: System) -> Iterator[Finding]:
    """What keeps a device that is plugged in from being an interface."""
    if system.channel is not None and is_there(system):
        return
    found = [one for one in devices(system) if one.id.startswith(f"{_VENDOR}:")]
    if found and not any(map(network_of, system.links)):
        yield _why(system, found[0])


def _why(system: System, device: Device) -> Finding:
    if not system.has_module(daemon.MODULE):
        return _no_module(system, device)
    running = [one for one in system.processes if one.name in _names()]
    program = next(filter(None, map(system.find_program, daemon.NAMES)), None)
    conflict = _conflict(system, program)
    if conflict:
        return _finding("intrepid-versions", conflict, device, messages.BOTH_ANEW, conflict)
    if running:
        return _finding(
            "intrepid-idle",
            "Intrepid's daemon runs, and has made no interface of the device",
            device,
            f"sudo env LIBICSNEO_USE_SERVD=0 {program or daemon.NAMES[0]}",
            f"process {running[0].pid}: {' '.join(running[0].words)}"[:100],
            likelihood=Likelihood.LIKELY,
        )
    if program is None:
        what = "Intrepid's daemon is not installed"
        return _finding("intrepid-no-daemon", what, device, messages.BUILD_DAEMON)
    what = "Intrepid's daemon does not run"
    return _finding("intrepid-daemon-not-running", what, device, _UP, program)


def _no_module(system: System, device: Device) -> Finding:
    if not system.can_load(daemon.MODULE):
        what = f"the running kernel, {system.release}, has no module {daemon.MODULE}"
        return _finding("intrepid-no-module", what, device, messages.BUILD_MODULE)
    return _finding(
        "driver-not-loaded",
        f"{device} is plugged in, and Intrepid's module is not loaded",
        device,
        f"sudo modprobe {daemon.MODULE}; {_UP}",
        f"there is no /sys/module/{daemon.MODULE}",
        fix=(LoadModule(daemon.MODULE),),
    )


def _conflict(system: System, program: str | None) -> str:
    """Why module and daemon do not work together; "" if they do, or nobody can say."""
    module = versions.parse(system.text(f"/sys/module/{daemon.MODULE}/version")[:_SHORT])
    if module is None or program is None:
        return ""
    setting = [f"{name}={value}" for name, value in daemon.ENVIRONMENT.items()]
    other = versions.parse_banner(system.ask("env", *setting, program, "--devices")[:_SHORT])
    return versions.conflict(module, other) or "" if other else ""


def _names() -> set[str]:
    return {name[:15] for name in daemon.NAMES}  # TASK_COMM_LEN of <linux/sched.h>


def _finding(
    name: str,
    what: str,
    device: Device,
    command: str,
    *evidence: str,
    likelihood: Likelihood = Likelihood.CERTAIN,
    fix: tuple[LoadModule, ...] = (),
) -> Finding:
    is_command = command.startswith("sudo ")
    return Finding(
        name=name,
        severity=Severity.ERROR,
        what=what,
        evidence=(str(device), *evidence),
        meaning="Devices of Intrepid become interfaces through a module and a daemon of their own, "
        "which have to fit each other, and the module the kernel.",
        commands=(command if is_command else f"# {command}",),
        likelihood=likelihood,
        fix=fix,
    )
