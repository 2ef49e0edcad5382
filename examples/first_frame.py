"""Send one frame from one bus to another of the same process: no hardware, no rights needed."""

import canbus as can


def main() -> None:
    with (
        can.Bus("demo", interface="virtual") as sender,
        can.Bus("demo", interface="virtual") as receiver,
    ):
        sender.send(can.Message(arbitration_id=0x123, is_extended_id=False, data=b"hello"))
        print(receiver.recv(timeout=1.0))


if __name__ == "__main__":
    main()
