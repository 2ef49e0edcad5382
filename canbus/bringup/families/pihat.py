"""Raspberry Pi HATs, and whatever has an MCP2515, MCP2517FD or MCP2518FD on SPI.

The device tree names the chip (an overlay in config.txt), the kernel then loads mcp251x or
mcp251xfd by itself. So there is little to do, and much to say when nothing is there.
"""

from __future__ import annotations

from shlex import quote

from canbus.bringup.adapter_family import describe_channel
from canbus.bringup.common_steps import (
    Configure,
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

_MODULES = {
    "mcp2510": "mcp251x",
    "mcp2515": "mcp251x",
    "mcp25625": "mcp251x",
    "mcp2517fd": "mcp251xfd",
    "mcp2518fd": "mcp251xfd",
    "mcp251863": "mcp251xfd",
    "mcp251xfd": "mcp251xfd",
}
"""Chips as the device tree names them (the id tables of both drivers)."""

OVERLAY_HINT = (
    "for an MCP2515 add to /boot/firmware/config.txt (before Debian 12: /boot/config.txt): "
    "dtparam=spi=on and dtoverlay=mcp2515-can0,oscillator=16000000,interrupt=25 with the "
    "frequency on the crystal; for an MCP2518FD: dtoverlay=mcp251xfd,spi0-0,interrupt=25; then "
    "reboot"
)


def is_ours(link: LinkInfo) -> bool:
    """Whether a link is of this family."""
    return link.device is not None and link.device.driver in _MODULES.values()


def steps(request: Request, context: Context) -> list[Step]:
    """What it takes to bring a HAT up.

    Raises:
        CanConfigError: a ValueError; which channel, or at what bit rate, is not said.
        CanLinkError: the device tree has no such chip.
    """
    there = [link for link in context.machine.list_links() if is_ours(link)]
    if request.name is not None:
        there = [link for link in there if link.name == request.name]
    found: list[Step] = []
    if there:
        context.link = _choose(there).name
    else:
        need_bitrate(request.config, "a CAN HAT that is new")
        found = [
            *map(LoadModule, _modules(context.machine)),
            _wait(request, request.name),
        ]
    return [*found, Configure(request.config, request.strict), Verify()]


def _modules(machine: Machine) -> list[str]:
    chips = machine.spi_devices()
    found = {_MODULES[chip] for chip in chips.values() if chip in _MODULES}
    if not found:
        others = ", ".join(f"{place}: {chip}" for place, chip in chips.items())
        raise CanLinkError(
            "the device tree names no CAN chip on SPI" + (f" ({others})" if others else ""),
            hint=OVERLAY_HINT,
        )
    return sorted(found)


def _wait(request: Request, name: str | None) -> WaitForLink:
    def match(link: LinkInfo) -> bool:
        return is_ours(link) and name in {None, link.name}

    drivers = " ".join(
        f"/sys/bus/spi/drivers/{module}/*/net/{quote(name) if name else '*'}"
        for module in sorted(set(_MODULES.values()))
    )
    return WaitForLink(
        what=f"the interface{f' {name}' if name else ''} of a CAN HAT",
        match=match,
        choose=_choose,
        look=f'for d in {drivers}; do [ -e "$d" ] && echo "${{d##*/}}" && break; done',
        timeout=request.patience,
        advice="the driver did not find its chip: `sudo dmesg | grep -i mcp25` says why (wiring, "
        "interrupt pin, SPI speed)",
    )


def _choose(there: list[LinkInfo]) -> LinkInfo:
    if len(there) == 1:
        return there[0]
    raise CanConfigError(
        f"there are {len(there)} CAN channels on SPI: " + ", ".join(map(describe_channel, there)),
        hint=f"say which: canbus up {there[0].name} ..., or --name {there[0].name}",
    )
