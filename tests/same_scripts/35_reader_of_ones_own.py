"""What may be a listener: anything that can be called, and it may stop itself."""

import queue

import can


class OnlyThese:
    def __init__(self, *ids):
        self.ids = ids
        self.queue: queue.SimpleQueue[int | None] = queue.SimpleQueue()

    def __call__(self, msg):
        if msg.arbitration_id in self.ids:
            self.queue.put(msg.arbitration_id)

    def stop(self):
        self.queue.put(None)


with can.Bus() as bus, can.Bus() as other:
    picked = OnlyThese(2, 5, 7)
    notifier = can.Notifier(bus, [picked], 0.1)
    for number in range(8):
        other.send(can.Message(arbitration_id=number, is_extended_id=False))
    print([picked.queue.get(timeout=2) for _ in range(3)])
    notifier.stop()
    print(picked.queue.get(timeout=2))
    print(can.Notifier.find_instances(bus))
