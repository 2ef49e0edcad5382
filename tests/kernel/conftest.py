"""Fixtures on a real kernel; every test of this folder needs one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import canbus as can
from canbus.links import create_vcan, delete_link, owning, temporary_vcan
from tests.kernel.namespaces import own_namespace, run
from tests.kernel.vcan_users import link as link_named
from tests.kernel.vcan_users import lock_files

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.kernel)
    if "LAB_SUBSTRATE" not in os.environ:
        # On a machine of somebody's: not even tried, as its modules are in use.
        harmful = [item for item in items if item.get_closest_marker("guest")]
        config.hook.pytest_deselected(items=harmful)
        items[:] = [item for item in items if item not in harmful]


@pytest.fixture
def vcan() -> Iterator[str]:
    """The name of a fresh vcan link, up and FD-capable."""
    with temporary_vcan() as link:
        yield link.name


@pytest.fixture
def vcan0() -> Iterator[str]:
    """A link of the very name that documentation uses."""
    create_vcan("vcan0", fd=True, exist_ok=True)
    yield "vcan0"
    delete_link("vcan0")


OpenBus = Callable[..., can.BusABC]


@pytest.fixture
def open_bus(vcan: str) -> Iterator[OpenBus]:
    """Opens socketcan buses on the fresh link, and shuts them down afterwards."""
    buses: list[can.BusABC] = []

    def open_one(channel: str = vcan, **options: Any) -> can.BusABC:
        bus: can.BusABC = can.Bus(channel, interface="socketcan", **options)
        buses.append(bus)
        return bus

    yield open_one
    for bus in buses:
        bus.shutdown()


@pytest.fixture
def full_queue(vcan: str) -> Callable[[], None]:
    """Stop the transmit queue of the link after 10 frames; calling the value lets it flow."""

    def plug(*words: str) -> None:
        subprocess.run(["tc", "qdisc", *words], check=True)

    plug("add", "dev", vcan, "root", "plug", "limit", "160")
    plug("change", "dev", vcan, "root", "plug", "block")
    return lambda: plug("change", "dev", vcan, "root", "plug", "release_indefinite")


_numbers = count()


@pytest.fixture
def name() -> Iterator[str]:
    """A name that no interface has, and none has afterwards; nor are there lock files of it."""
    name = f"made{next(_numbers)}"
    yield name
    left = link_named(name)
    if left is not None:
        owning.remove(left)
    assert lock_files(name) == []


@pytest.fixture
def space() -> Iterator[str]:
    """The name of a fresh network namespace; this thread is where it was afterwards."""
    before = own_namespace()
    name = f"space{next(_numbers)}"
    run("ip", "netns", "add", name)
    yield name
    assert own_namespace() == before
    run("ip", "netns", "del", name)
