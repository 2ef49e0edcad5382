# mypy: ignore-errors
"""Several frames in turn, and several tasks that end with the bus."""

import can

with can.Bus() as bus, can.Bus() as other:
    turn = [
        can.Message(arbitration_id=0x100, data=[number], is_extended_id=False)
        for number in range(4)
    ]
    task = bus.send_periodic(turn, 0.01)
    numbers = [other.recv(2).data[0] for _ in range(9)]
    task.stop()
    print(numbers)
    while other.recv(0.05) is not None:
        pass
    for can_id in (0x200, 0x201, 0x202):
        bus.send_periodic(can.Message(arbitration_id=can_id, is_extended_id=False), 0.01)
    seen = set()
    while len(seen) < 3:
        seen.add(other.recv(2).arbitration_id)
    print(sorted(map(hex, seen)))
    bus.stop_all_periodic_tasks()
    while other.recv(0.05) is not None:
        pass
    print(other.recv(0.05))
