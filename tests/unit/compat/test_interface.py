"""A bus of ours as python-can's: python-can's own `Bus`, `Notifier` and tasks use it unchanged."""

from __future__ import annotations

import queue
import threading
from itertools import count
from typing import Any

import pytest

import canbus

can = pytest.importorskip("can")

PATIENCE = 10.0
_numbers = count()


@pytest.fixture
def pair():
    """Two buses of python-can's factory that hear each other."""
    channel = f"compat-{next(_numbers)}"
    buses = [can.Bus(channel, interface="canbus", backend="virtual", fd=True) for _ in range(2)]
    yield buses
    for bus in buses:
        bus.shutdown()


def frame(**fields: Any) -> Any:
    return can.Message(**{"arbitration_id": 0x123, "is_extended_id": False, **fields})


def test_python_can_finds_it_by_name():
    assert "canbus" in can.interfaces.VALID_INTERFACES


def test_the_default_backend_is_socketcan():
    with pytest.raises(can.CanInitializationError, match="nosuch0") as caught:
        can.Bus("nosuch0", interface="canbus")
    assert isinstance(caught.value.__cause__, canbus.CanError)


@pytest.mark.parametrize(
    "fields",
    [
        {"data": b"\xde\xad"},
        {"arbitration_id": 0x1FFFFFFF, "is_extended_id": True},
        {"is_remote_frame": True, "dlc": 4},
        {"is_fd": True, "data": bytes(64), "bitrate_switch": True},
        {"is_error_frame": True, "data": bytes(8)},
    ],
)
def test_every_kind_of_frame_arrives(pair, fields):
    bus, peer = pair
    bus.send(frame(**fields))
    msg = peer.recv(PATIENCE)
    assert type(msg) is can.Message
    assert msg.equals(frame(**fields), timestamp_delta=None, check_channel=False)
    assert msg.timestamp > 1e9


def test_recv_has_python_cans_timeouts(pair):
    assert pair[0].recv(0) is None
    assert pair[0].recv(0.01) is None


def test_filters_are_set_and_read(pair):
    bus, peer = pair
    filters = [{"can_id": 0x100, "can_mask": 0x7FF, "extended": False}]
    bus.set_filters(filters)
    assert bus.filters == filters
    peer.send(frame(arbitration_id=0x200))
    peer.send(frame(arbitration_id=0x100))
    assert bus.recv(PATIENCE).arbitration_id == 0x100
    bus.set_filters(None)
    peer.send(frame(arbitration_id=0x200))
    assert bus.recv(PATIENCE).arbitration_id == 0x200


def test_a_notifier_of_python_can_gets_every_frame(pair):
    bus, peer = pair
    got: queue.SimpleQueue[Any] = queue.SimpleQueue()
    notifier = can.Notifier(bus, [got.put])
    for number in range(200):
        peer.send(frame(data=[number]))
    assert [got.get(timeout=PATIENCE).data[0] for _ in range(200)] == list(range(200))
    notifier.stop()


def test_a_periodic_task_is_changed_stopped_and_started_again(pair):
    bus, peer = pair
    task = bus.send_periodic(frame(data=b"\1"), 0.001)
    assert isinstance(task, can.broadcastmanager.ModifiableCyclicTaskABC)
    assert isinstance(task, can.broadcastmanager.RestartableCyclicTaskABC)
    assert peer.recv(PATIENCE).data == b"\1"
    task.modify_data(frame(data=b"\2"))
    assert task.messages[0].data == b"\2"
    while peer.recv(PATIENCE).data != b"\2":
        pass
    task.stop()
    task.stop()
    while peer.recv(0) is not None:
        pass
    task.start()
    assert peer.recv(PATIENCE).data == b"\2"
    bus.stop_all_periodic_tasks()


def test_a_task_that_python_can_would_refuse(pair):
    bus, _ = pair
    task = bus.send_periodic(frame(), 10, autostart=False)
    with pytest.raises(ValueError, match="arbitration ID"):
        task.modify_data(frame(arbitration_id=0x124))
    with pytest.raises(ValueError, match=r"(?i)at least"):
        bus.send_periodic([], 1)


def test_a_modifier_changes_the_frame_before_it_is_sent(pair):
    bus, peer = pair

    def count_up(msg: Any) -> None:
        msg.data[0] += 1

    with_count = bus.send_periodic(frame(data=b"\0"), 0.001, modifier_callback=count_up)
    assert [peer.recv(PATIENCE).data[0] for _ in range(3)] == [1, 2, 3]
    with_count.stop()


def test_errors_are_python_cans_with_ours_as_their_cause(pair):
    bus, _ = pair
    with pytest.raises(can.CanError, match=r"fd=True|dlc|bytes") as caught:
        bus.send(frame(data=bytes(9)))
    assert isinstance(caught.value.__cause__, canbus.CanMessageError)
    with pytest.raises(can.CanInterfaceNotImplementedError, match="no backend 'nope'"):
        can.Bus("x", interface="canbus", backend="nope")
    with pytest.raises(can.CanInitializationError, match="recieve_own_messages"):
        can.Bus("x", interface="canbus", backend="virtual", recieve_own_messages=True)


def test_a_waiting_reader_is_woken_by_shutdown(pair):
    bus, _ = pair
    caught: list[Exception] = []

    def wait() -> None:
        try:
            bus.recv(None)
        except can.CanOperationError as exc:
            caught.append(exc)

    thread = threading.Thread(target=wait)
    thread.start()
    bus.shutdown()
    thread.join(PATIENCE)
    assert len(caught) == 1
    bus.shutdown()


def test_what_else_python_can_asks(pair):
    bus, _ = pair
    assert bus.fileno() >= 0
    assert bus.state is can.BusState.ACTIVE
    assert bus.protocol is can.CanProtocol.CAN_FD
    assert str(bus).startswith("virtual compat-")
    with pytest.raises(NotImplementedError):
        bus.state = can.BusState.PASSIVE
    with pytest.raises(NotImplementedError):
        bus.flush_tx_buffer()
