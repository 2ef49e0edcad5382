"""Third-party plugins of python-can, each through `canbus.Bus(interface=NAME)`: suite.py, run in a
process of its own that finds them in .venv/plugins, where nothing else looks.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.plugins.peers import PEERS

CHECKOUT = Path(__file__).parents[2]
FOLDER = ".venv/plugins"


def test_plugins_of_strangers_work_through_our_contract():
    if not (CHECKOUT / ".venv/.plugins").exists():  # not run by make
        subprocess.run([".ci/venv", "plugins"], cwd=CHECKOUT, check=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "tests/plugins/suite.py"], cwd=CHECKOUT, capture_output=True, text=True,
        timeout=110, env={**os.environ, "PYTHONPATH": FOLDER},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    found = re.search(r"(\d+) passed", done.stdout)
    assert found is not None
    assert int(found[1]) >= 8 * len(PEERS)
    assert "skipped" not in done.stdout


def test_none_of_them_is_in_our_own_environment():
    code = "from canbus.backends.python_can.names import sources; print(sorted(sources()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not [kind.interface for kind in PEERS if repr(kind.interface) in done.stdout]
