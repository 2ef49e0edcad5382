"""Installed plugins made of temporary folders, and a fresh Python that sees them. No test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import canbus

ROOT = Path(canbus.__file__).parents[1]

GOOD = """
from canbus.plugin import BackendSpec
def canbus_backend():
    return BackendSpec(name={name!r}, summary="fine", bus="canbus.backends.virtual.bus:VirtualBus")
"""


def install(folder: Path, distribution: str, name: str, module: str, source: str | None) -> None:
    """Make what pip leaves behind: a module (None: missing) and its dist-info."""
    info = folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[canbus.backends]\n{name} = {module}\n")
    if source is not None:
        (folder / f"{module}.py").write_text(source)


def run(code: str, *paths: Path, **environment: str) -> Any:
    """Run code in a fresh Python that sees these folders; what it prints as JSON."""
    env = {**os.environ, **environment}
    env["PYTHONPATH"] = os.pathsep.join(map(str, [*paths, ROOT]))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
