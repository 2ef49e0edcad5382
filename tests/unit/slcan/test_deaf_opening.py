"""Opening a line that takes nothing, as the adapter does not read it."""

from __future__ import annotations

import os
import select
from contextlib import suppress
from functools import partial

import pytest

import canbus as can
from tests.unit.slcan.rig import within
from tests.unit.slcan.serial_lines import Adapter, no_leak, wait_for


def fill(fd):
    """To the last byte: a terminal is not writable any more, and takes some all the same."""
    while True:
        for size in (1000, 1):
            with suppress(BlockingIOError):
                while True:
                    os.write(fd, b"x" * size)
        if not wait_for(fd, select.POLLOUT, 0.05):
            try:
                os.write(fd, b"x")
            except BlockingIOError:
                return


@pytest.mark.filterwarnings("ignore::canbus.errors.CanWarning")
@pytest.mark.parametrize("handshake", ["auto", "require", "off"])
def test_opening_a_line_that_is_full(tmp_path, handshake):
    """What another program left there is not ours, and is not waited for."""
    with no_leak():
        adapter = Adapter(tmp_path)
        fd = os.open(adapter.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        fill(fd)
        opened = partial(
            can.Bus, adapter.path, interface="slcan", bitrate=500_000, handshake=handshake
        )
        with within(4), pytest.raises(can.CanInitializationError):
            opened().shutdown()
        os.close(fd)
        adapter.unplug()
