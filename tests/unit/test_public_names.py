"""canbus: the names of the package, and that importing it costs next to nothing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import canbus
from canbus.registry import BUILTIN
from tests.unit.plugins import run

HEAVY = ["pluggy", "serial", "pyroute2", "asyncio", "sqlite3", "logging", "typing", "pytest"]
SOURCE = Path(canbus.__file__)


def _imported_for_type_checkers() -> tuple[dict[str, str], set[str]]:
    """Names by module, and submodules, that a type checker sees in canbus/__init__.py."""
    names: dict[str, str] = {}
    modules: set[str] = set()
    for node in ast.walk(ast.parse(SOURCE.read_text())):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("canbus"):
            continue
        for alias in node.names:
            assert alias.asname == alias.name, f"{alias.name} is not re-exported"
            if node.module == "canbus":
                modules.add(alias.name)
            else:
                names[alias.name] = str(node.module).removeprefix("canbus.")
    return names, modules


def test_a_type_checker_sees_the_same_names_as_a_program() -> None:
    names, modules = _imported_for_type_checkers()
    assert names == canbus._MODULE_OF
    assert modules == set(canbus._SUBMODULES)


def test_all_is_the_table_in_order() -> None:
    assert canbus.__all__ == sorted(canbus._MODULE_OF)


@pytest.mark.parametrize("name", canbus.__all__)
def test_every_name_is_there_and_stays_the_same(name: str) -> None:
    assert getattr(canbus, name) is getattr(canbus, name)
    assert name in dir(canbus)


def test_the_version_is_that_of_the_distribution() -> None:
    from importlib.metadata import version

    assert canbus.__version__ == version("canbus")


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Buss'"):
        _ = canbus.Buss


def _loaded_by(code: str) -> set[str]:
    """The modules that code adds to those of a bare interpreter."""
    wrapped = f"import sys, json\nbefore = set(sys.modules)\n{code}\n"
    return set(run(wrapped + "print(json.dumps(sorted(set(sys.modules) - before)))"))


def test_importing_the_package_loads_none_of_its_modules() -> None:
    assert _loaded_by("import canbus") == {"canbus"}


def test_opening_a_bus_loads_nothing_heavy_and_no_other_backend() -> None:
    code = "import canbus as can\nwith can.Bus('a', interface='virtual') as bus: bus.recv(0)"
    loaded = _loaded_by(code)
    assert "canbus.backends.virtual.bus" in loaded
    heavy = [name for name in HEAVY if name in loaded and name != "typing"]
    assert heavy == []
    others = [f"canbus.backends.{name}" for name in BUILTIN if name != "virtual"]
    assert not [name for name in loaded if name.startswith(tuple(others))]


def test_importing_the_fakes_does_not_need_pytest() -> None:
    assert "pytest" not in _loaded_by("from canbus.testing import FakeBus")


def test_the_conformance_suite_says_that_it_needs_pytest() -> None:
    code = """
import json, sys
sys.modules["pytest"] = None
try:
    from canbus.testing import BusConformance
except ImportError as exc:
    print(json.dumps(str(exc)))
"""
    assert "pip install pytest" in run(code)
