"""Counters and checksums of cyclic frames on a real kernel, while their data changes."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

import canbus as can
from canbus import Checksum, Counter
from canbus.testing.support import PATIENCE, Worker, receive
from tests.kernel.cyclic import ENGINES, ROOM, OpenBus, by_id, frames_since
from tests.scale import SOAK

FRAMES = 1000 if SOAK == 1 else 10_000
CHANGES = 50 if SOAK == 1 else 200
CRC8 = Checksum("crc8_sae_j1850", byte=0)
COUNT4 = Counter(8, 4)  # the low half of byte 1; `_numbered` fills the high half and bytes 2, 3


def _crc8_bit_by_bit(data: bytes) -> int:
    """CRC-8 SAE J1850, written down once more: polynomial 0x1D, initial and final XOR 0xFF."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x1D if crc & 0x80 else crc << 1) & 0xFF
    return crc ^ 0xFF


def _crc16_bit_by_bit(data: bytes) -> int:
    """CRC-16 CCITT-FALSE: polynomial 0x1021, initial 0xFFFF."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def _numbered(number: int, arbitration_id: int) -> can.Message:
    """A payload that carries its number twice, so that half of one is found out."""
    twice = number.to_bytes(2, "big") * 2
    data = bytes([0, number << 4 & 0xF0]) + twice + bytes([number >> 4 & 0xFF, number & 0xFF])
    return can.Message(arbitration_id=arbitration_id, data=data)


def _number_of(msg: can.Message) -> int:
    """Which payload it is; an AssertionError if it was never set in this form."""
    number = int.from_bytes(msg.data[2:4], "big")
    wanted = bytes(_numbered(number, 0).data)
    assert bytes(msg.data[2:]) == wanted[2:]
    assert msg.data[1] & 0xF0 == wanted[1]
    return number


def _judge(got: Sequence[can.Message], frames: int, changes: int) -> None:
    assert len(got) == frames
    assert [msg.data[1] & 0x0F for msg in got] == [index % 16 for index in range(frames)]
    assert all(msg.data[0] == _crc8_bit_by_bit(bytes(msg.data[1:])) for msg in got)
    numbers = [_number_of(msg) for msg in got]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) > changes / 2  # most of them were on the bus
    assert numbers[-1] <= changes


def _change_at_random(bus: can.BusABC, task: can.CyclicSendTask, seed: int) -> None:
    """Set CHANGES payloads, each after some frames and then at any moment of a period."""
    chance = random.Random(seed)
    between = FRAMES * 8 // 10 // CHANGES
    for number in range(1, CHANGES + 1):
        for _ in range(chance.randint(1, 2 * between - 1)):
            receive(bus)
        for _ in range(chance.randrange(20_000)):
            pass
        task.modify_data(_numbered(number, task.arbitration_id))


@pytest.mark.timeout(300 * SOAK)
def test_no_counter_value_is_missing_and_no_payload_is_one_that_was_not_set(
    open_bus: OpenBus,
) -> None:
    """Both engines, and five tasks of the kernel at once, side by side: ten seconds."""
    sender = open_bus()
    listener = open_bus(rcvbuf=64 * ROOM)
    plans = [*ENGINES, *["bcm"] * 5]
    tasks = [
        sender.send_periodic(
            _numbered(0, 0x100 + place),
            0.01,
            count=FRAMES,
            counters=COUNT4,
            checksum=CRC8,
            engine=engine,
            autostart=False,
        )
        for place, engine in enumerate(plans)
    ]
    clocks = [
        open_bus(can_filters=[can.CanFilter(0x100 + place, 0x7FF)], on_loss="count")
        for place in range(len(plans))
    ]
    workers = []
    for place, task in enumerate(tasks):
        task.start()
        clock = clocks[place]
        workers.append(
            Worker(lambda c=clock, t=task, p=place: _change_at_random(c, t, p))  # type: ignore[misc]
        )
    for worker, task in zip(workers, tasks, strict=True):
        worker.thread.join(FRAMES * 0.01 * 10)
        worker.result()
        assert task.wait(FRAMES * 0.01 * 10)
        assert task.error is None
    came = by_id(frames_since(sender, listener))
    assert [task.engine for task in tasks] == plans
    for place in range(len(plans)):
        _judge(came.pop(0x100 + place), FRAMES, CHANGES)
    assert not came


@pytest.mark.parametrize("engine", ENGINES)
def test_changes_as_fast_as_can_be_tear_no_frame(open_bus: OpenBus, engine: str) -> None:
    sender, listener = open_bus(), open_bus(rcvbuf=ROOM)
    task = sender.send_periodic(
        _numbered(0, 5), 0.0005, count=1000, counters=COUNT4, checksum=CRC8, engine=engine
    )
    changes = 0
    while not task.done:
        changes += 1
        task.modify_data(_numbered(changes & 0x7FFF, 5))
    got = frames_since(sender, listener)
    assert changes > 50
    assert [msg.data[1] & 0x0F for msg in got] == [index % 16 for index in range(1000)]
    assert all(msg.data[0] == _crc8_bit_by_bit(bytes(msg.data[1:])) for msg in got)
    numbers = [_number_of(msg) for msg in got]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_counter_of_fifteen_values_that_begins_at_three(open_bus: OpenBus, engine: str) -> None:
    sender, listener = open_bus(), open_bus(rcvbuf=ROOM)
    counter = Counter(12, 4, modulo=15, first=3)
    task = sender.send_periodic(
        can.Message(data=b"\0\x0f\xff"), 0.001, count=100, counters=counter, engine=engine
    )
    assert task.wait(PATIENCE)
    got = frames_since(sender, listener)
    assert [bytes(msg.data) for msg in got] == [
        bytes([0, (3 + index) % 15 << 4 | 0x0F, 0xFF]) for index in range(100)
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_counter_goes_on_over_a_sequence_of_frames(open_bus: OpenBus, engine: str) -> None:
    sender, listener = open_bus(), open_bus(rcvbuf=ROOM)
    messages = [can.Message(data=bytes([number, 0])) for number in range(3)]
    task = sender.send_periodic(messages, 0.001, count=100, counters=Counter(8, 4), engine=engine)
    assert task.wait(PATIENCE)
    got = frames_since(sender, listener)
    assert [tuple(msg.data) for msg in got] == [(n % 3, n % 16) for n in range(100)]


def test_two_counters_with_a_long_cycle_are_for_a_thread(open_bus: OpenBus) -> None:
    sender, listener = open_bus(), open_bus(rcvbuf=ROOM)
    two = [Counter(0, 4), Counter(8, 8, modulo=255)]  # 16 * 255 frames
    with pytest.raises(can.CanUnsupportedError, match="has 4080"):
        sender.send_periodic(can.Message(data=b"\0\0"), 0.001, counters=two, engine="bcm")
    task = sender.send_periodic(can.Message(data=b"\0\0"), 0.0005, count=600, counters=two)
    assert task.engine == "thread"
    assert task.wait(PATIENCE)
    got = frames_since(sender, listener)
    assert [tuple(msg.data) for msg in got] == [(n % 16, n % 255) for n in range(600)]


def test_two_counters_with_a_short_cycle_are_for_the_kernel(open_bus: OpenBus) -> None:
    sender, listener = open_bus(), open_bus(rcvbuf=ROOM)
    two = [Counter(0, 4), Counter(8, 8)]
    task = sender.send_periodic(can.Message(data=b"\0\0"), 0.0005, count=600, counters=two)
    assert task.engine == "bcm"
    assert task.wait(PATIENCE)
    got = frames_since(sender, listener)
    assert [tuple(msg.data) for msg in got] == [(n % 16, n % 256) for n in range(600)]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_checksum_without_a_counter_follows_the_data(open_bus: OpenBus, engine: str) -> None:
    sender, listener = open_bus(), open_bus(rcvbuf=ROOM)
    task = sender.send_periodic(
        _numbered(0, 5), 0.005, checksum=Checksum("crc8_sae_j1850", byte=0), engine=engine
    )
    for number in range(1, 20):
        task.modify_data(_numbered(number, 5))
        while _number_of(msg := receive(listener)) != number:
            pass
        assert msg.data[0] == _crc8_bit_by_bit(bytes(msg.data[1:]))


@pytest.mark.parametrize("engine", ENGINES)
def test_an_fd_frame_with_a_crc_of_16_bits(open_bus: OpenBus, engine: str) -> None:
    sender, listener = open_bus(fd=True), open_bus(fd=True, rcvbuf=ROOM)
    task = sender.send_periodic(
        can.Message(is_fd=True, bitrate_switch=True, data=bytes(range(64))),
        0.001,
        count=300,
        counters=Counter(16, 8),
        checksum=Checksum("crc16_ccitt_false", byte=0, byte_order="big_endian"),
        engine=engine,
    )
    assert task.wait(PATIENCE)
    got = frames_since(sender, listener)
    wanted = [bytes([n % 256, *range(3, 64)]) for n in range(300)]
    assert [bytes(msg.data) for msg in got] == [
        _crc16_bit_by_bit(data).to_bytes(2, "big") + data for data in wanted
    ]
    assert all(msg.is_fd and msg.bitrate_switch for msg in got)
