"""PCAN: USB, PCI and PCI Express adapters of PEAK-System. Facts only.

Drivers: drivers/net/can/usb/peak_usb, drivers/net/can/sja1000/peak_pci.c and
drivers/net/can/peak_canfd of the kernel (3.4 and newer).
"""

from canbus.bringup.adapter_family import AdapterFamily, Driver

FAMILY = AdapterFamily(
    name="pcan",
    title="PCAN adapter",
    drivers=(
        Driver("peak_usb", "usb", vendors=frozenset({"0c72"})),
        Driver("peak_pci", "pci", ids=frozenset(f"001c:{n:04x}" for n in range(1, 0xB))),
        Driver(
            "peak_pciefd",
            "pci",
            ids=frozenset(f"001c:{n:04x}" for n in (0x13, 0x14, 0x17, 0x18, 0x19, 0x1A)),
        ),
    ),
    rivals={
        "pcan": "PEAK's own driver has it, for its PCAN-Basic programs: sudo rmmod pcan, then "
        "again; for good, remove /etc/modprobe.d/blacklist-peak.conf",
    },
)
