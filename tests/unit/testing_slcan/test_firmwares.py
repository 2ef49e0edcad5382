"""The emulated firmware beside the backend's table: two readings of the same sources."""

from __future__ import annotations

import pytest

from canbus.backends.slcan.dialects import DIALECTS
from canbus.testing.slcan.firmware import Mode
from canbus.testing.slcan.firmwares import FIRMWARES

SHARED = [row for name, row in DIALECTS.items() if name in FIRMWARES]


def versions(name):
    """Firmware of a dialect: there are builds that answer, and later ones."""
    return [FIRMWARES[key] for key in (name, f"{name}-answers") if key in FIRMWARES]


def test_every_dialect_but_the_users_own_is_emulated():
    assert set(DIALECTS) - set(FIRMWARES) == {"custom"}


@pytest.mark.parametrize("row", SHARED, ids=lambda row: row.name)
def test_a_command_means_the_same_bit_rate_on_both_sides(row):
    known: dict[str, int] = {}
    for firmware in versions(row.name):
        known |= {**firmware.bitrates, **firmware.data_bitrates}
    for bitrate, command in [*row.bitrates.items(), *row.data_bitrates.items()]:
        assert known[command] == pytest.approx(bitrate, rel=1e-3), command


@pytest.mark.parametrize("row", SHARED, ids=lambda row: row.name)
def test_the_modes_that_the_backend_offers_are_there(row):
    for commands, mode in ((row.listen_only, Mode.LISTEN_ONLY), (row.loopback, Mode.LOOPBACK)):
        if not commands:
            continue
        for firmware in versions(row.name):
            known = {**firmware.prepares, **firmware.opens}
            assert known[commands[0]] is mode
            assert commands[-1] in firmware.opens


@pytest.mark.parametrize("row", SHARED, ids=lambda row: row.name)
def test_time_stamps_are_the_same(row):
    if row.stamp is None:
        return
    known = [(s.on, s.tick_ns, s.wrap) for s in FIRMWARES[row.name].stamps]
    assert (row.stamp.switch, row.stamp.tick_ns, row.stamp.wrap) in known


@pytest.mark.parametrize("row", SHARED, ids=lambda row: row.name)
def test_frames_are_of_the_same_kinds(row):
    firmware = FIRMWARES[row.name]
    assert (firmware.has_fd, firmware.extended_x) == (row.has_fd, row.extended_x)
