"""Opening a line that takes nothing, as the adapter does not read it."""

from __future__ import annotations

import os

import canbus as can
from tests.unit.slcan.rig import raised, within
from tests.unit.slcan.serial_lines import Adapter, no_leak


def test_opening_a_line_that_is_full(tmp_path):
    """What another program left there: it is not ours, and we do not wait for it."""
    with no_leak():
        adapter = Adapter(tmp_path)
        fd = os.open(adapter.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            while True:
                os.write(fd, b"x" * 1000)
        except BlockingIOError:
            pass
        for handshake in ("auto", "require", "off"):
            with within(4):
                error = raised(
                    can.Bus, adapter.path, interface="slcan", bitrate=500_000, handshake=handshake
                )
            assert isinstance(error, can.CanInitializationError), handshake
        os.close(fd)
        adapter.unplug()
