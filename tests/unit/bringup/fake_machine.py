"""A machine of tables for bring-up; its twin is the real one in tests/hardware/test_bringup.py.

Links are a FakeLinux's, so that what is set is set by canbus.links.
"""

from __future__ import annotations

from dataclasses import replace

from canbus import links
from canbus.bringup.machine import Machine
from canbus.errors import CanTimeoutError
from canbus.link_info import LinkDevice, LinkInfo
from tests.unit.links.fake_linux import FakeLinux
from tests.unit.links.test_plan import BLANK


def adapter(name, index, driver, **facts) -> LinkInfo:
    """A controller as it comes out of the box."""
    device = LinkDevice(driver=driver, bus="usb", path=f"1-{index}:1.0", **facts)
    return replace(BLANK, name=name, index=index, device=device)


class FakeMachine(Machine):
    """Attributes:
    linux: whose links these are.
    modules: those that are loaded.
    drivers: {module: links that it makes when it is loaded}.
    usb, pci, spi: what is plugged in.
    may: its capabilities.
    waited: seconds of each wait.
    """

    def __init__(self, monkeypatch, *there: LinkInfo) -> None:
        super().__init__("/nowhere")
        self.linux = FakeLinux(*there).install(monkeypatch)
        self.devices = {link.name: link.device for link in there}
        monkeypatch.setattr(
            links.reading, "read_device", lambda name, *, index: self.devices.get(name)
        )
        self.modules: set[str] = set()
        self.drivers: dict[str, list[LinkInfo]] = {}
        self.usb: frozenset[str] = frozenset()
        self.pci: frozenset[str] = frozenset()
        self.spi: dict[str, str] = {}
        self.may = {"CAP_NET_ADMIN", "CAP_SYS_MODULE"}
        self.waited: list[float] = []

    def has_module(self, name):
        return name in self.modules

    def load_module(self, name):
        if name not in self.drivers:
            return f"modprobe {name} failed: FATAL: Module {name} not found."
        self.modules.add(name)
        for link in self.drivers[name]:
            self.linux.links[link.name] = link
            self.devices[link.name] = link.device
        return None

    def has_capability(self, name):
        return name in self.may

    def usb_ids(self):
        return self.usb

    def pci_ids(self):
        return self.pci

    def spi_devices(self):
        return self.spi

    def list_links(self):
        return links.list_links()

    def apply(self, name, config, *, strict):
        return links.apply(name, config, strict=strict)

    def create_vcan(self, name, *, fd, xl):
        return links.create_vcan(name, fd=fd, xl=xl, up=False)

    def delete_link(self, name):
        links.delete_link(name)

    def wait_for_link(self, match, timeout, what):
        self.waited.append(timeout)
        for link in self.list_links():
            if match(link):
                return link
        raise CanTimeoutError(f"{what} did not come within {timeout:g} s")
