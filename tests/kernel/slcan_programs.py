"""Programs that use a serial adapter until they are killed. No test here.

As a program itself it makes them: for each line on stdin, the path of a port, one that opens it,
sends all the time, and shows every frame that it receives; when that has ended, "ended" and its
status. They are forks of one process, as starting Python takes longer than what they do.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Self

PATIENCE = 10.0


class Programs:
    """Starts one program after the other at a port."""

    def __init__(self, port: str) -> None:
        self._port = port
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=PATIENCE)

    def start(self) -> tuple[int, Iterator[str]]:
        """A new program: its process, and what it shows: frames, then "ended" and its status."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{self._port}\n")
        lines = (line.rstrip("\n") for line in self._process.stdout)
        return int(next(lines)), lines


def main() -> None:
    """Make programs."""
    from canbus.backends.slcan.bus import SlcanBus  # noqa: F401 - before there are many of us

    while port := sys.stdin.readline().rstrip("\n"):
        child = os.fork()
        if not child:
            try:
                use(port)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        say(f"ended {os.waitstatus_to_exitcode(status)}")


def use(port: str) -> None:
    """One program: it shows its process, and uses the port for ever."""
    import canbus as can

    say(str(os.getpid()))
    with can.Bus(port, interface="slcan", dialect="lawicel", bitrate=500_000) as bus:
        threading.Thread(target=send_for_ever, args=(bus,), daemon=True).start()
        for msg in bus:
            say(format(msg, "candump"))
            if bus.statistics.rx_malformed:
                raise AssertionError("half a line came")


def send_for_ever(bus: object) -> None:
    """Frames that tell how many were sent before."""
    import canbus as can

    assert isinstance(bus, can.BusABC)
    number = 0
    while True:
        bus.send(can.Message.parse(f"1F334455#{number:016X}"), PATIENCE)
        number += 1


def say(text: str) -> None:
    """A line in one piece, even if we are killed."""
    os.write(1, f"{text}\n".encode())


if __name__ == "__main__":
    main()
