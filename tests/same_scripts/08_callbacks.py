# mypy: ignore-errors
"""Functions and methods as listeners; added and removed."""

import threading

import can


class Counter:
    def __init__(self):
        self.count = 0

    def __call__(self, msg):
        self.count += 1

    def method(self, msg):
        self.count += 100


last = threading.Event()
seen = []


def remember(msg):
    seen.append(msg.arbitration_id)
    if msg.arbitration_id == 0x7FF:
        last.set()


with can.Bus() as bus, can.Bus() as other:

    def send(*ids):
        last.clear()
        for can_id in (*ids, 0x7FF):
            other.send(can.Message(arbitration_id=can_id, is_extended_id=False))
        assert last.wait(2)

    counter = Counter()
    notifier = can.Notifier(bus, [counter, remember], 0.1)
    send(1, 2)
    notifier.remove_listener(counter)
    notifier.listeners.remove(remember)
    notifier.add_listener(counter.method)
    notifier.add_listener(remember)
    send(3)
    notifier.remove_listener(counter.method)
    print(len(notifier.listeners))
    notifier.stop()
    print(counter.count, seen, notifier.stopped)
