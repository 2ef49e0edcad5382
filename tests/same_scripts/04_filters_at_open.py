"""Filters given when the bus is opened."""

import can

filters = [
    {"can_id": 0x451, "can_mask": 0x7FF, "extended": False},
    {"can_id": 0xA0000, "can_mask": 0x1FFFFFFF, "extended": True},
    {"can_id": 0x200, "can_mask": 0x700},
]

with can.Bus(can_filters=filters) as bus, can.Bus() as other:
    for can_id in (0x451, 0x452, 0x2FF, 0x7FF):
        other.send(can.Message(arbitration_id=can_id, is_extended_id=False))
    for can_id in (0xA0000, 0xA0001, 0x451, 0x18DA0201):
        other.send(can.Message(arbitration_id=can_id, is_extended_id=True))
    while (msg := bus.recv(0.05)) is not None:
        print(f"{msg.arbitration_id:x} {msg.is_extended_id}")
