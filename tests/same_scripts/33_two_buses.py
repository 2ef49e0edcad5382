"""One notifier for two buses; which one a frame is from."""

import can

with (
    can.Bus("north", interface="virtual") as north,
    can.Bus("south", interface="virtual") as south,
    can.Bus("north", interface="virtual") as at_north,
    can.Bus("south", interface="virtual") as at_south,
):
    reader = can.BufferedReader()
    notifier = can.Notifier([north, south], [reader], 0.1)
    for number, bus in enumerate([at_north, at_south, at_north]):
        bus.send(can.Message(arbitration_id=number, is_extended_id=False))
        msg = reader.get_message(2)
        print(msg.channel, msg.arbitration_id)
    notifier.stop()
