"""Notifiers and listeners."""

from __future__ import annotations

import ast

from canbus.migrating.finding import Findings, at
from canbus.migrating.names import Names, dotted
from canbus.migrating.rules import (
    ASYNC_READER,
    COROUTINE,
    NOTIFIER_EXCEPTION,
    NOTIFIER_TIMEOUT,
    PRINTER_FILE,
    RECV_BESIDE,
    REDIRECT,
)

_PATH_LIKE = (ast.Constant, ast.JoinedStr, ast.BinOp)  # folder / "name"
_PATHS = frozenset({"Path", "pathlib.Path", "str"})


def check(tree: ast.Module, names: Names) -> Findings:
    """Calls of Notifier() and of the listeners; recv() on a bus that a notifier reads."""
    listened: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            kind = names.of_library(node.func).rpartition(".")[2]
            if kind == "Notifier":
                yield from _notifier(node, names)
                listened |= _buses(node)
            elif kind == "AsyncBufferedReader":
                yield at(node, ASYNC_READER)
            elif kind == "RedirectReader":
                yield at(node, REDIRECT)
            elif kind == "Printer" and node.args and not _is_path(node.args[0]):
                yield at(node, PRINTER_FILE)
        elif isinstance(node, ast.Attribute) and node.attr == "exception":
            name = dotted(node.value)
            if name in names.notifiers or name.lower().endswith("notifier"):
                yield at(node, NOTIFIER_EXCEPTION)
    yield from _beside(tree, listened)


def _notifier(node: ast.Call, names: Names) -> Findings:
    given = {word.arg: word.value for word in node.keywords if word.arg}
    patience = given.get("timeout") or (node.args[2] if len(node.args) > 2 else None)
    if patience is not None:
        yield at(patience, NOTIFIER_TIMEOUT)
    listeners = given.get("listeners") or (node.args[1] if len(node.args) > 1 else None)
    if isinstance(listeners, ast.List | ast.Tuple) and "loop" not in given and len(node.args) < 4:
        for one in listeners.elts:
            if dotted(one).rpartition(".")[2] in names.coroutines:
                yield at(one, COROUTINE)


def _buses(node: ast.Call) -> set[str]:
    first = node.args[0] if node.args else None
    found = first.elts if isinstance(first, ast.List | ast.Tuple) else [first] if first else []
    return {dotted(one) for one in found} - {""}


def _beside(tree: ast.Module, listened: set[str]) -> Findings:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            bus, _, method = dotted(node.func).rpartition(".")
            if method == "recv" and bus in listened:
                yield at(node, RECV_BESIDE)


def _is_path(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return dotted(node.func) in _PATHS
    return isinstance(node, _PATH_LIKE)
