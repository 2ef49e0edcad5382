"""Raspberry Pi HATs, and whatever has an MCP2515, MCP2517FD or MCP2518FD on SPI. Facts only.

The device tree names the chip (an overlay in config.txt), the kernel then loads mcp251x or
mcp251xfd by itself. The chips are named as in the id tables of drivers/net/can/spi/mcp251x.c and
drivers/net/can/spi/mcp251xfd.
"""

from canbus.bringup.adapter_family import AdapterFamily, Driver

FAMILY = AdapterFamily(
    name="pihat",
    title="CAN HAT",
    drivers=(
        Driver("mcp251x", "spi", ids=frozenset({"mcp2510", "mcp2515", "mcp25625"})),
        Driver(
            "mcp251xfd", "spi", ids=frozenset({"mcp2517fd", "mcp2518fd", "mcp251863", "mcp251xfd"})
        ),
    ),
    rivals={},
    declaration="for an MCP2515 add to /boot/firmware/config.txt (before Debian 12: "
    "/boot/config.txt): dtparam=spi=on and dtoverlay=mcp2515-can0,oscillator=16000000,interrupt=25 "
    "with the frequency on the crystal; for an MCP2518FD: dtoverlay=mcp251xfd,spi0-0,interrupt=25; "
    "then reboot",
    untaken="`sudo dmesg | grep -i mcp25` says why (wiring, interrupt pin, SPI speed)",
)
