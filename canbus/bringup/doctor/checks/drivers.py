"""Hardware that a driver of the kernel should make an interface of, and has not.

Intrepid's, which needs a driver of its own, is in drivers_intrepid.py; what USB itself makes
trouble with, in drivers_usb.py; chips that do not answer, in pi_probe.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from canbus.bringup.adapter_family import AdapterFamily, Driver
from canbus.bringup.common_steps import LoadModule
from canbus.bringup.doctor.blocked import Block, block_of
from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.hardware import Device, can_devices, is_there
from canbus.bringup.doctor.place import container_evidence
from canbus.bringup.doctor.system import System

_IN_USER_SPACE = {
    "usbfs": "a program that speaks to it past the kernel (by libusb)",
    "vfio-pci": "a virtual machine",
}


def look(system: System) -> Iterator[Finding]:
    """Each device whose driver has not taken it; none if the interface asked about is there."""
    if system.channel is not None and is_there(system):
        return
    told = set()
    for device, driver, family in can_devices(system):
        if driver.module not in device.drivers and driver.module not in told:
            told.add(driver.module)
            yield from _untaken(system, device, driver, family)


def _untaken(
    system: System, device: Device, driver: Driver, family: AdapterFamily | None
) -> Iterator[Finding]:
    rivals = family.rivals if family is not None else {}
    rival = next((one for one in rivals if one in device.drivers or system.has_module(one)), None)
    block = block_of(system, driver.module)
    if rival is not None:
        if not any(link.device and link.device.driver == rival for link in system.links):
            yield _has_rival(device, driver, rival, rivals[rival], block)
    elif device.drivers:
        yield _has_other(device, driver)
    elif system.has_module(driver.module):
        yield _is_refused(system, device, driver)
    elif block is not None:
        yield _is_blocked(device, driver, block)
    elif container_evidence(system) and not _may_load(system, driver):
        yield _not_loaded(device, driver, "# on the host, as a container cannot:")
    elif not system.can_load(driver.module):
        yield _is_missing(system, device, driver)
    else:
        yield _not_loaded(device, driver)


def _may_load(system: System, driver: Driver) -> bool:
    """A container may that was given the right and the files."""
    return system.has_capability("CAP_SYS_MODULE") and system.can_load(driver.module)


def _not_loaded(device: Device, driver: Driver, where: str = "") -> Finding:
    return Finding(
        name="driver-not-loaded",
        severity=Severity.ERROR,
        what=f"{device} is plugged in, and its driver {driver.module} is not loaded",
        evidence=(str(device), f"there is no /sys/module/{driver.module}"),
        meaning="udev loads it as a rule when the device is plugged in: it did not run yet then, "
        "or it does not run here at all.",
        commands=(*filter(None, (where,)), f"sudo modprobe {driver.module}"),
        fix=() if where else (LoadModule(driver.module),),
    )


def _is_blocked(device: Device, driver: Driver, block: Block) -> Finding:
    return Finding(
        name="driver-blocked",
        severity=Severity.ERROR,
        what=f"{device} is plugged in, and its driver {driver.module} is kept from being loaded",
        evidence=(str(device), str(block)),
        meaning="Nobody loads it by himself because of that line. A driver of the maker's own, or "
        "a package that hardens the system, has put it there.",
        commands=(
            "# remove that line, if nothing else needs it; then:",
            f"sudo modprobe {driver.module}",
        ),
    )


def _is_missing(system: System, device: Device, driver: Driver) -> Finding:
    package = f"linux-modules-extra-{system.release}"
    return Finding(
        name="driver-missing",
        severity=Severity.ERROR,
        what=f"{device} is plugged in, and this kernel has no driver {driver.module}",
        evidence=(
            str(device),
            f"no {driver.module} in /lib/modules/{system.release}/modules.dep",
        ),
        meaning="Kernels of small boards and of cloud images leave drivers out, or have them in a "
        "package of extra modules.",
        commands=(
            f"# Ubuntu: sudo apt install {package}",
            f"# else: another kernel, or one built with the driver {driver.module}",
        ),
    )


def _has_rival(
    device: Device, driver: Driver, rival: str, advice: str, block: Block | None
) -> Finding:
    return Finding(
        name="vendor-driver",
        severity=Severity.ERROR,
        what=f"the maker's own module {rival} is in the way of {driver.module}",
        evidence=(
            str(device),
            f"its driver is {rival}" if rival in device.drivers else f"/sys/module/{rival}",
            *([str(block)] if block else []),
        ),
        meaning="One adapter belongs to one driver at a time, and that one makes no network "
        "interface: it is for the maker's own library.",
        commands=(
            f"sudo modprobe -r {rival}",
            f"sudo modprobe {driver.module}",
            f"# {advice}",
        ),
    )


def _has_other(device: Device, driver: Driver) -> Finding:
    other = device.drivers[0]
    whose = _IN_USER_SPACE.get(other, f"the driver {other}")
    return Finding(
        name="driver-elsewhere",
        severity=Severity.ERROR,
        what=f"{whose} has {device}, so that {driver.module} cannot",
        evidence=(str(device), f"its driver is {other}"),
        meaning="One adapter belongs to one driver at a time. While another has it, there is no "
        "network interface.",
        commands=("# end the program, or the machine, that uses it, and plug it in anew",),
        likelihood=Likelihood.LIKELY,
    )


def _is_refused(system: System, device: Device, driver: Driver) -> Finding:
    said = [line for line in system.kernel_log or () if f" {device.path}" in line]
    commands = [f"sudo dmesg | grep '{device.path}'"]
    if driver.module == "gs_usb":
        numbers = device.id.replace(":", " ")
        commands.append(f"echo {numbers} | sudo tee /sys/bus/usb/drivers/gs_usb/new_id")
    return Finding(
        name="driver-refused",
        severity=Severity.ERROR,
        what=f"the driver {driver.module} is loaded, and has not taken {device}",
        evidence=(str(device), f"/sys/module/{driver.module}", *said[-3:]),
        meaning="Either its set-up failed, then the kernel's log says why; or this kernel's driver "
        "is older than the device.",
        commands=(*commands, "# plug it in anew"),
        likelihood=Likelihood.LIKELY,
    )
