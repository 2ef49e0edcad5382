"""Two buses on a wire of their own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

import pytest

from canbus.backends.virtual.bus import VirtualBus
from tests.unit.dispatch.consumers import dispatchers

_numbers = count()


class Wire(NamedTuple):
    """The bus that has consumers, and the one that sends to it."""

    bus: VirtualBus
    other: VirtualBus


@pytest.fixture
def wire() -> Iterator[Wire]:
    name = f"dispatch-{next(_numbers)}"
    with VirtualBus(name) as bus, VirtualBus(name) as other:
        yield Wire(bus, other)
    assert dispatchers() == []
