"""Who times a cyclic task on socketcan, and what is refused by name."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

import canbus as can
from canbus.testing.support import PATIENCE, receive
from tests.kernel.cyclic import ENGINES, OpenBus, frame, frames_since, number_in


def _sequence(frames: int, **fields: Any) -> list[can.Message]:
    data = [number.to_bytes(2, "big") for number in range(frames)]
    return [can.Message(data=number, **fields) for number in data]


@pytest.mark.parametrize("is_fd", [False, True])
def test_the_kernel_takes_256_frames_and_a_thread_more(open_bus: OpenBus, is_fd: bool) -> None:
    sender, listener = open_bus(fd=True), open_bus(fd=True)
    for frames, engine in ((256, "bcm"), (257, "thread")):
        sent = _sequence(frames, is_fd=is_fd)
        task = sender.send_periodic(sent, 0.0005, count=frames + 1)
        assert task.engine == engine
        assert task.wait(PATIENCE)
        got = frames_since(sender, listener)
        assert [number_in(msg) for msg in got] == [*range(frames), 0]
        assert {msg.is_fd for msg in got} == {is_fd}
    with pytest.raises(can.CanUnsupportedError, match="256 frames, and this one has 257") as caught:
        sender.send_periodic(sent, 0.001, engine="bcm")
    assert caught.value.hint
    assert frames_since(sender, listener) == []


def test_classic_and_fd_frames_in_one_task_are_for_a_thread(open_bus: OpenBus) -> None:
    sender, listener = open_bus(fd=True), open_bus(fd=True)
    mixed = [can.Message(data=b"12"), can.Message(data=b"34", is_fd=True)]
    with pytest.raises(can.CanUnsupportedError, match="not both"):
        sender.send_periodic(mixed, 0.001, engine="bcm")
    task = sender.send_periodic(mixed, 0.001, count=4)
    assert task.engine == "thread"
    assert task.wait(PATIENCE)
    got = frames_since(sender, listener)
    assert [(bytes(msg.data), msg.is_fd) for msg in got] == [(b"12", False), (b"34", True)] * 2


@pytest.mark.parametrize("engine", ENGINES)
def test_new_data_of_the_other_kind(open_bus: OpenBus, engine: str) -> None:
    """A thread sends it; the kernel cannot, says so, and goes on with the old."""
    sender, listener = open_bus(fd=True), open_bus(fd=True)
    task = sender.send_periodic(can.Message(data=b"12"), 0.01, engine=engine)
    fresh = can.Message(data=b"34", is_fd=True)
    receive(listener)
    if engine == "thread":
        task.modify_data(fresh)
        while not receive(listener).is_fd:
            pass
        return
    with pytest.raises(can.CanConfigError, match="cannot change from classic"):
        task.modify_data(fresh)
    frames_since(sender, listener)
    assert bytes(receive(listener).data) == bytes(task.messages[0].data) == b"12"


def test_a_callback_is_for_a_thread(open_bus: OpenBus) -> None:
    sender, listener = open_bus(), open_bus()

    def count_up(msg: can.Message) -> None:
        msg.data[-1] += 1

    with pytest.raises(can.CanUnsupportedError, match="modifier_callback"):
        sender.send_periodic(frame(), 0.001, modifier_callback=count_up, engine="bcm")
    task = sender.send_periodic(frame(), 0.001, count=3, modifier_callback=count_up)
    assert task.engine == "thread"
    assert task.wait(PATIENCE)
    assert [number_in(msg) for msg in frames_since(sender, listener)] == [1, 2, 3]


def test_xl_frames_are_for_a_thread(vcan: str, open_bus: OpenBus) -> None:
    for words in (["down"], ["mtu", "2060"], ["up"]):
        subprocess.run(["ip", "link", "set", vcan, *words], check=True)
    sender, listener = open_bus(xl=True), open_bus(xl=True)
    msg = can.XlMessage(arbitration_id=5, data=bytes(1000))
    with pytest.raises(can.CanUnsupportedError, match="no CAN XL"):
        sender.send_periodic(msg, 0.001, engine="bcm")
    task = sender.send_periodic(msg, 0.001, count=3)
    assert task.engine == "thread"
    assert task.wait(PATIENCE)
    assert [len(msg.data) for msg in frames_since(sender, listener)] == [1000] * 3
    assert sender.send_periodic(frame(), 0.001).engine == "bcm"


@pytest.mark.parametrize(
    ("option", "value"), [("local_loopback", False), ("priority", 3), ("mark", 7)]
)
def test_what_only_a_raw_socket_can_is_for_a_thread(
    vcan: str, open_bus: OpenBus, option: str, value: Any
) -> None:
    sent = Path(f"/sys/class/net/{vcan}/statistics/tx_packets")
    sender = open_bus(**{option: value})
    with pytest.raises(can.CanUnsupportedError, match=option):
        sender.send_periodic(frame(), 0.001, engine="bcm")
    before = int(sent.read_text())
    task = sender.send_periodic(frame(), 0.001, count=3)
    assert task.engine == "thread"
    assert task.wait(PATIENCE)
    assert int(sent.read_text()) - before == 3


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"period": 0}, "period 0 is no time"),
        ({"period": -0.1}, "period -0.1 is no time"),
        ({"period": float("nan")}, "period nan is no time"),
        ({"period": float("inf")}, "period inf is no time"),
        ({"period": 4e-7}, "shorter than a microsecond"),
        ({"count": 1, "subsequent_period": 0.0}, "subsequent_period 0.0 is no time"),
        ({"count": 1, "subsequent_period": 1e-9}, "shorter than a microsecond"),
        ({"subsequent_period": 0.1}, "after how many frames"),
        ({"count": 0}, "count 0"),
        ({"count": 2.0}, "count 2.0"),
        ({"duration": 0}, "duration 0"),
        ({"count": 1, "duration": 1}, "both say when to end"),
        ({"msgs": []}, "at least one frame"),
        ({"msgs": [frame(0, 1), frame(0, 2)]}, "same arbitration_id"),
    ],
)
def test_what_cannot_be_is_refused_at_the_call(
    open_bus: OpenBus, engine: str, change: dict[str, Any], says: str
) -> None:
    sender, listener = open_bus(), open_bus()
    wanted: dict[str, Any] = {"msgs": frame(), "period": 0.001, "engine": engine, **change}
    with pytest.raises(can.CanConfigError) as caught:
        sender.send_periodic(**wanted)
    assert says in f"{caught.value}"
    assert frames_since(sender, listener) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_refused_change_leaves_the_task_as_it_was(open_bus: OpenBus, engine: str) -> None:
    sender, listener = open_bus(), open_bus()
    task = sender.send_periodic([frame(1), frame(2)], 0.01, engine=engine)
    refused: list[can.Message | list[can.Message]] = [
        frame(3),
        [frame(3), frame(4), frame(5)],
        [frame(3, 0x55), frame(4, 0x55)],
        [],
    ]
    for messages in refused:
        with pytest.raises(can.CanConfigError):
            task.modify_data(messages)
    for period in (0, 1e-9, float("nan")):
        with pytest.raises(can.CanConfigError):
            task.modify_period(period)
    assert task.period == 0.01
    frames_since(sender, listener)
    assert {number_in(receive(listener)) for _ in range(4)} == {1, 2}


@pytest.mark.parametrize("engine", ENGINES)
def test_fd_frames_need_a_bus_and_a_link_for_them(
    vcan: str, open_bus: OpenBus, engine: str
) -> None:
    msg = can.Message(is_fd=True, data=bytes(12))
    with pytest.raises(can.CanUnsupportedError, match="fd=True"):
        open_bus().send_periodic(msg, 0.001, engine=engine)
    for words in (["down"], ["mtu", "16"], ["up"]):
        subprocess.run(["ip", "link", "set", vcan, *words], check=True)
    assert frames_since(open_bus(), open_bus()) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_the_shortest_period_is_a_microsecond(open_bus: OpenBus, engine: str) -> None:
    sender, listener = open_bus(), open_bus()
    task = sender.send_periodic(frame(), 1e-6, count=50, engine=engine)
    assert task.wait(PATIENCE)
    assert len(frames_since(sender, listener)) == 50
    assert task.error is None


@pytest.mark.parametrize("engine", ENGINES)
def test_tasks_of_can_fd_frames_stop_and_end(open_bus: OpenBus, engine: str) -> None:
    """The kernel knows them by another key than classic ones."""
    bus, listener = open_bus(fd=True), open_bus(fd=True)
    msg = can.Message.parse("123##1" + "00" * 12)
    for _ in range(3):
        task = bus.send_periodic(msg, 0.002, engine=engine)
        receive(listener)
        task.stop()
        frames_since(bus, listener)
        assert listener.recv(0.02) is None
    task = bus.send_periodic(msg, 0.002, count=5, engine=engine)
    assert task.wait(PATIENCE)
    assert len(frames_since(bus, listener)) == 5


@pytest.mark.parametrize("engine", ENGINES)
def test_can_fd_frames_are_refused_where_the_link_takes_none(vcan: str, engine: str) -> None:
    subprocess.run(["ip", "link", "set", vcan, "down"], check=True)
    subprocess.run(["ip", "link", "set", vcan, "mtu", "16", "up"], check=True)
    with can.Bus(vcan, interface="socketcan", fd=True) as bus:
        msg = can.Message.parse("123##1" + "00" * 12)
        if engine == "bcm":
            with pytest.raises(can.CanMessageError, match="CAN FD"):
                bus.send_periodic(msg, 0.01, engine=engine)
        else:
            task = bus.send_periodic(msg, 0.01, engine=engine)
            assert task.wait(PATIENCE)
            assert isinstance(task.error, can.CanMessageError)
