"""examples/plugin: installed as pip would, it is listed, opened and keeps the contract."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from tests.unit.plugins import ROOT, run

EXAMPLE = ROOT / "examples" / "plugin"

try:
    _SETUPTOOLS = tuple(int(n) for n in version("setuptools").split(".")[:2])
except PackageNotFoundError:
    _SETUPTOOLS = (0, 0)
needs_setuptools = pytest.mark.skipif(
    _SETUPTOOLS < (70, 1), reason="building the plugin offline needs setuptools >= 70.1"
)
pytestmark = needs_setuptools


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the plugin was installed; the source stays clean."""
    source = tmp_path_factory.mktemp("source") / "plugin"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))
    target = tmp_path_factory.mktemp("site")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "--target", target, source],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return target


def _canbus(*arguments: str, path: Path) -> str:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(path), str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-m", "canbus", *arguments],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_bus_of_the_plugin_opens_by_its_name(installed: Path) -> None:
    code = """
import canbus as can, json
with can.Bus("a", interface="loop") as one, can.Bus("a", interface="loop", delay_ms=1) as two:
    one.send(can.Message.parse("123#DEAD"))
    print(json.dumps([type(one).__module__, f"{two.recv(10):candump}"]))
"""
    assert run(code, installed) == ["canbus_loop.bus", "123#DEAD"]


def test_the_command_line_lists_it_with_its_distribution(installed: Path) -> None:
    line = next(x for x in _canbus("backends", path=installed).splitlines() if "loop" in x)
    assert "canbus-loop 1.0" in line


def test_its_options_are_checked_as_those_of_a_built_in(installed: Path) -> None:
    code = """
import canbus as can, json
problems = []
for options in ({"delay": 1}, {"delay_ms": "1"}, {"delay_ms": -1}, {"bitrate": 5}):
    try:
        can.Bus("a", interface="loop", **options)
    except can.CanInitializationError as exc:
        problems.append(type(exc).__name__)
print(json.dumps(problems))
"""
    assert run(code, installed) == ["CanConfigError"] * 3 + ["CanUnsupportedError"]


def test_its_own_conformance_tests_pass(installed: Path, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE / "tests", tmp_path / "tests")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), str(ROOT)])}
    options = ["-q", "-p", "no:cacheprovider", "-W", "error", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, tmp_path / "tests"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout[-3000:]
