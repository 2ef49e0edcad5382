"""The two interfaces of a serial port on USB: class CDC, abstract control model.

Values to bytes only. Names and numbers are those of the USB specifications "Class Definitions for
Communications Devices" and "PSTN Devices" 1.2; what Linux makes of them is in
drivers/usb/class/cdc-acm.c.
"""

from __future__ import annotations

from canbus.testing.usb.descriptors import bulk_endpoint, interface, interrupt_endpoint

COMMUNICATIONS = 0x02
"""bDeviceClass, and the class of the interface for control."""

_CONTROL, _DATA = 0, 1  # numbers of the interfaces
_ABSTRACT_CONTROL, _AT_COMMANDS = 0x02, 0x01
_DATA_CLASS = 0x0A
_FUNCTIONAL = 0x24  # CS_INTERFACE
_HEADER, _CALLS, _ACM, _UNION = 0, 1, 2, 6
_LINE_AND_BREAK = 0x02 | 0x04  # line coding, serial state; SEND_BREAK


def cdc_acm_interfaces(notifications: int, data: int) -> tuple[bytes, bytes]:
    """Describe them.

    Args:
        notifications: number of the interrupt endpoint of the control interface.
        data: number of the bulk endpoints of the data interface.
    """
    functional = (
        bytes([5, _FUNCTIONAL, _HEADER, 0x10, 0x01])
        + bytes([5, _FUNCTIONAL, _CALLS, 0, _DATA])
        + bytes([4, _FUNCTIONAL, _ACM, _LINE_AND_BREAK])
        + bytes([5, _FUNCTIONAL, _UNION, _CONTROL, _DATA])
    )
    return (
        interface(
            _CONTROL,
            (COMMUNICATIONS, _ABSTRACT_CONTROL, _AT_COMMANDS),
            [interrupt_endpoint(0x80 | notifications, 8, 16)],
            functional,
        ),
        interface(_DATA, (_DATA_CLASS, 0, 0), [bulk_endpoint(0x80 | data), bulk_endpoint(data)]),
    )
