"""Names that are somewhere else in canbus, or not there yet."""

from __future__ import annotations

import ast

from canbus.migrating.finding import Findings, at
from canbus.migrating.names import Names
from canbus.migrating.rules import COMPAT_ONLY, FROM_IMPORT, LOG_FILE
from canbus.unbuilt import why_not

_THEIRS = "can"
ONLY_IN_COMPAT = frozenset(
    {
        *("broadcastmanager", "cli", "ctypesutil", "exceptions", "interfaces", "log"),
        *("typechecking", "util", "VALID_INTERFACES"),
    }
)
"""What python-can has and `canbus` has not, log files excepted."""


def check(tree: ast.Module, names: Names) -> Findings:
    """Imports, and attributes of the library."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from _import(node)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from _import_from(node)
        elif isinstance(node, ast.Attribute) and names.is_library(node.value):
            yield from _named(node, node.attr)


def _import(node: ast.Import) -> Findings:
    for alias in node.names:
        package, _, rest = alias.name.partition(".")
        if package == _THEIRS and rest:
            yield from _elsewhere(node, [rest.partition(".")[0]])


def _import_from(node: ast.ImportFrom) -> Findings:
    package, _, rest = (node.module or "").partition(".")
    if package == _THEIRS:
        there = [rest.partition(".")[0]] if rest else [alias.name for alias in node.names]
        yield from _elsewhere(node, there)


def _elsewhere(node: ast.stmt, names: list[str]) -> Findings:
    """Names that a line imports: not there, or there under canbus."""
    found = [one for name in names for one in _named(node, name)]
    yield from found
    if len(found) < len(names):
        yield at(node, FROM_IMPORT)


def _named(node: ast.expr | ast.stmt, name: str) -> Findings:
    if why_not(name):
        yield at(node, LOG_FILE, f"can.{name}")
    elif name in ONLY_IN_COMPAT:
        yield at(node, COMPAT_ONLY, f"can.{name}")
