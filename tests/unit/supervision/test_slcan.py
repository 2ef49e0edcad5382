"""A serial adapter that is unplugged and plugged in again, on a pseudo-terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import canbus as can
from canbus.testing.slcan import Silent, SlcanEmulator
from canbus.testing.support import (
    PATIENCE,
    Worker,
    number_of,
    numbered,
    receive,
    wait_until_blocked,
)
from tests.kernel.supervised import as_before
from tests.unit.slcan.serial_lines import no_leak
from tests.unit.supervision.test_gaps import QUICK, gap_of, until_lost

pytestmark = pytest.mark.filterwarnings("ignore::canbus.errors.CanWarning")  # of frames in vain


@pytest.fixture
def adapter(tmp_path: Path) -> Iterator[SlcanEmulator]:
    with no_leak(), SlcanEmulator("lawicel", link=str(tmp_path / "ttyACM0")) as adapter:
        yield adapter


def supervised(adapter: SlcanEmulator, **options: Any) -> Any:
    return can.supervise(adapter.port, "slcan", bitrate=500_000, policy=QUICK, **options)


def test_rounds(adapter):
    with as_before(), supervised(adapter) as bus, bus.subscribe() as frames:
        task = bus.send_periodic(numbered(1, 0x70), 0.005)
        for number in range(5):
            adapter.unplug()
            until_lost(bus)
            with pytest.raises(can.CanLinkDownError):
                bus.send(numbered(number, 0x61), timeout=0)
            waiting = Worker(lambda: bus.send(numbered(number, 0x60)))  # noqa: B023
            sent = len(adapter.sent)
            adapter.plug()
            gap = gap_of(bus)
            assert gap.cause is can.GapCause.GONE
            waiting.result()
            adapter.wait_for_sent(sent + 4)
            after = [msg.arbitration_id for msg in adapter.sent[sent:]]
            assert 0x61 not in after
            assert after.count(0x60) == 1
            assert 0x70 in after
            adapter.arrive(numbered(number))
            assert number_of(frames.recv(PATIENCE)) == number
            assert number_of(receive(bus)) == number
        assert not task.done
        assert len(bus.gaps) == 0


def test_a_frame_whose_answer_was_awaited_is_not_sent_again(adapter):
    with supervised(adapter, window=1) as bus:
        adapter.fault(Silent())
        waiting = Worker(lambda: bus.send(numbered(1)))
        adapter.wait_for_command(b"t123400000001")
        wait_until_blocked(waiting)
        adapter.clear_faults()
        adapter.unplug()
        error = waiting.error()
        assert isinstance(error, can.CanLinkDownError)
        assert "may not have been sent" in str(error)
        adapter.plug()
        gap_of(bus)
        bus.send(numbered(2))
        assert number_of(adapter.wait_for_sent(1)[-1]) == 2


def test_an_open_bus_is_supervised_in_place(adapter):
    inner = can.Bus(adapter.port, interface="slcan", bitrate=500_000)
    with can.supervise(inner, policy=QUICK) as bus:
        assert bus.inner is inner
        adapter.unplug()
        until_lost(bus)
        adapter.plug()
        gap_of(bus)
        assert bus.inner is inner
        bus.send(numbered(4))
        assert number_of(adapter.wait_for_sent(1)[0]) == 4
    with pytest.raises(can.CanClosedError):
        inner.recv(0)


def test_shutdown_while_it_is_unplugged(adapter):
    bus = supervised(adapter)
    adapter.unplug()
    until_lost(bus)
    waiting = Worker(bus.recv)
    wait_until_blocked(waiting)
    bus.shutdown()
    assert isinstance(waiting.error(), can.CanClosedError)
