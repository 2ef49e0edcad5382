"""Every example runs, as a user would run it, and prints what it promises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PROMISES = {
    "first_frame.py": ["68 65 6c 6c 6f"],
    "heartbeat.py": ["timed by: thread", "701#01", "701#05"],
    "serial_adapter.py": ["(usbtin)", "01 02"],
    "tester_and_logger.py": ["7E8#2200\n100#C0FFEE\n7E8#2201\n", "has lost 7 of 10"],
    "two_buses.py": ["7E8#03410D50", "crossed: 1 1"],
    "unplugged.py": ["DL:  1    01", "unplugged: None", "back, and was gone", "DL:  1    02"],
    "wheel_speed.py": ["timed by: thread", "every counter value and checksum right"],
    "what_went_wrong.py": ["hint: did you mean 'virtual'?", "did you mean receive_own_messages?"],
}


NEED_A_KERNEL = {"engine_watchdog.py"}  # run by tests/kernel/test_examples.py


@pytest.mark.parametrize("name", sorted({p.name for p in EXAMPLES.glob("*.py")} - NEED_A_KERNEL))
def test_an_example_prints_what_it_promises(name: str) -> None:
    check_example(name, PROMISES[name])


def check_example(name: str, promises: list[str], *arguments: str) -> None:
    """Run an example; what it prints must hold these."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    for promise in promises:
        assert promise in done.stdout
