"""Fixtures for emulated serial adapters; nothing may be left behind by any test."""

from __future__ import annotations

import sys
import threading

import pytest

from tests.unit.testing_slcan.host import Host

if sys.platform != "linux":
    pytest.skip("emulated serial adapters need Linux", allow_module_level=True)


from canbus.testing.slcan import (
    SlcanEmulator,
)
from tests.unit.testing_slcan.emulated import descriptors


@pytest.fixture(autouse=True)
def _nothing_is_left_behind():
    threads, before = threading.enumerate(), descriptors()
    yield
    assert threading.enumerate() == threads
    assert descriptors() == before


@pytest.fixture
def adapter():
    with SlcanEmulator() as made:
        yield made


@pytest.fixture
def host(adapter):
    with Host(adapter.port) as made:
        yield made
