"""Kvaser: USB, PCI and PCI Express adapters. Facts only.

Drivers: drivers/net/can/usb/kvaser_usb, drivers/net/can/sja1000/kvaser_pci.c and
drivers/net/can/kvaser_pciefd of the kernel.
"""

from canbus.bringup.adapter_family import AdapterFamily, Driver

_LINUXCAN = (
    "Kvaser's own driver (linuxcan) has it, for CANlib programs: sudo modprobe -r {module}, "
    "then again; for good, remove the lines of /etc/modprobe.d/kvaser.conf"
)

FAMILY = AdapterFamily(
    name="kvaser",
    title="Kvaser adapter",
    drivers=(
        Driver("kvaser_usb", "usb", vendors=frozenset({"0bfd"})),
        Driver("kvaser_pci", "pci", ids=frozenset({"10e8:8406", "1a07:0008"})),
        Driver(
            "kvaser_pciefd",
            "pci",
            ids=frozenset(f"1a07:{number:04x}" for number in range(0x0D, 0x1A)),
        ),
    ),
    rivals={
        module: _LINUXCAN.format(module=module)
        for module in ("leaf", "mhydra", "usbcanII", "kvpcicanII", "pcicanII", "kvpciefd")
    },
)
