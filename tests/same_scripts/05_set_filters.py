# mypy: ignore-errors
"""Filters changed while the bus is open, and taken away."""

import can

with can.Bus() as bus, can.Bus() as other:

    def heard():
        for can_id in range(0x100, 0x108):
            other.send(can.Message(arbitration_id=can_id, is_extended_id=False))
        ids = []
        while (msg := bus.recv(0.05)) is not None:
            ids.append(hex(msg.arbitration_id))
        return ids

    print(bus.filters, heard())
    bus.set_filters([{"can_id": 0x104, "can_mask": 0x7FC}])
    print(len(bus.filters), heard())
    bus.filters = [{"can_id": 0x100, "can_mask": 0x7FF}, {"can_id": 0x107, "can_mask": 0x7FF}]
    print(len(bus.filters), heard())
    bus.set_filters(None)
    print(bus.filters, heard())
