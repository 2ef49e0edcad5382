"""CAN FD: 64 bytes, a second bit rate.

# differs on virtual: `fd=True` on `virtual`
#   python-can: CanProtocol.CAN_20
#   canbus: CanProtocol.CAN_FD
"""

import can

with can.Bus(fd=True) as bus, can.Bus(fd=True) as other:
    print(bus.protocol)
    for length in (0, 8, 12, 64):
        other.send(
            can.Message(
                arbitration_id=length, is_fd=True, bitrate_switch=length > 8, data=bytes(length)
            )
        )
        msg = bus.recv(2)
        print(msg.arbitration_id, msg.dlc, len(msg.data), msg.is_fd, msg.bitrate_switch)
    other.send(can.Message(arbitration_id=1, data=[1, 2]))
    print(bus.recv(2).is_fd)
