"""Fixtures on a real kernel; every test of this folder needs one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from canbus.links import temporary_vcan

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.kernel)


@pytest.fixture
def vcan() -> Iterator[str]:
    """The name of a fresh vcan link, up and FD-capable."""
    with temporary_vcan() as link:
        yield link.name
