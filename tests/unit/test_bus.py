"""bus: the policy of BusABC that no backend can show, over a bus made of two lists."""

from __future__ import annotations

import gc
import logging
import threading
import warnings
from time import monotonic_ns
from typing import Any

import pytest

from canbus.bus import BusABC
from canbus.errors import CanClosedError, CanConfigError, CanTxQueueFullError, CanUnsupportedError
from canbus.filters import CanFilter
from canbus.logs import set_logging_level
from canbus.message import Message
from canbus.state import BusState, CanProtocol, CanState
from canbus.testing import FakeBus
from canbus.testing.support import Worker, numbered, wait_until_blocked

ONLY_200 = [CanFilter(0x200, 0x7FF, extended=False)]


# -- the software filter ------------------------------------------------------------------


def test_a_filtered_recv_ends_not_before_its_deadline() -> None:
    frames = [numbered(i, 0x100) for i in range(100)]
    with FakeBus(frames, can_filters=ONLY_200) as bus:
        started = monotonic_ns()
        assert bus.recv(0.05) is None
        assert 50_000_000 <= monotonic_ns() - started < 10 * 10**9


def test_recv_with_zero_timeout_looks_behind_filtered_frames() -> None:
    frames = [*(numbered(i, 0x100) for i in range(100)), numbered(1, 0x200), numbered(2, 0x100)]
    with FakeBus(frames, can_filters=ONLY_200) as bus:
        msg = bus.recv(0)
        assert msg is not None
        assert msg.arbitration_id == 0x200
        assert bus.recv(0) is None


def test_filters_can_be_read_back_and_assigned() -> None:
    with FakeBus() as bus:
        assert bus.filters is None
        bus.filters = [{"can_id": 0x200, "can_mask": 0x7FF, "extended": False}]
        assert bus.filters == tuple(ONLY_200)
        bus.filters = bus.filters
        assert bus.filters == tuple(ONLY_200)
        bus.set_filters()
        assert bus.filters is None


def test_filters_of_nothing_can_be_handed_from_bus_to_bus() -> None:
    with FakeBus(can_filters=CanFilter.nothing()) as one, FakeBus([numbered(1)]) as other:
        other.set_filters(one.filters)
        assert other.recv(0) is None


# -- logging ------------------------------------------------------------------------------


@pytest.fixture
def _quiet_logger() -> Any:
    logger = logging.getLogger("canbus")
    before = logger.level
    yield
    logger.setLevel(before)


@pytest.mark.usefixtures("_quiet_logger")
def test_frames_are_logged_where_that_was_enabled_before_opening(
    caplog: pytest.LogCaptureFixture,
) -> None:
    set_logging_level("subdebug")
    with FakeBus([numbered(1)]) as bus:
        bus.recv(0)
        bus.send(numbered(2, 0x7F))
    assert [r.levelno for r in caplog.records] == [9, 9]
    assert "Received: " in caplog.records[0].message
    assert "123" in caplog.records[0].message
    assert "Sending: " in caplog.records[1].message


@pytest.mark.usefixtures("_quiet_logger")
def test_filtered_frames_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    set_logging_level("subdebug")
    with FakeBus([numbered(1)], can_filters=ONLY_200) as bus:
        bus.recv(0)
    assert caplog.records == []


@pytest.mark.usefixtures("_quiet_logger")
def test_logging_goes_on_after_set_filters(caplog: pytest.LogCaptureFixture) -> None:
    set_logging_level("subdebug")
    with FakeBus([numbered(1)]) as bus:
        bus.set_filters(ONLY_200)
        bus.set_filters(None)
        bus.recv(0)
    assert len(caplog.records) == 1


@pytest.mark.usefixtures("_quiet_logger")
@pytest.mark.parametrize("level", ["debug", "INFO"])
def test_frames_are_not_logged_at_other_levels(
    caplog: pytest.LogCaptureFixture, level: str
) -> None:
    set_logging_level(level)
    with FakeBus([numbered(1)]) as bus:
        bus.recv(0)
    assert caplog.records == []


def test_an_unknown_logging_level_is_refused_with_the_list() -> None:
    with pytest.raises(ValueError, match="subdebug"):
        set_logging_level("loud")


# -- lifetime -----------------------------------------------------------------------------


def _forget(buses: list[Any]) -> None:
    buses.clear()
    gc.collect()


def test_a_forgotten_bus_warns_and_closes() -> None:
    buses = [FakeBus(channel="left open")]
    with pytest.warns(ResourceWarning, match="left open"):
        _forget(buses)


def test_a_bus_that_was_shut_down_does_not_warn() -> None:
    bus = FakeBus()
    bus.shutdown()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del bus
        gc.collect()


def test_a_forgotten_virtual_bus_warns_as_well() -> None:
    from canbus.backends.virtual.bus import VirtualBus

    buses = [VirtualBus("left open")]
    try:
        with pytest.warns(ResourceWarning, match="left open"):
            _forget(buses)
    finally:
        from canbus.backends.virtual import bus as virtual

        assert "left open" not in virtual._wires


class _First(FakeBus):
    """Calls the base before it has anything of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.mine = 1


class _Last(BusABC):
    """Calls the base when everything is there, which must not matter."""

    def __init__(self, fail: bool = False) -> None:
        assert repr(self) == "<_Last unknown [closed]>"  # the base is usable already
        self.mine = 1
        if fail:
            raise CanConfigError("no")
        super().__init__("c")

    def _send_frame(self, msg: Message, timeout: float | None) -> None:
        raise CanTxQueueFullError("full")

    def _recv_frame(self, timeout: float | None) -> Message | None:
        return None

    def _close(self) -> None:
        self.mine = 0


class _FirstFails(_Last):
    """Calls the base first, then cannot open its channel."""

    closed = 0

    def __init__(self) -> None:
        BusABC.__init__(self, "c")
        raise CanConfigError("no")

    def _close(self) -> None:
        type(self).closed += 1


@pytest.mark.parametrize("cls", [_First, _Last])
def test_the_base_constructor_may_be_called_first_or_last(cls: Any) -> None:
    with cls() as bus:
        assert bus.mine == 1
        assert bus.recv(0) is None
    with pytest.raises(CanClosedError):
        bus.recv(0)


def test_a_constructor_that_fails_before_the_base_leaves_nothing_to_warn_of() -> None:
    with pytest.raises(CanConfigError):
        _Last(fail=True)
    gc.collect()


def test_a_constructor_that_fails_after_the_base_leaves_nothing_to_warn_of() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(CanConfigError) as info:
            _FirstFails()
        del info
        gc.collect()
    assert caught == []
    assert _FirstFails.closed == 0  # there was nothing to close


def test_shutdown_stops_the_tasks_and_closes_even_if_that_is_called_by_a_task() -> None:
    bus = FakeBus()
    task = bus.send_periodic(numbered(1), 0.001, modifier_callback=lambda _: bus.shutdown())
    assert task.wait(10)
    assert task.error is None
    with pytest.raises(CanClosedError):
        bus.send(numbered(1))


def test_shutdown_by_a_signal_handler_inside_shutdown_returns() -> None:
    bus = FakeBus()

    def interrupted() -> None:
        with bus._shutdown_lock:  # where the handler finds this very thread
            bus.shutdown()

    worker = Worker(interrupted)
    worker.thread.join(1)
    hangs = worker.thread.is_alive()
    if hangs:
        bus._shutdown_lock.release()  # so that the test ends
    worker.thread.join(10)
    bus.shutdown()
    assert not hangs


def test_a_failing_close_still_counts_as_closed() -> None:
    class Failing(FakeBus):
        def _close(self) -> None:
            raise CanUnsupportedError("stuck")

    bus = Failing()
    with pytest.raises(CanUnsupportedError):
        bus.shutdown()
    bus.shutdown()
    with pytest.raises(CanClosedError):
        bus.recv(0)


def test_the_closed_error_names_the_channel_and_what_to_do() -> None:
    bus = FakeBus(channel="can7")
    bus.shutdown()
    with pytest.raises(CanClosedError, match="can7") as info:
        bus.recv(0)
    assert "open" in (info.value.hint or "")


# -- the rest -----------------------------------------------------------------------------


def test_two_buses_share_nothing() -> None:
    with FakeBus() as one, FakeBus() as other:
        one.set_filters(ONLY_200)
        task = one.send_periodic(numbered(1), 100)
        assert other.filters is None
        other.stop_all_periodic_tasks()
        assert not task.wait(0)


def test_send_periodic_without_storing_is_not_stopped_with_the_others() -> None:
    with FakeBus() as bus:
        task = bus.send_periodic(numbered(1), 100, store_task=False)
        bus.stop_all_periodic_tasks()
        assert not task.wait(0)
        task.stop()


def test_what_a_bus_cannot_do_it_says() -> None:
    with FakeBus(channel="can7") as bus:
        for use in (bus.fileno, bus.flush_tx_buffer, lambda: setattr(bus, "state", BusState.ERROR)):
            with pytest.raises(CanUnsupportedError, match="can7"):
                use()


class _Passive(FakeBus):
    @property
    def can_state(self) -> CanState:
        return CanState.ERROR_PASSIVE


def test_the_state_is_derived_from_the_controllers() -> None:
    with FakeBus() as none, _Passive() as passive:
        assert (none.can_state, none.state) == (None, BusState.ACTIVE)
        assert passive.state is BusState.PASSIVE


@pytest.mark.parametrize(
    ("fd", "protocol"), [(False, CanProtocol.CAN_20), (True, CanProtocol.CAN_FD)]
)
def test_the_protocol_tells_what_it_was_opened_for(fd: bool, protocol: CanProtocol) -> None:
    with FakeBus(fd=fd) as bus:
        assert bus.protocol is protocol


def test_statistics_of_a_backend_that_cannot_know_are_none_and_not_zero() -> None:
    with FakeBus() as bus:
        assert bus.statistics.rx_dropped is None


def test_a_warning_about_a_sent_frame_points_at_the_users_line() -> None:
    with FakeBus(fd=True) as bus, pytest.warns(UserWarning, match="padded") as caught:
        bus.send(Message(is_fd=True, data=bytes(9)))
    assert caught[0].filename == __file__
    with FakeBus(fd=True) as bus, pytest.warns(UserWarning, match="padded") as caught:
        bus.send_periodic(Message(is_fd=True, data=bytes(9)), 100)
    assert caught[0].filename == __file__


def test_modify_data_checks_and_pads_at_the_call() -> None:
    with FakeBus() as bus:
        task = bus.send_periodic(Message(arbitration_id=1), 100)
        with pytest.raises(ValueError, match="9 bytes"):
            task.modify_data(Message(arbitration_id=1, data=bytes(9)))


@pytest.mark.parametrize("is_fd", [True, False])
def test_the_time_stamp_of_a_frame_does_not_matter_for_sending_it(is_fd: bool) -> None:
    with FakeBus(fd=True) as bus:
        bus.send(Message(is_fd=is_fd, timestamp_ns=-1))
        assert len(bus.sent) == 1


def test_iteration_over_a_bus_may_be_ended_from_outside() -> None:
    bus = FakeBus([numbered(1)])
    reader: Worker[list[Message]] = Worker(lambda: list(bus))
    wait_until_blocked(reader)
    closer = threading.Thread(target=bus.shutdown)
    closer.start()
    closer.join(10)
    assert len(reader.result()) == 1
