"""What the scripts print under python-can and under canbus; declared differences allowed for.

A script declares one in its docstring, with the words by which docs/from-python-can.md names it:

    # differs [on vcan]: words of the page
    #   python-can: a line, or what it begins with
    #   canbus: the line instead
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
CHECKOUT = FOLDER.parents[1]
SCRIPTS = sorted(path.name for path in FOLDER.glob("[0-9]*.py"))
WAYS = {
    "python-can": ([], []),
    "python -m canbus.compat": (["-m", "canbus.compat"], []),
    "import canbus as can": ([], ["canbus"]),
}
_DIFFERS = re.compile(
    r"^# differs(?: on (\w+))?: (.+)\n#   python-can: (.+)\n#   canbus: (.+)$", re.MULTILINE
)


class Difference(NamedTuple):
    """Where it shows ("" for everywhere), the page's words for it, and the two lines."""

    where: str
    words: str
    python_can: str
    canbus: str


def declared(script: str) -> list[Difference]:
    """The differences in a script's docstring."""
    return [Difference(*found) for found in _DIFFERS.findall((FOLDER / script).read_text())]


def printed_under(interface: str, channels: dict[str, str]) -> dict[str, dict[str, str]]:
    """What each script printed, for each of the three ways, which run side by side.

    Args:
        interface: "virtual" or "socketcan".
        channels: for each way, one of its own.
    """
    running = {
        way: subprocess.Popen(
            [sys.executable, *before, str(FOLDER / "run_all.py"), interface, channels[way], *after],
            cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for way, (before, after) in WAYS.items()
    }  # fmt: skip
    found = {}
    for way, process in running.items():
        out, err = process.communicate(timeout=100)
        assert process.returncode == 0, (way, err[-4000:])
        told = json.loads(out)
        assert ("canbus" in told["module"]) is (way == "python -m canbus.compat"), told["module"]
        found[way] = told["printed"]
    return found


def expected(script: str, under_python_can: str, where: str) -> str:
    """What canbus has to print; asserts that the declared differences are really there."""
    text = under_python_can
    for one in declared(script):
        if one.where in {"", where}:
            assert text.count(f"{one.python_can}\n") == 1, (script, one, text)
            text = text.replace(f"{one.python_can}\n", f"{one.canbus}\n")
    return text
