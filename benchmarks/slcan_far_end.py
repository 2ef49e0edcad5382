"""The far end of a serial line, a program of its own that needs nothing but Python.

    slcan_far_end.py FD write LINES          writes LINES (hex) as often as each line of input says
    slcan_far_end.py FD answer DELAY FRAME   answers each line DELAY µs after it came, frames
                                             FRAME µs apart at least, as a busy bus has them
    slcan_far_end.py FD swallow              reads, and answers nothing

Says when it is there. Each is as quick as a Python program can be; what it costs is not measured.
"""

from __future__ import annotations

import os
import select
import sys
import threading
from collections import deque
from time import perf_counter

FRAMES = b"tTrRdDbB"
ANSWERS = {b"V": b"V1013\r", b"N": b"NA123\r"}


def write(master: int, lines: bytes) -> None:
    threading.Thread(target=swallow, args=[master], daemon=True).start()
    for times in sys.stdin:
        data = memoryview(lines * int(times))
        while data:
            data = data[os.write(master, data) :]


def answer(master: int, delay: float, apart: float) -> None:
    due: deque[tuple[float, bytes]] = deque()
    rest = b""
    bus_is_free = 0.0
    while True:
        wait = max(0.0, due[0][0] - perf_counter()) if due else None
        if select.select([master], [], [], wait)[0]:
            now = perf_counter()
            *lines, rest = (rest + os.read(master, 65536)).split(b"\r")
            for line in lines:
                done = now
                if line[:1] in FRAMES:
                    done = bus_is_free = max(now, bus_is_free) + apart
                due.append((done + delay, ANSWERS.get(line[:1], b"\r")))
        said = b""
        now = perf_counter()
        while due and due[0][0] <= now:
            said += due.popleft()[1]
        if said:
            os.write(master, said)


def swallow(master: int) -> None:
    while os.read(master, 65536):
        pass


def main() -> None:
    master, what, *words = sys.argv[1:]
    print("ready", flush=True)
    if what == "write":
        write(int(master), bytes.fromhex(words[0]))
    elif what == "answer":
        answer(int(master), float(words[0]) / 1e6, float(words[1]) / 1e6)
    else:
        swallow(int(master))


if __name__ == "__main__":
    main()
