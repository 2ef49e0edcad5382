"""The lines for config.txt on the pages: overlays and parameters that the Raspberry Pi kernel has.

No guest can run them, and the firmware drops what it does not know without a word.
"""

from __future__ import annotations

import re

from tests.docs.markdown import ROOT, pages

# As in arch/arm/boot/dts/overlays/README of the Raspberry Pi kernel.
MCP2515 = {"oscillator", "spimaxfrequency", "interrupt"}
MCP251XFD = {"spi0-0", "spi0-1", "spi1-0", "spi1-1", "spi1-2", "oscillator", "speed", "interrupt"}
OVERLAYS = {
    "mcp2515-can0": MCP2515,
    "mcp2515-can1": MCP2515,
    "mcp251xfd": MCP251XFD | {"rx_interrupt", "xceiver_enable", "xceiver_active_high"},
    "spi1-1cs": {"cs0_pin", "cs0_spidev"},
    "spi1-2cs": {"cs0_pin", "cs1_pin"},
    "spi1-3cs": {"cs0_pin", "cs1_pin", "cs2_pin"},
    "seeed-can-fd-hat-v1": set(),
    "seeed-can-fd-hat-v2": set(),
}
CRYSTALS = {"8000000", "12000000", "16000000", "20000000", "40000000"}


def overlay_lines():
    for page in [*pages(), *ROOT.glob("scripts/*.md")]:
        for line in re.findall(r"dtoverlay=([^\s`]+)", page.read_text()):
            yield page, line


def test_overlays_and_parameters_are_those_of_the_kernel():
    seen = set()
    for page, line in overlay_lines():
        overlay, *parameters = line.split(",")
        names = {parameter.split("=")[0] for parameter in parameters}
        assert names <= OVERLAYS[overlay], (page, line)
        seen.add(overlay)
    assert {"mcp2515-can0", "mcp251xfd"} <= seen


def test_every_line_for_an_mcp2515_names_its_crystal_and_its_interrupt():
    for page, line in overlay_lines():
        given = dict(parameter.partition("=")[::2] for parameter in line.split(",")[1:])
        if line.startswith("mcp2515"):
            assert {"oscillator", "interrupt"} <= given.keys(), (page, line)
        assert given.get("oscillator", "16000000") in CRYSTALS, (page, line)
        assert 2 <= int(given.get("interrupt", "25")) <= 27, (page, line)


def test_an_overlay_on_the_second_spi_comes_after_the_one_that_switches_it_on():
    lines = list(overlay_lines())
    for number, (_, line) in enumerate(lines):
        if "spi1-" in line and line.startswith("mcp251xfd"):
            assert any(other.startswith("spi1-") for _, other in lines[max(0, number - 2) : number])
