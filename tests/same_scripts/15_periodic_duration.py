"""A cyclic frame for so long.

# differs on vcan: duration 0.3 s, period 0.1 s
#   python-can: 2 frames
#   canbus: 3 frames
"""

import can

with can.Bus() as bus, can.Bus() as other:
    msg = can.Message(arbitration_id=0x321, is_extended_id=False)
    task = bus.send_periodic(msg, 0.2, duration=0.6)  # 2.9999999999999996 of them
    print(isinstance(task, can.LimitedDurationCyclicSendTaskABC))
    count = 0
    while other.recv(0.5) is not None:
        count += 1
    print(count, "frames")
