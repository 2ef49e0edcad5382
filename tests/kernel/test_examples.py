"""Examples that use the kernel run on one, as a user would run them."""

from __future__ import annotations

import pytest

from tests.unit.test_examples import NEED_A_KERNEL, check_example

PROMISES = {
    "heartbeat.py": ["timed by: bcm", "701#01", "701#05"],
    "wheel_speed.py": ["timed by: bcm", "every counter value and checksum right"],
    "engine_watchdog.py": [
        "engine first, gear 1\nengine changed, gear 2\nengine missing\nengine back, gear 2\n"
    ],
}


@pytest.mark.parametrize("name", PROMISES)
def test_an_example_prints_what_it_promises(name: str, vcan: str) -> None:
    assert PROMISES.keys() >= NEED_A_KERNEL
    words = [] if name in NEED_A_KERNEL else ["socketcan"]
    check_example(name, PROMISES[name], *words, vcan)
