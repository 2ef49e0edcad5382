"""Frames that a bus does not take, and a bus that is shut down."""

import can

with can.Bus() as bus, can.Bus() as other:
    bus.send(can.Message(arbitration_id=1, data=[1]), timeout=0.5)
    bus.send(can.Message(arbitration_id=2, data=[1]), timeout=None)
    bus.send(can.Message(arbitration_id=3, data=[1]), 0)
    print([other.recv(2).arbitration_id for _ in range(3)])
bus.shutdown()
try:
    bus.send(can.Message())
except (can.CanError, ValueError, OSError):
    print("not sent: it is shut down")
