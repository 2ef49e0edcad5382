"""The kernel's own count of system calls: one a frame, and one for 64 where many wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import canbus as can
from benchmarks.system_calls import count_system_calls
from canbus.links import temporary_vcan

FRAMES = 100
BACKLOG = 640
FRAME = can.Message.parse("123#0011223344556677")


@contextmanager
def pair() -> Iterator[tuple[can.BusABC, can.BusABC]]:
    """A bus that only sends, and one that holds a whole backlog."""
    with (
        temporary_vcan() as link,
        can.Bus(link.name, interface="socketcan", can_filters=can.CanFilter.nothing()) as sender,
        can.Bus(link.name, interface="socketcan", rcvbuf=8 << 20) as receiver,
    ):
        yield sender, receiver


def by_recv(bus):
    return [bus.recv(1.0) for _ in range(BACKLOG)]


def by_iteration(bus):
    frames: list[can.Message] = []
    for msg in bus:
        frames.append(msg)
        if len(frames) == BACKLOG:
            break
    return frames


def by_recv_many(bus):
    frames: list[can.Message] = []
    while len(frames) < BACKLOG:
        frames += bus.recv_many(64, 1.0)
    return frames


def test_a_frame_costs_one_system_call_each_way():
    with pair() as (sender, receiver):
        sent = count_system_calls(lambda: [sender.send(FRAME, 1.0) for _ in range(FRAMES)])
        assert sent == FRAMES
        received = 0
        while receiver.recv(0):
            pass
        for _ in range(FRAMES):  # each alone in the queue, so that none is read ahead
            sender.send(FRAME)
            received += count_system_calls(lambda: receiver.recv(1.0))
        assert received == FRAMES


def test_a_poll_of_an_empty_queue_costs_one_system_call():
    with pair() as (_, receiver):
        assert count_system_calls(lambda: [receiver.recv(0) for _ in range(FRAMES)]) == FRAMES


@pytest.mark.parametrize("take", [by_recv, by_iteration, by_recv_many])
def test_a_backlog_costs_one_system_call_for_64_frames(take):
    with pair() as (sender, receiver):
        sender.send_many([FRAME] * BACKLOG)
        taken = []
        calls = count_system_calls(lambda: taken.extend(take(receiver)))
        assert len(taken) == BACKLOG
        assert receiver.recv(0) is None
        assert calls <= BACKLOG // 60


def test_the_end_of_a_backlog_costs_two_calls_more():
    """One finds the queue empty, one asks then whether anything was lost at the end."""
    with pair() as (sender, receiver):
        sender.send_many([FRAME] * BACKLOG)
        calls = count_system_calls(lambda: list(iter(lambda: receiver.recv(0), None)))
        assert calls <= BACKLOG // 60 + 2


def test_sending_many_frames_costs_one_system_call_for_64():
    with pair() as (sender, receiver):
        calls = count_system_calls(lambda: sender.send_many([FRAME] * BACKLOG))
        assert calls <= BACKLOG // 60
        assert len(by_recv_many(receiver)) == BACKLOG


def test_waiting_on_the_descriptor_costs_one_system_call_a_frame():
    with pair() as (sender, receiver):
        receiver.fileno()  # nothing is read ahead from now on, lest it hide from select()
        sender.send_many([FRAME] * FRAMES)
        assert count_system_calls(lambda: [receiver.recv(0) for _ in range(FRAMES)]) == FRAMES
