"""Interfaces that are there, but not here: containers, network namespaces, Windows."""

from __future__ import annotations

from collections.abc import Iterator

from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.hardware import Device, can_devices, is_there
from canbus.bringup.doctor.place import container_evidence, is_wsl, namespace_evidence
from canbus.bringup.doctor.system import System

_HOSTS = ("docker0", "cni0", "podman0", "virbr0", "br-")
"""Interfaces of a host: who sees them is in its network."""

_WAYS = (
    "# the host's network: docker run --network host --cap-add NET_ADMIN IMAGE",
    "# or move the interface in, on the host; the number: docker inspect -f '{{.State.Pid}}' NAME",
    "# sudo ip link set can0 netns PID",
    "# or share it through a vxcan: docs/rights.md",
)

_BUILD = (
    "# build github.com/microsoft/WSL2-Linux-Kernel with CONFIG_CAN=y, CONFIG_CAN_RAW=y,",
    "# CONFIG_CAN_VCAN=y and the adapter's driver; name it in .wslconfig (kernel=)",
)


def look(system: System) -> Iterator[Finding]:
    """Why an interface is not here; nothing if it is."""
    if is_there(system):
        return
    name = system.channel or "a CAN interface"
    found = container_evidence(system)
    driven = [
        device for device, driver, _ in can_devices(system) if driver.module in device.drivers
    ]
    paths = (link.device.path or "" for link in system.links if link.device)
    here = {path.partition(":")[0] for path in paths}
    elsewhere = [one for one in driven if one.path not in here and one.bus != "spi"]
    others = [one for one in system.names("/sys/class/net") if one.startswith(_HOSTS)]
    if found and not others:
        yield _in_container(name, (*found, *namespace_evidence(system)), elsewhere)
    elif elsewhere:
        yield _moved_away(name, elsewhere[0], namespace_evidence(system))
    elif spaces := namespace_evidence(system):
        yield _in_namespace(name, spaces)
    if is_wsl(system):
        yield _in_windows(system)


def _in_container(name: str, evidence: tuple[str, ...], elsewhere: list[Device]) -> Finding:
    return Finding(
        name="in-container",
        severity=Severity.ERROR,
        what=f"this is a container, and {name} is not in its network",
        evidence=(*evidence, *(f"{one}: driven by {one.drivers[0]}" for one in elsewhere[:1])),
        meaning="A container has interfaces of its own; those of drivers and of slcand are born on "
        "the host. Modules have to be loaded there, too.",
        commands=_WAYS,
        likelihood=Likelihood.CERTAIN if elsewhere else Likelihood.LIKELY,
    )


def _moved_away(name: str, device: Device, spaces: tuple[str, ...]) -> Finding:
    return Finding(
        name="in-another-namespace",
        severity=Severity.ERROR,
        what=f"{device} has its driver, and its interface is not here: it is in another namespace",
        evidence=(f"{device}: driven by {device.drivers[0]}", f"no {name} (netlink)", *spaces),
        meaning="Each network namespace has interfaces of its own. It was moved into a container, "
        "or this process is in one.",
        commands=(
            "sudo lsns --type net  # the namespaces, and whose they are",
            "# there: sudo nsenter -t PID -n ip link set NAME netns 1",
        ),
        likelihood=Likelihood.LIKELY,
    )


def _in_namespace(name: str, spaces: tuple[str, ...]) -> Finding:
    return Finding(
        name="own-namespace",
        severity=Severity.ERROR,
        what=f"this process is in a namespace of its own, where {name} is not",
        evidence=spaces,
        meaning="Interfaces of the machine are in its first network namespace, until they are "
        "moved; and rights in a user namespace do not count there.",
        commands=("# run it outside; or move the interface in: docs/rights.md",),
        likelihood=Likelihood.POSSIBLE,
    )


def _in_windows(system: System) -> Finding:
    lacks = not system.has_can_sockets
    attach = "# in Windows: usbipd list; usbipd bind --busid N; usbipd attach --wsl --busid N"
    return Finding(
        name="wsl-without-can" if lacks else "wsl",
        severity=Severity.ERROR,
        what="Windows' own Linux kernel has no CAN" if lacks else "Windows has the adapter",
        evidence=(f"osrelease: {system.text('/proc/sys/kernel/osrelease')}"[:100],),
        meaning="Microsoft builds WSL's kernel without CAN, and USB devices belong to Windows "
        "until they are attached.",
        commands=(*(_BUILD if lacks else ()), attach),
        likelihood=Likelihood.CERTAIN if lacks else Likelihood.LIKELY,
    )
