"""What the tests of emulated adapters share beside fixtures."""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path

import pytest

from tests.unit.testing_slcan.host import PATIENCE

if sys.platform != "linux":
    pytest.skip("emulated serial adapters need Linux", allow_module_level=True)


def texts(frames):
    return [format(msg, "candump") for msg in frames]


def descriptors():
    gc.collect()
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


def wait_until_alone(adapter):
    """Until it has noticed that its host has closed the port: the channel is open, in vain."""
    before, deadline = adapter.counters.discarded_bytes, time.monotonic() + PATIENCE
    while adapter.counters.discarded_bytes == before:
        assert time.monotonic() < deadline
        adapter.arrive("7FF#")
        adapter.wait_until_written()
