"""Two emulated Kvaser controllers on one wire, as can0 and can1, driven by the stock driver."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.hardware)


@pytest.fixture(scope="session")
def controllers() -> Iterator[tuple[str, str]]:
    """The names of two interfaces that are up at 500 kbit/s and joined by a wire."""
    subprocess.run(["modprobe", "kvaser_pci"], check=True)
    names = ("can0", "can1")
    for name in names:
        command = f"ip link set {name} up type can bitrate 500000"
        subprocess.run(command.split(), check=True)
    yield names
    for name in names:
        subprocess.run(["ip", "link", "set", name, "down"], check=True)
