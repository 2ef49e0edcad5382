"""Send a frame every 10 ms, with a counter in its last byte, as many control units do."""

import canbus as can


def count_up(msg: can.Message) -> None:
    msg.data[7] = (msg.data[7] + 1) % 16


def main() -> None:
    with (
        can.Bus("demo", interface="virtual") as unit,
        can.Bus("demo", interface="virtual") as listener,
    ):
        frame = can.Message(arbitration_id=0x1A0, is_extended_id=False, data=bytes(8))
        task = unit.send_periodic(frame, period=0.01, modifier_callback=count_up)
        for _ in range(10):
            msg = listener.recv(timeout=1.0)
            if msg is not None:
                print(format(msg, "candump"))
        task.stop()


if __name__ == "__main__":
    main()
