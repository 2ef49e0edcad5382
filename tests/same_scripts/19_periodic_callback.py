"""A function changes each frame before it is sent.

# differs: `modifier_callback`
#   python-can: the caller's message: changed
#   canbus: the caller's message: as it was
"""

import can


def count_up(msg):
    msg.data[0] = (msg.data[0] + 1) % 256


with can.Bus() as bus, can.Bus() as other:
    msg = can.Message(arbitration_id=0x55, data=[0, 7], is_extended_id=False)
    task = bus.send_periodic(msg, 0.01, modifier_callback=count_up)
    numbers = [other.recv(2).data[0] for _ in range(6)]
    task.stop()
    print([number - numbers[0] for number in numbers])
    print("the caller's message:", "as it was" if msg.data[0] == 0 else "changed")
