"""What the names of a file stand for: the library, its buses, messages, notifiers, coroutines.

By name, wherever in the file: good enough for a hint. What ends in "bus" counts as one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

LIBRARIES = frozenset({"can", "canbus"})
_BUSES = frozenset({"Bus", "ThreadSafeBus", "interface.Bus", "BusABC", "bus.BusABC"})


class Names(NamedTuple):
    """Names by what they stand for; an attribute is one with its dots: "self.bus"."""

    modules: dict[str, str]
    """What the file calls a module or name of the library: {"can": "", "Bus": "Bus"}."""
    buses: frozenset[str]
    messages: frozenset[str]
    notifiers: frozenset[str]
    buffers: frozenset[str]
    coroutines: frozenset[str]

    def of_library(self, node: ast.AST) -> str:
        """What it is in the library: "Bus", "interface.Bus"; "" if it is something else."""
        return _of_library(self.modules, node)

    def is_library(self, node: ast.AST) -> bool:
        """Whether it is the library itself: `can`."""
        return isinstance(node, ast.Name) and self.modules.get(node.id) == ""

    def is_bus(self, node: ast.AST) -> bool:
        """Whether it is a bus, as far as its name tells."""
        name = dotted(node)
        return name in self.buses or (name.lower().endswith("bus") and not self.of_library(node))


def names_of(tree: ast.Module) -> Names:
    """Look through a file."""
    modules = dict(_imported(tree))
    made: dict[str, set[str]] = {"bus": set(), "message": set(), "notifier": set(), "buffer": set()}
    coroutines = set()
    for node in ast.walk(tree):
        for target, value in _bindings(node):
            kind = _kind(modules, value)
            if kind and target:
                made[kind].add(target)
        if isinstance(node, ast.AsyncFunctionDef):
            coroutines.add(node.name)
    return Names(
        modules,
        frozenset(made["bus"]),
        frozenset(made["message"]),
        frozenset(made["notifier"]),
        frozenset(made["buffer"]),
        frozenset(coroutines),
    )


def constant(node: ast.AST | None) -> object:
    """The value of a literal; None for anything else."""
    return node.value if isinstance(node, ast.Constant) else None


def dotted(node: ast.AST) -> str:
    """A name or an attribute of one, with its dots; "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                package, _, rest = alias.name.partition(".")
                if package in LIBRARIES:
                    yield (alias.asname, rest) if alias.asname else (package, "")
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            package, _, rest = node.module.partition(".")
            if package in LIBRARIES:
                for alias in node.names:
                    yield alias.asname or alias.name, f"{rest}.{alias.name}".lstrip(".")


def _of_library(modules: dict[str, str], node: ast.AST) -> str:
    first, _, rest = dotted(node).partition(".")
    if first not in modules:
        return ""
    return ".".join(part for part in (modules[first], rest) if part)


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield dotted(target), node.value
    elif isinstance(node, ast.AnnAssign):
        yield dotted(node.target), node.annotation
        if node.value is not None:
            yield dotted(node.target), node.value
    elif isinstance(node, ast.NamedExpr):
        yield node.target.id, node.value
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield dotted(node.optional_vars), node.context_expr
    elif isinstance(node, ast.arg) and node.annotation is not None:
        yield node.arg, node.annotation


def _kind(modules: dict[str, str], value: ast.AST) -> str:
    thing = value.func if isinstance(value, ast.Call) else value
    if isinstance(value, ast.Call) and dotted(thing) == "bytearray":
        return "buffer"
    name = _of_library(modules, thing)
    if name in _BUSES:
        return "bus"
    return {"Message": "message", "Notifier": "notifier"}.get(name.rpartition(".")[2], "")
