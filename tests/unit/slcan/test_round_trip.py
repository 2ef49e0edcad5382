"""Every kind of frame that an adapter has goes out and comes in as it is, in every dialect."""

from __future__ import annotations

import pytest

import canbus as can
from canbus.backends.slcan.dialects import CUSTOM, DIALECTS
from canbus.frame_rules import FD_LENGTHS
from canbus.testing.support import PATIENCE, facts
from tests.unit.slcan.rig import opened, raised, receive_all

REAL = [row for row in DIALECTS.values() if row is not CUSTOM]
for_every_adapter = pytest.mark.parametrize("row", REAL, ids=lambda row: row.name)


def classic_frames(*, remote_lengths=range(9)):
    for extended, ids in ((False, (0, 0x123, 0x7FF)), (True, (0, 0x7FF, 0x800, 0x1FFFFFFF))):
        for can_id in ids:
            yield can.Message(arbitration_id=can_id, is_extended_id=extended)
        for length in range(9):
            data = bytes(range(0xF8, 0xF8 + length))
            yield can.Message(arbitration_id=ids[1], is_extended_id=extended, data=data)
        for length in remote_lengths:
            yield can.Message(
                arbitration_id=ids[1], is_extended_id=extended, is_remote_frame=True, dlc=length
            )


def fd_frames():
    for extended, can_id in ((False, 0x7FF), (True, 0x1FFFFFFF)):
        for brs in (False, True):
            for length in FD_LENGTHS:
                yield can.Message(
                    arbitration_id=can_id,
                    is_extended_id=extended,
                    is_fd=True,
                    bitrate_switch=brs,
                    data=bytes(byte * 3 % 256 for byte in range(length)),
                )


def opened_as(row, **options):
    if row.has_fd:
        options |= {"fd": True, "data_bitrate": max(row.data_bitrates)}
    return opened(emulated=row.name, dialect=row.name, **options)


def frames_for(row):
    """WeAct's adapter takes remote frames with data digits only, so it is sent those of length 0.

    A CANdapter has none.
    """
    lengths = {"weact": range(1), "candapter": range(0)}.get(row.name, range(9))
    return [*classic_frames(remote_lengths=lengths), *(fd_frames() if row.has_fd else ())]


@for_every_adapter
def test_out(row):
    frames = frames_for(row)
    with opened_as(row) as (adapter, bus):
        bus.send_many(frames, timeout=PATIENCE)
        sent = adapter.wait_for_sent(len(frames))
        assert [facts(msg) for msg in sent] == [facts(msg) for msg in frames]
        assert bus.statistics.tx_refused == bus.statistics.tx_unanswered == 0


@for_every_adapter
@pytest.mark.parametrize("stamps", [False, True])
def test_in(row, stamps):
    if stamps and row.stamp is None:
        return
    frames = [*classic_frames(), *(fd_frames() if row.has_fd else ())]
    options = {"timestamping": "adapter"} if stamps else {}
    with opened_as(row, **options) as (adapter, bus):
        adapter.wait_for_command(b"O")
        adapter.arrive(*frames)
        got = receive_all(bus, len(frames))
        assert [facts(msg) for msg in got] == [facts(msg) for msg in frames]
        assert bus.statistics.rx_malformed == 0
        assert all(msg.is_rx and msg.channel == adapter.port for msg in got)


@pytest.mark.parametrize("row", [row for row in REAL if row.loopback], ids=lambda row: row.name)
def test_looped_back(row):
    frames = frames_for(row)
    with opened_as(row, loopback=True) as (_, bus):
        for msg in frames:
            bus.send(msg, timeout=PATIENCE)
            assert facts(receive_all(bus, 1)[0]) == facts(msg)


@for_every_adapter
def test_fd_frames_where_there_are_none(row):
    with opened(emulated=row.name, dialect=row.name) as (adapter, bus):
        error = raised(bus.send, next(fd_frames()))
        assert isinstance(error, can.CanError)
        bus.send(can.Message.parse("123#"), timeout=PATIENCE)
        assert len(adapter.wait_for_sent(1)) == 1


def test_what_an_adapter_sends_unasked_for_is_no_frame_of_ours():
    """FD frames on a bus that was not opened for them."""
    with opened("canable2.5") as (adapter, bus):
        adapter.arrive(*fd_frames(), "123#")
        assert receive_all(bus, 1)[0].arbitration_id == 0x123
        assert bus.statistics.rx_malformed == 0
