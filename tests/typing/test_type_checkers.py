"""mypy and pyright take right.py, and refuse each line of wrong.py that is marked."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import canbus
from canbus import bus_options
from canbus.cli.backends import _options
from canbus.registry import get_spec

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
RIGHT, WRONG = HERE / "right.py", HERE / "wrong.py"
MARKED = {
    number
    for number, line in enumerate(WRONG.read_text().splitlines(), 1)
    if re.search(r"# WRONG: ", line)
}


def mypy(path: Path, cache: Path) -> set[int]:
    """Lines with an error."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir"]
    command += [str(cache), "--follow-imports=silent", str(path)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=110)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error: " in line}


def pyright(path: Path) -> set[int]:
    """Lines with an error."""
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--level", "error"]
    command += ["--pythonpath", sys.executable, str(path)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=110)
    said = json.loads(done.stdout)
    return {
        one["range"]["start"]["line"] + 1
        for one in said["generalDiagnostics"]
        if one["severity"] == "error"
    }


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mypy")


def test_there_are_ten_mistakes() -> None:
    assert len(MARKED) == 10


def test_mypy(cache: Path) -> None:
    assert mypy(RIGHT, cache) == set()
    assert mypy(WRONG, cache) == MARKED


def test_pyright() -> None:
    assert pyright(RIGHT) == set()
    assert pyright(WRONG) == MARKED


def test_the_whole_public_api_is_used() -> None:
    used = {
        node.attr
        for node in ast.walk(ast.parse(RIGHT.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "can"
    }
    assert set(canbus.__all__) - used == set()


@pytest.mark.parametrize("name", ["socketcan", "vcan", "slcan", "virtual"])
def test_options_for_type_checkers_are_those_of_the_backend(name: str) -> None:
    told = getattr(bus_options, f"{name.capitalize()}Options")
    declared = {option.name for option in _options(get_spec(name))}
    assert set(told.__annotations__) | told.__optional_keys__ == declared
