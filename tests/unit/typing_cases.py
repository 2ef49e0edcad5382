"""What a type checker must know about the API: checked by mypy (`make check`), never run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_type

import canbus as can


def cyclic(bus: can.BusABC, msg: can.Message) -> None:
    task = bus.send_periodic(msg, 0.1)
    assert_type(task, can.CyclicSendTask)
    task.modify_data(msg)
    task.modify_data([msg, msg])
    task.start()
    task.stop()
    assert_type(task.wait(1.0), bool)
    assert_type(task.period, float)
    assert_type(task.error, Exception | None)
    assert_type(task.count, int | None)


def receiving(bus: can.BusABC) -> None:
    assert_type(bus.recv(), can.Message | None)
    for msg in bus:
        assert_type(msg, can.Message)
        assert_type(msg.data, bytearray)
        assert_type(msg.timestamp, float)
        assert_type(msg.timestamp_ns, int)
        assert_type(msg.origin, can.FrameOrigin)


def opening() -> None:
    with can.Bus("can0", interface="virtual", fd=True) as bus:
        assert_type(bus, can.BusABC)
        bus.set_filters([{"can_id": 1, "can_mask": 1}])
        bus.filters = [can.CanFilter(1, 1)]
        assert_type(bus.filters, Sequence[can.CanFilter] | None)
    assert_type(can.interface.Bus("a", "virtual"), can.BusABC)


def errors(error: can.CanError) -> None:
    assert_type(error.error_code, int | None)
    assert_type(error.hint, str | None)
