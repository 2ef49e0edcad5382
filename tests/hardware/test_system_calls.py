"""The kernel's own count: one system call for a frame sent, and one for a frame that waits."""

from __future__ import annotations

import canbus as can
from benchmarks.system_calls import count_system_calls
from canbus.links import temporary_vcan

FRAMES = 100


def test_a_frame_costs_one_system_call_each_way():
    frame = can.Message.parse("123#0011223344556677")
    with (
        temporary_vcan() as link,
        can.Bus(link.name, interface="socketcan") as sender,
        can.Bus(link.name, interface="socketcan") as receiver,
    ):
        sent = count_system_calls(lambda: [sender.send(frame, 1.0) for _ in range(FRAMES)])
        received = count_system_calls(lambda: [receiver.recv(1.0) for _ in range(FRAMES)])
    assert (sent, received) == (FRAMES, FRAMES)


def test_a_poll_of_an_empty_queue_costs_one_system_call():
    with temporary_vcan() as link, can.Bus(link.name, interface="socketcan") as bus:
        assert count_system_calls(lambda: [bus.recv(0) for _ in range(FRAMES)]) == FRAMES
