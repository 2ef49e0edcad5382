"""The checks, in the order in which a frame meets them: kernel, board, driver, link, bus, others.

Order decides between findings that are alike; a new check is a line here and a file in checks/.
"""

from __future__ import annotations

from canbus.bringup.doctor.check import Check
from canbus.bringup.doctor.checks import (
    absent,
    bus,
    clock,
    containers,
    drivers,
    drivers_intrepid,
    drivers_usb,
    health,
    kernel,
    kernel_refusals,
    link,
    link_bitrate,
    link_modes,
    managers,
    pi_config,
    pi_probe,
    pi_wiring,
    queue,
    receive,
    rights,
    serial_daemons,
    serial_ports,
)

CHECKS: tuple[Check, ...] = (
    Check("kernel", "CAN in the kernel, and its modules", kernel.look),
    Check("kernel-refusals", "modules that the kernel has not taken", kernel_refusals.look),
    Check("pi-config", "overlays in config.txt", pi_config.look),
    Check("pi-probe", "CAN chips on SPI", pi_probe.look),
    Check("pi-wiring", "chip select, interrupt and crystal of CAN chips", pi_wiring.look),
    Check("drivers", "hardware and its drivers", drivers.look),
    Check("intrepid", "Intrepid's module and daemon", drivers_intrepid.look),
    Check("usb", "adapters without driver or firmware, and USB itself", drivers_usb.look),
    Check("serial-daemons", "slcand, and what canbus keeps running", serial_daemons.look),
    Check("serial-ports", "who else uses a serial adapter", serial_ports.look),
    Check("containers", "containers, namespaces, Windows", containers.look),
    Check("absent", "interfaces that are not there", absent.look),
    Check("link", "interfaces that are down, virtual, or without a way back", link.look),
    Check("link-modes", "modes that explain a silence", link_modes.look),
    Check("link-bitrate", "bit rate and sample point in force", link_bitrate.look),
    Check("bus", "state and error counters of the controller", bus.look),
    Check("queue", "frames on their way out", queue.look),
    Check("receive", "frames on their way in", receive.look),
    Check("managers", "who else sets interfaces up", managers.look),
    Check("clock", "the clock that stamps frames", clock.look),
    Check("rights", "what this process may not do", rights.look),
    Check("health", "interfaces that nothing is wrong with", health.look),
)
