"""Ten mistakes that a type checker must see: each line with WRONG, and no other. Never run."""

from __future__ import annotations

import canbus as can


def opening() -> None:
    can.Bus("can0", interface="socketcan", bitrat=500_000)  # WRONG: misspelt
    can.Bus("can0", interface="socketcan", bitrate="500k")  # WRONG: a text
    can.Bus("can0", interface="socketcan", rx_queue_size=5)  # WRONG: of another backend
    print(can.Bus("x", interface="virtual").socket)  # WRONG: only socketcan has one


def using(bus: can.BusABC) -> None:
    bus.send("123#DEAD")  # WRONG: text is no frame
    print(bus.recv(1.0).data)  # WRONG: there may be none
    can.Message(arbitration_id="0x123")  # WRONG: a text
    bus.set_filters({"can_id": 0x123, "can_mask": 0x7FF})  # WRONG: one, and not a list
    bus.send_periodic(can.Message(), period="0.1")  # WRONG: a text
    can.Notifier(bus, [3])  # WRONG: nothing to call
