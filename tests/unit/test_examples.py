"""Every example runs, as a user would run it, and prints what it promises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PROMISES = {
    "first_frame.py": ["68 65 6c 6c 6f"],
    "cyclic_counter.py": ["1A0#0000000000000001", "1A0#000000000000000A"],
    "what_went_wrong.py": ["hint: did you mean 'virtual'?", "did you mean receive_own_messages?"],
}


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.py")))
def test_an_example_prints_what_it_promises(name: str) -> None:
    command = [sys.executable, "-W", "error", str(EXAMPLES / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    for promise in PROMISES[name]:
        assert promise in done.stdout
