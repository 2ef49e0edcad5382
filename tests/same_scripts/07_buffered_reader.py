"""A notifier fills a reader, which is asked in its own time."""

import can

with can.Bus() as bus, can.Bus() as other:
    reader = can.BufferedReader()
    notifier = can.Notifier(bus, [reader], timeout=0.1)
    for number in range(20):
        other.send(can.Message(arbitration_id=number, is_extended_id=False))
    print([reader.get_message(timeout=2).arbitration_id for _ in range(20)])
    print(reader.get_message(timeout=0.01))
    notifier.stop()
