"""gs_usb: candleLight, CANable with its firmware, and others that speak the same. Facts only.

The ids are those of drivers/net/can/usb/gs_usb.c (6.12) and CANnectivity's. The driver has no
restart from bus-off: `restart_ms` is refused, and that is reported.
"""

from canbus.bringup.adapter_family import AdapterFamily, Driver

FAMILY = AdapterFamily(
    name="gs_usb",
    title="candleLight adapter (gs_usb)",
    drivers=(
        Driver(
            "gs_usb",
            "usb",
            ids=frozenset({
                "1d50:606f", "1209:2323", "1cd2:606f", "16d0:10b8", "16d0:0f30", "1209:ca01",
            }),
        ),
    ),
    rivals={},
)  # fmt: skip
