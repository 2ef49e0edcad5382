"""A wheel-speed frame as control units want it: a counter and a checksum in every frame.

    python wheel_speed.py                   in process, no hardware
    python wheel_speed.py socketcan can0    on a bus; the kernel keeps the time

Byte 0 is a CRC-8 (SAE J1850) over the other seven, the low half of byte 1 counts 0 to 15.
"""

import sys

import canbus as can

crc8 = can.Crc(width=8, polynomial=0x1D, initial=0xFF, final_xor=0xFF)


def wheel_speed(km_per_hour: float) -> can.Message:
    raw = round(km_per_hour / 0.01)
    return can.Message(
        arbitration_id=0x1A0,
        is_extended_id=False,
        data=[0, 0, *raw.to_bytes(2, "little"), *bytes(4)],
    )


def main(interface: str = "virtual", channel: str = "demo") -> None:
    with (
        can.Bus(channel, interface=interface) as unit,
        can.Bus(channel, interface=interface) as listener,
    ):
        task = unit.send_periodic(
            wheel_speed(50.0),
            period=0.01,
            counters=can.Counter(start=8, length=4),
            checksum=can.Checksum("crc8_sae_j1850", byte=0),
        )
        print(f"timed by: {task.engine}")
        for number in range(40):
            msg = listener.recv(timeout=1.0)
            assert msg is not None, "no frame for a second"
            assert msg.data[1] == number % 16, "a counter value is missing"
            assert msg.data[0] == crc8(msg.data[1:]), "the checksum is wrong"
            if number % 10 == 0:
                print(format(msg, "candump"))
                task.modify_data(wheel_speed(50.0 + number))  # rhythm and counter go on
        task.stop()
        print("40 frames, every counter value and checksum right")


if __name__ == "__main__":
    main(*sys.argv[1:])
