"""A bus is an endless row of frames."""

import can

with can.Bus() as bus, can.Bus() as other:
    for number in range(10):
        other.send(can.Message(arbitration_id=number, data=[number]))
    for msg in bus:
        print(msg.arbitration_id, list(msg.data))
        if msg.arbitration_id == 6:
            break
    print(next(iter(bus)).arbitration_id)
