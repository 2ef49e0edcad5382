"""Say when the engine's frame goes missing, when it is back, and when its gear changes.

    python engine_watchdog.py can0          a Linux interface; vcan0 will do

The kernel watches: nothing runs here while the frame comes in time and stays the same.
"""

import sys

import canbus as can

ENGINE = 0x0C9


def engine(gear: int) -> can.Message:
    return can.Message(arbitration_id=ENGINE, is_extended_id=False, data=[gear, 0, 0, 0])


def main(channel: str = "vcan0") -> None:
    with (
        can.Bus(channel, interface="socketcan") as dashboard,
        can.Bus(channel, interface="socketcan") as unit,  # plays the engine's control unit
        dashboard.watch(ENGINE, period=0.02, mask=b"\xff") as watch,
    ):
        task = unit.send_periodic(engine(gear=1), period=0.02)
        for event in watch:
            gear = "" if event.message is None else f", gear {event.message.data[0]}"
            print(f"engine {event.kind.value}{gear}")
            if event.kind is can.WatchKind.FIRST:
                task.modify_data(engine(gear=2))
            elif event.kind is can.WatchKind.CHANGED:
                task.stop()  # the engine falls silent
            elif event.kind is can.WatchKind.MISSING:
                task.start()
            elif event.kind is can.WatchKind.BACK:
                break


if __name__ == "__main__":
    main(*sys.argv[1:])
