"""A serial CAN adapter (CANable, USBtin, CANUSB, ...): send a frame, receive one.

Give it the port of yours; without one it plugs in an emulated adapter.
"""

import sys
from contextlib import ExitStack

import canbus as can
from canbus.testing.slcan import SlcanEmulator


def talk(port: str) -> None:
    with can.Bus(port, interface="slcan", bitrate=500_000) as bus:
        print(f"open: {bus}")  # and what kind of adapter it says it is
        bus.send(can.Message.parse("123#C0FFEE"))
        print(bus.recv(timeout=2.0) or "nothing came within two seconds")


def main() -> None:
    if len(sys.argv) > 1:
        talk(sys.argv[1])
        return
    with ExitStack() as stack:
        # Another node on the wire that the emulated adapter hangs on.
        node = stack.enter_context(can.Bus("wire", interface="virtual"))
        wire = stack.enter_context(can.Bus("wire", interface="virtual"))
        adapter = stack.enter_context(SlcanEmulator("usbtin", bus=wire))
        node.send_periodic(can.Message.parse("321#0102"), period=0.05)
        talk(adapter.port)


if __name__ == "__main__":
    main()
