"""Receive and send against python-can, on one vcan of one kernel: ratios of time per frame.

Run by `make bench` in the QEMU guest; needs the right to create a vcan link.
"""

from __future__ import annotations

from time import perf_counter_ns

import can

import canbus
from benchmarks.ratio import clock_overhead_ns, compare, substrate
from benchmarks.system_calls import count_system_calls
from canbus.links import temporary_vcan

FRAMES = 100


def receive_single(bus, sender, frame):
    """A function that receives n frames, each alone in the queue, and returns the ns spent."""

    def run(frames: int) -> int:
        spent = -clock_overhead_ns(frames)
        for _ in range(frames):
            sender.send(frame)
            start = perf_counter_ns()
            bus.recv(1.0)
            spent += perf_counter_ns() - start
        return spent

    return run


def send_single(bus, message):
    """A function that sends n frames and returns the ns spent; nobody receives them."""

    def run(frames: int) -> int:
        send = bus.send
        start = perf_counter_ns()
        for _ in range(frames):
            send(message)
        return perf_counter_ns() - start

    return run


def main() -> None:
    print(f"# {substrate()}")
    data = bytes(range(8))
    theirs_msg = can.Message(arbitration_id=0x123, is_extended_id=False, data=data)
    ours_msg = canbus.Message(arbitration_id=0x123, is_extended_id=False, data=data)
    none = [{"can_id": 0x7FF, "can_mask": 0x7FF, "extended": False}]
    with temporary_vcan() as link:
        options = {"channel": link.name, "interface": "socketcan"}
        with (
            can.Bus(**options) as theirs,
            canbus.Bus(**options) as ours,
            canbus.Bus(**options, can_filters=none) as sender,
        ):
            # Each side's queue is emptied by its own run only; the other filters all out.
            theirs.set_filters(none)
            ours.set_filters(none)

            def their_receive(frames: int) -> int:
                theirs.set_filters(None)
                spent = receive_single(theirs, sender, ours_msg)(frames)
                theirs.set_filters(none)
                return spent

            compare(
                "receive, one frame waiting",
                their_receive,
                _ours(link.name, sender, ours_msg),
                FRAMES,
            )
            compare("send", send_single(theirs, theirs_msg), send_single(ours, ours_msg), FRAMES)
            print_system_calls(theirs, ours, theirs_msg, ours_msg)


def _ours(channel, sender, message):
    """Our receiver on a fresh bus for each chunk, so that its filter is the opening one."""

    def run(frames: int) -> int:
        with canbus.Bus(channel, interface="socketcan") as bus:
            return receive_single(bus, sender, message)(frames)

    return run


def print_system_calls(theirs, ours, theirs_msg, ours_msg) -> None:
    count = 200
    for name, bus, message in (("python-can", theirs, theirs_msg), ("canbus", ours, ours_msg)):
        calls = count_system_calls(lambda: send_single(bus, message)(count))  # noqa: B023
        print(f"system calls per sent frame, {name:<12} {calls / count:.2f}")
        bus.set_filters(None)
        for _ in range(count):
            (ours if bus is theirs else theirs).send(ours_msg if bus is theirs else theirs_msg)
        calls = count_system_calls(lambda: [bus.recv(1.0) for _ in range(count)])  # noqa: B023
        print(f"system calls per received frame, {name:<8} {calls / count:.2f}")
        bus.set_filters([{"can_id": 0x7FF, "can_mask": 0x7FF, "extended": False}])


if __name__ == "__main__":
    main()
