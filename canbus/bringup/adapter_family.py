"""AdapterFamily: adapters whose stock driver makes the interface. Facts in, steps out.

The families themselves are values in families/. One with a daemon has its own way there.
"""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from canbus.bringup.common_steps import (
    Configure,
    LoadAnyModule,
    LoadModule,
    Verify,
    WaitForLink,
    need_bitrate,
)
from canbus.bringup.machine import Machine
from canbus.bringup.request import Request
from canbus.bringup.steps import Context, Step
from canbus.errors import CanConfigError, CanLinkError
from canbus.link_info import LinkInfo


@dataclass(frozen=True)
class Driver:
    """A driver of a family.

    Attributes:
        module: name of the kernel module, which is also the driver's.
        bus: "usb", "pci", "spi".
        vendors: of its hardware: whatever of them is there may be its.
        ids: of its hardware, where the vendor's is not enough; on SPI the names of chips.
    """

    module: str
    bus: str
    vendors: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()

    def is_needed(self, machine: Machine) -> bool:
        """Whether hardware is there that may be its."""
        if self.bus == "spi":
            return not self.ids.isdisjoint(machine.spi_devices().values())
        there = machine.usb_ids() if self.bus == "usb" else machine.pci_ids()
        return any(one in self.ids or one.split(":")[0] in self.vendors for one in there)


@dataclass(frozen=True)
class AdapterFamily:
    """Adapters of one make.

    Attributes:
        name: "pcan".
        title: "PCAN adapter".
        drivers: of the kernel.
        rivals: modules that are not the kernel's own and take the hardware away: {module: what
            to do about it}.
        declaration: how the device tree is told of the hardware, which nothing finds by itself;
            "" for what can be plugged in.
        untaken: what to look at where the hardware is there, and no driver has taken it.
    """

    name: str
    title: str
    drivers: tuple[Driver, ...]
    rivals: dict[str, str]
    declaration: str = ""
    untaken: str = "`sudo dmesg | tail` says why"

    def steps(self, request: Request, context: Context) -> list[Step]:
        """What it takes to bring one of them up.

        Raises:
            CanConfigError: a ValueError; which one, or at what bit rate, is not said.
            CanLinkError: another driver has the hardware, or the device tree names none.
        """
        there = [link for link in context.machine.list_links() if self.is_ours(link)]
        if request.name is not None:
            there = [link for link in there if link.name == request.name]
        steps: list[Step] = []
        if not there:
            self._refuse_rivals(context.machine)
            need_bitrate(request.config, f"a {self.title} that is new")
            steps = self._load(context.machine)
            steps.append(self._wait(request, context.machine))
        else:
            context.link = self._choose(there).name
        return [*steps, Configure(request.config, request.strict), Verify()]

    def is_ours(self, link: LinkInfo) -> bool:
        """Whether a link is of this family."""
        return link.device is not None and link.device.driver in self._names

    @property
    def _names(self) -> frozenset[str]:
        return frozenset(driver.module for driver in self.drivers)

    def _choose(self, there: list[LinkInfo]) -> LinkInfo:
        if len(there) == 1:
            return there[0]
        raise CanConfigError(
            f"there are {len(there)} channels of a {self.title}: "
            + ", ".join(map(describe_channel, there)),
            hint=f"say which: canbus up {there[0].name} ..., or --name {there[0].name}",
        )

    def _refuse_rivals(self, machine: Machine) -> None:
        for module, advice in self.rivals.items():
            if machine.has_module(module):
                raise CanLinkError(
                    f"the {self.title} belongs to the module {module}, which makes no network "
                    "interface",
                    hint=advice,
                )

    def _load(self, machine: Machine) -> list[Step]:
        """The drivers whose hardware is there; if none is seen, it may be about to come."""
        needed = [driver.module for driver in self.drivers if driver.is_needed(machine)]
        if needed:
            return [LoadModule(module) for module in needed]
        if self.declaration:
            others = ", ".join(f"{at}: {chip}" for at, chip in machine.spi_devices().items())
            raise CanLinkError(
                "the device tree names no CAN chip on SPI" + (f" ({others})" if others else ""),
                hint=self.declaration,
            )
        return [LoadAnyModule(tuple(driver.module for driver in self.drivers))]

    def _wait(self, request: Request, machine: Machine) -> WaitForLink:
        name = request.name

        def match(link: LinkInfo) -> bool:
            return self.is_ours(link) and name in {None, link.name}

        return WaitForLink(
            what=f"the interface{f' {name}' if name else ''} of a {self.title}",
            match=match,
            choose=self._choose,
            look=self._shell(name),
            timeout=request.patience,
            advice=self._advice(machine),
        )

    def _shell(self, name: str | None) -> str:
        """For sh: print the first interface of these drivers."""
        paths = " ".join(
            f"/sys/bus/{driver.bus}/drivers/{driver.module}/*/net/{quote(name) if name else '*'}"
            for driver in self.drivers
        )
        return f'for d in {paths}; do [ -e "$d" ] && echo "${{d##*/}}" && break; done'

    def _advice(self, machine: Machine) -> str:
        if any(driver.is_needed(machine) for driver in self.drivers):
            return f"it is there, but no driver has taken it: {self.untaken}"
        look = " or ".join(sorted({f"ls{driver.bus}" for driver in self.drivers}))
        return f"is it plugged in? `{look}` should show it"


def describe_channel(link: LinkInfo) -> str:
    """Which one it is: "can0 (peak_usb 1-1:1.0, channel 0)"."""
    device = link.device
    if device is None:
        return link.name
    number = f", serial number {device.serial_number}" if device.serial_number else ""
    return f"{link.name} ({device.driver} {device.path}, channel {device.channel}{number})"
