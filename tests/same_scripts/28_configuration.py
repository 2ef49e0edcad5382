"""Where a bus gets its options from: the call, the program, the environment."""

import os

import can

with can.Bus() as bus:
    print(type(bus).__mro__[-1], isinstance(bus, can.BusABC))
kept = dict(can.rc)
names = ("CAN_INTERFACE", "CAN_CHANNEL")
environment = {name: os.environ.pop(name, None) for name in names}
can.rc = {"interface": "virtual", "channel": "from the program"}
with can.Bus() as bus, can.Bus("from the program", interface="virtual") as other:
    bus.send(can.Message(arbitration_id=1))
    print(other.recv(1).arbitration_id)
with can.Bus("from the call") as bus, can.Bus("from the call", interface="virtual") as other:
    bus.send(can.Message(arbitration_id=2))
    print(other.recv(1).arbitration_id)
can.rc = kept
for name, value in environment.items():
    if value is not None:
        os.environ[name] = value
with can.Bus(ignore_config=True, interface="virtual", channel="alone") as bus:
    print(bus.recv(0))
