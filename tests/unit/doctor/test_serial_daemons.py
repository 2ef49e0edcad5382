"""Which port a slcand was started for, by its command line: its options as of can-utils."""

from __future__ import annotations

import pytest

from canbus.bringup.doctor.checks.serial_daemons import tty_of
from canbus.bringup.doctor.system import Process
from tests.unit.doctor.fake_system import FakeSystem


@pytest.mark.parametrize(
    ("line", "tty"),
    [
        ("slcand -o -c -s6 ttyACM0 can0", "ttyACM0"),
        ("slcand -o -c -s 6 /dev/ttyACM0 can0", "ttyACM0"),
        ("slcand -ocs6 -S 115200 -t hw /dev/ttyUSB3", "ttyUSB3"),
        ("slcand -F -o -S115200 -b 011c ttyS1 can1", "ttyS1"),
        ("slcand -o -s6 /dev/serial/by-id/usb-x can0", "ttyACM7"),
        ("slcand -s", None),
        ("slcand", None),
    ],
)
def test_the_port_is_found_behind_the_options(tmp_path, line, tty):
    links = {"/dev/serial/by-id/usb-x": "../../ttyACM7"}
    system = FakeSystem(tmp_path, {"symlinks": links})
    assert tty_of(system, Process(1, "slcand", tuple(line.split()))) == tty
