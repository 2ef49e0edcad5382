# mypy: ignore-errors
"""One bus, several threads."""

import threading

import can

with can.ThreadSafeBus() as bus, can.Bus() as other:

    def send(thread):
        for number in range(50):
            bus.send(can.Message(arbitration_id=thread, data=[number], is_extended_id=False))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    seen = {number: [] for number in range(4)}
    for _ in range(200):
        msg = other.recv(2)
        seen[msg.arbitration_id].append(msg.data[0])
    for thread in threads:
        thread.join()
    print([seen[number] == list(range(50)) for number in range(4)])
    other.send(can.Message(arbitration_id=5))
    print(bus.recv(2).arbitration_id, bus.recv(0.01))
    bus.set_filters([{"can_id": 7, "can_mask": 0x1FFFFFFF}])
    other.send(can.Message(arbitration_id=6))
    other.send(can.Message(arbitration_id=7))
    print(bus.recv(2).arbitration_id)
