"""What a type checker must know about the whole public API: checked, never run.

By mypy in `make check` and by mypy and pyright in the tests; every public name is used once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_type

import canbus as can
from canbus.backends.slcan.bus import SlcanBus
from canbus.backends.socketcan.bus import SocketcanBus
from canbus.backends.vcan.bus import VcanBus
from canbus.backends.virtual.bus import VirtualBus
from canbus.supervision import SupervisedBus


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
        assert_type(bus, VirtualBus)
        bus.set_filters([{"can_id": 1, "can_mask": 1}])
        bus.filters = [can.CanFilter(1, 1)]
        assert_type(bus.filters, Sequence[can.CanFilter] | None)
    assert_type(can.interface.Bus("a", "virtual"), VirtualBus)


def errors(error: can.CanError) -> None:
    assert_type(error.error_code, int | None)
    assert_type(error.hint, str | None)


def every_backend(anything: dict[str, Any]) -> None:
    assert_type(can.Bus("can0", interface="socketcan", rcvbuf=1, netns="lab"), SocketcanBus)
    assert_type(can.Bus("can0", "socketcan", bitrate=500_000, configure=True), SocketcanBus)
    assert_type(can.Bus("vcan0", interface="vcan", persist=True), VcanBus)
    assert_type(can.Bus("/dev/ttyACM0", interface="slcan", bitrate=500_000), SlcanBus)
    assert_type(can.Bus(("any", 1), interface="virtual", rx_queue_size=5), VirtualBus)
    assert_type(can.Bus("can0", interface="of a plugin", fd=True), can.BusABC)
    assert_type(can.Bus(), can.BusABC)
    assert_type(can.Bus("can0", "socketcan", auto_reconnect=True), can.BusABC)
    bus: can.BusABC = can.Bus("x", interface="of a plugin", **anything)
    safe: can.BusABC = can.ThreadSafeBus("x", interface="virtual")
    assert isinstance(safe, can.ThreadSafeBus)
    assert_type(bus.state, can.BusState)
    assert_type(bus.can_state, can.CanState | None)
    assert_type(bus.protocol, can.CanProtocol)
    assert_type(bus.statistics, can.BusStatistics)
    for found in can.detect_available_configs():
        assert_type(found, can.DetectedChannel)
        assert_type(found.address, str | None)


def timing(bus: can.BusABC) -> None:
    classic = can.BitTiming.from_sample_point(8_000_000, 500_000, 87.5)
    assert_type(classic.bitrate, int)
    assert_type(classic.sample_point, float)
    assert_type(can.BitTimingFd.from_sample_point(80_000_000, 500_000, 80, 2_000_000, 75).dbt, int)
    assert_type(can.bit_timing.check_or_adjust_timing_clock(classic, [8_000_000]), can.BitTiming)
    can.Bus("x", interface="socketcan", timing=classic)


def sending(bus: can.BusABC, msg: can.Message) -> None:
    assert_type(bus.send(msg), None)
    receipt = bus.send(msg, 1.0, confirm=True)
    assert_type(receipt, can.SendReceipt)
    assert_type(receipt.confirmed_by, can.ConfirmedBy)
    assert_type(bus.send_many([msg, msg]), int)
    assert_type(bus.recv_many(10, 0.5), list[can.Message])
    assert_type(can.XlMessage(arbitration_id=1, data=b"1").sdt, int)
    assert_type(msg.timestamp_source, can.TimestampSource)
    task: can.CyclicSendTaskABC = bus.send_periodic(
        msg,
        0.1,
        counters=can.Counter(0, 0, 4),
        checksum=can.Checksum(can.Crc(width=8, polynomial=0x2F), 7),
    )
    assert isinstance(
        task,
        can.ModifiableCyclicTaskABC
        | can.RestartableCyclicTaskABC
        | can.LimitedDurationCyclicSendTaskABC,
    )


def consumers(bus: can.BusABC, msg: can.Message) -> None:
    with bus.subscribe([can.CanFilter(0x123, 0x7FF)], maxlen=5) as subscription:
        assert_type(subscription, can.Subscription)
        assert_type(subscription.recv(0), can.Message | None)
        assert_type(subscription.lost, int)
    assert_type(bus.request(msg, can.CanFilter(0x124, 0x7FF), 1.0), can.Message)

    class Mine(can.Listener):
        def on_message_received(self, msg: can.Message) -> None:
            assert_type(msg.dlc, int)

    reader = can.BufferedReader()
    with can.Notifier(bus, [Mine(), reader, print, can.Printer(), can.RedirectReader(bus)]) as one:
        assert_type(one, can.Notifier)
        assert_type(reader.get_message(0.5), can.Message | None)


async def awaiting(reader: can.AsyncBufferedReader) -> None:
    assert_type(await reader.get_message(), can.Message)
    async for msg in reader:
        assert_type(msg, can.Message)


def watching(bus: can.BusABC, msg: can.Message) -> None:
    watch = bus.watch(0x123, period=0.1)
    assert_type(watch, can.Watch)
    event = watch.get(1.0)
    assert_type(event, can.WatchEvent | None)
    if event is not None:
        assert_type(event.kind, can.WatchKind)
    assert_type(bus.reply_to_remote(msg), can.RemoteReply)


def gaps() -> None:
    bus = can.supervise("can0", "socketcan", policy=can.ReconnectPolicy())
    assert_type(bus, SupervisedBus)

    def tell(gap: can.Gap) -> None:
        assert_type(gap.cause, can.GapCause)
        assert_type(gap.from_ns, int)

    can.supervise("can0", "socketcan", on_gap=tell)


def error_frames(msg: can.Message, status: can.ControllerStatus) -> None:
    report = can.decode_error_frame(msg)
    assert_type(report, can.ErrorFrame)
    assert_type(report.classes, can.ErrorClass)
    assert_type(report.controller, can.ControllerProblem)
    assert_type(report.protocol, can.ProtocolViolation)
    assert_type(report.location, can.ProtocolLocation | int)
    assert_type(report.canh, can.TransceiverStatus | int)
    assert_type(can.encode_error_frame(report), can.Message)
    assert_type(can.phantom_error(msg), can.ErrorFrame | None)
    assert_type(status.state, can.CanState | None)


def every_error(bus: can.BusABC) -> None:
    try:
        bus.recv()
    except (
        can.CanBackendLoadError,
        can.CanBackendNotFoundError,
        can.CanChannelNotFoundError,
        can.CanClosedError,
        can.CanConfigError,
        can.CanFrameExpiredError,
        can.CanFrameRefusedError,
        can.CanFramesLostError,
        can.CanInitializationError,
        can.CanInterfaceNotImplementedError,
        can.CanKernelSupportError,
        can.CanLinkDownError,
        can.CanLinkError,
        can.CanLinkNotFoundError,
        can.CanLinkPermissionError,
        can.CanMessageError,
        can.CanOperationError,
        can.CanPermissionError,
        can.CanProtocolError,
        can.CanTimeoutError,
        can.CanTxQueueFullError,
        can.CanUnsupportedError,
    ) as exc:
        assert_type(exc.hint, str | None)
    assert issubclass(can.CanWarning, UserWarning)
    can.set_logging_level("debug")
    can.rc["interface"] = "virtual"
