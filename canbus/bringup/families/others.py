"""Drivers of the kernel for USB adapters of makers that have no family here. Facts only.

The ids are those of the drivers' tables in drivers/net/can/usb (6.12). The kernel loads them by
itself, and `canbus up can0` is all that they need.
"""

from canbus.bringup.adapter_family import Driver

DRIVERS = (
    Driver("ems_usb", "usb", ids=frozenset({"12d6:0444"})),
    Driver("esd_usb", "usb", ids=frozenset({"0ab4:0010", "0ab4:0011", "0ab4:0014"})),
    Driver("usb_8dev", "usb", ids=frozenset({"0483:1234"})),
    Driver("mcba_usb", "usb", ids=frozenset({"04d8:0a30"})),
    Driver("ucan", "usb", ids=frozenset({"2294:425a", "2294:425b"})),
    Driver("etas_es58x", "usb", ids=frozenset({"108c:0159", "108c:0168", "108c:0169"})),
    Driver("f81604", "usb", ids=frozenset({"2c42:1709"})),
)
