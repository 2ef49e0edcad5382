# mypy: ignore-errors
"""A cyclic frame whose data change under way."""

import can

with can.Bus() as bus, can.Bus() as other:
    msg = can.Message(arbitration_id=0x321, data=[0] * 8, is_extended_id=False)
    task = bus.send_periodic(msg, 0.01)
    for number in range(1, 4):
        msg.data[0] = number
        task.modify_data(msg)
        while (heard := other.recv(2)).data[0] != number:
            pass
        print(heard.data.hex())
    try:
        task.modify_data(can.Message(arbitration_id=0x322, is_extended_id=False, data=[0] * 8))
    except ValueError:
        print("another id is refused")
    task.stop()
