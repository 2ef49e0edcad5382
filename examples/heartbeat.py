"""Send a heartbeat every 20 ms, and change what it says while it runs.

python heartbeat.py                     in process, no hardware
python heartbeat.py socketcan can0      on a bus; the kernel keeps the time
"""

import sys

import canbus as can

STARTING, RUNNING = 0x01, 0x05


def heartbeat(state: int) -> can.Message:
    return can.Message(arbitration_id=0x701, is_extended_id=False, data=[state])


def main(interface: str = "virtual", channel: str = "demo") -> None:
    with (
        can.Bus(channel, interface=interface) as unit,
        can.Bus(channel, interface=interface) as listener,
    ):
        task = unit.send_periodic(heartbeat(STARTING), period=0.02)
        print(f"timed by: {task.engine}")
        for number in range(6):
            msg = listener.recv(timeout=1.0)
            assert msg is not None, "no heartbeat for a second"
            print(format(msg, "candump"))
            if number == 2:
                task.modify_data(heartbeat(RUNNING))  # the rhythm stays
        task.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
