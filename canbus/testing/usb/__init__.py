"""Emulated USB CAN adapters for the stock Linux drivers, with faults to inject.

    from canbus.testing.usb import emulate

    with emulate("gs_usb") as adapter:
        adapter.netdevs          # ("can0",): bring it up, and use it
        adapter.fault("noack")

or, from a shell, ``python -m canbus.testing.usb gs_usb --control /run/adapter``.

The rooms, from the bottom up; each knows those before it only:

- usbip.py, descriptors.py: bytes of USB/IP and of USB's standard descriptors
- device.py: a USB device as the host sees it
- bit_time.py, node.py, wire.py: CAN controllers on a wire
- adapter.py: what adapters have in common
- gs_usb_frames.py, gs_usb.py; pcan_usb_records.py, pcan_usb.py; cdc_acm_descriptors.py, cdc_acm.py:
  the adapters; what the last one says as a serial adapter is in canbus.testing.slcan
- vhci.py: the kernel's end
- emulator.py, commands.py, serial_commands.py, control.py, __main__.py: the process that runs one
- emulated.py, emulated_serial.py, options.py, process.py: the user's handle on it, and `emulate`

No pytest here, and nothing that is imported by the rest of the library.
"""

from canbus.testing.usb.emulated import EmulatedAdapter
from canbus.testing.usb.emulated_serial import EmulatedSerialAdapter
from canbus.testing.usb.process import emulate
from canbus.testing.usb.wire import Sent

__all__ = ["EmulatedAdapter", "EmulatedSerialAdapter", "Sent", "emulate"]
