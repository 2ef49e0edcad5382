"""A kernel of LinkInfo values under the subcommands about links; the twin is a real kernel in
tests/kernel/test_cli_links.py and tests/hardware/test_cli_links.py.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from canbus.link_info import LinkDevice
from canbus.links import reading, route_socket, watching
from tests.unit.links.kernel_answers import FakeRouteKernel


class FakeKernel(FakeRouteKernel):
    """With a sysfs: devices by the name of their interface."""

    def __init__(self) -> None:
        super().__init__()
        self.devices: dict[str, LinkDevice | None] = {}


@pytest.fixture
def kernel(monkeypatch):
    """Answers netlink questions from `kernel.links`, sysfs ones from `kernel.devices`."""
    fake = FakeKernel()
    fake.add_other("eth0")
    monkeypatch.setattr(route_socket, "RouteSocket", fake.open)
    monkeypatch.setattr(reading, "sys", SimpleNamespace(platform="linux"))
    for module in (reading, watching):
        monkeypatch.setattr(module, "read_device", lambda name, *, index: fake.devices.get(name))
    yield fake
    assert fake.open_sockets == 0


@pytest.fixture
def there(kernel):
    """Lets links be there: `device` goes where sysfs has it."""

    def put(*links):
        for link in links:
            kernel.links[link.name] = link
            kernel.devices[link.name] = link.device

    return put
