"""A cyclic frame, until it is stopped."""

from itertools import pairwise

import can

with can.Bus() as bus, can.Bus() as other:
    msg = can.Message(arbitration_id=0x321, data=[1, 2, 3], is_extended_id=False)
    task = bus.send_periodic(msg, 0.01)
    print(isinstance(task, can.CyclicSendTaskABC))
    frames = [other.recv(2) for _ in range(5)]
    task.stop()
    print({(hex(one.arbitration_id), one.data.hex()) for one in frames})
    gaps = [b.timestamp - a.timestamp for a, b in pairwise(frames)]
    print(all(gap >= 0 for gap in gaps), sum(gaps) < 5)
    while other.recv(0.05) is not None:
        pass
    print("silent:", other.recv(0.05))
