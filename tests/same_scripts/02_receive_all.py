"""Receive until nothing comes any more."""

import can


def receive_all(bus):
    while True:
        msg = bus.recv(0.05)
        if msg is None:
            print("timeout")
            return
        print(f"{msg.arbitration_id:#x} {msg.dlc} {msg.data.hex()} rx={msg.is_rx}")


if __name__ == "__main__":
    with can.Bus() as bus, can.Bus() as other:
        for number in range(5):
            other.send(can.Message(arbitration_id=0x100 + number, data=[number] * number))
        receive_all(bus)
        print(bus.recv(0), bus.recv(0.0))
