# mypy: ignore-errors
"""A cyclic frame that is created first and started later; stopped and started again."""

import can

with can.Bus() as bus, can.Bus() as other:
    msg = can.Message(arbitration_id=0x321, is_extended_id=False)
    task = bus.send_periodic(msg, 0.01, autostart=False)
    print("before:", other.recv(0.05))
    for _ in range(2):
        task.start()
        print("started:", hex(other.recv(2).arbitration_id))
        task.stop()
        while other.recv(0.05) is not None:
            pass
    print("stopped:", other.recv(0.05))
