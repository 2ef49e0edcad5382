"""A bridge: what comes here goes there."""

import can

with (
    can.Bus() as bus,
    can.Bus() as other,
    can.Bus("there", interface="virtual") as there,
    can.Bus("there", interface="virtual") as listener,
):
    notifier = can.Notifier(bus, [can.RedirectReader(there)], 0.1)
    for number in range(5):
        other.send(can.Message(arbitration_id=0x10 + number, data=[number], is_extended_id=False))
    for _ in range(5):
        msg = listener.recv(2)
        print(hex(msg.arbitration_id), msg.data.hex(), msg.is_extended_id)
    notifier.stop()
