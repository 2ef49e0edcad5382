"""Errors say what failed and what to do about it; this opens channels that cannot be opened."""

from typing import Any

import canbus as can


def try_to_open(**options: Any) -> None:
    try:
        with can.Bus(**options) as bus:
            print(f"{bus} is open")
    except can.CanError as error:
        print(f"{type(error).__name__}: {error}")
        print(f"  hint: {error.hint}")


def main() -> None:
    try_to_open(channel="vcan7", interface="socketcan")
    try_to_open(channel="x", interface="virtuel")
    try_to_open(channel="x", interface="virtual", recieve_own_messages=True)


if __name__ == "__main__":
    main()
