"""What is in scripts/ for those who do not use `canbus persist` says the same as it does."""

from __future__ import annotations

import pytest

from canbus.bringup.persist.files import body_of
from canbus.bringup.persist.units import Programs, intrepid_unit
from tests.golden.persist_trees import read_tree
from tests.lab.paths import CHECKOUT

SCRIPTS = CHECKOUT / "scripts"
UNIT = "etc/systemd/system/canbus-can0.service"
RULES = "etc/udev/rules.d/70-canbus-{}.rules"


def text_of(path: str) -> str:
    """What a file says to systemd or udev; what it says to people comes first."""
    lines = (SCRIPTS / path).read_text().splitlines(keepends=True)
    said = [line for line in lines if not line.startswith("#")]
    assert lines[0].startswith("#")
    return "".join(said)


@pytest.mark.parametrize(
    ("template", "case"), [("canbus-can@", "can0-unit"), ("canbus-slcand@", "serial-usb")]
)
def test_a_template_is_the_unit_with_the_name_left_open(template, case):
    unit = body_of(read_tree(case)[UNIT])
    assert text_of(f"systemd/{template}.service") == unit.replace("can0", "%i")


def test_the_daemons_unit_is_the_same():
    assert text_of("systemd/canbus-intrepid-icsscand.service") == intrepid_unit(Programs())


@pytest.mark.parametrize(
    ("example", "case", "name"),
    [
        ("70-canbus-usb-name", "candlelight-unit", "can_front"),
        ("70-canbus-spi-name", "pihat-unit", "can_hat"),
        ("70-canbus-serial-port", "serial-usb", "can0"),
    ],
)
def test_an_example_is_the_rule_for_such_an_adapter(example, case, name):
    assert text_of(f"udev/{example}.rules") == body_of(read_tree(case)[RULES.format(name)])


def test_nothing_there_is_without_a_test():
    names = {path.name for folder in ("systemd", "udev") for path in (SCRIPTS / folder).iterdir()}
    assert names == {
        "canbus-can@.service", "canbus-slcand@.service", "canbus-intrepid-icsscand.service",
        "70-canbus-usb-name.rules", "70-canbus-spi-name.rules", "70-canbus-serial-port.rules",
    }  # fmt: skip
