"""What is done with an open bus."""

from __future__ import annotations

import ast

from canbus.migrating.finding import Findings, at
from canbus.migrating.names import Names, constant, dotted
from canbus.migrating.rules import (
    BUS_LOOP,
    DETECT,
    FILTERS_READ,
    MODIFIER,
    PERIODIC_DURATION,
    PERIODIC_PERIOD,
    RECV_ERROR,
    SEND_WAITS,
    SET_FILTERS,
    STATE_READ,
)

_CAUGHT = frozenset({"OSError", "Exception", "CanError", "CanOperationError", "CanTimeoutError"})
_SHORTEST = 1e-6  # seconds


def check(tree: ast.Module, names: Names) -> Findings:
    """Calls on buses, their attributes, loops over them, and errors that are caught."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _call(node, names)
        elif isinstance(node, ast.Attribute) and names.is_bus(node.value):
            yield from _attribute(node)
        elif isinstance(node, ast.For | ast.comprehension) and names.is_bus(node.iter):
            yield at(node.iter, BUS_LOOP)
        elif isinstance(node, ast.Try) and _catches(node):
            yield from _tried(node, names)


def _call(node: ast.Call, names: Names) -> Findings:
    if names.of_library(node.func).rpartition(".")[2] == "detect_available_configs":
        yield at(node, DETECT)
    method = _method(node, names)
    given = {word.arg: word.value for word in node.keywords if word.arg}
    if method == "send":
        patience = given.get("timeout") or (node.args[1] if len(node.args) > 1 else None)
        if patience is not None and constant(patience) != 0:
            yield at(node, SEND_WAITS)
    elif method == "set_filters":
        yield at(node, SET_FILTERS)
    elif method == "send_periodic":
        yield from _periodic(node, given)


def _periodic(node: ast.Call, given: dict[str, ast.expr]) -> Findings:
    period = given.get("period") or (node.args[1] if len(node.args) > 1 else None)
    number = constant(period)
    if period is not None and isinstance(number, int | float) and number < _SHORTEST:
        yield at(period, PERIODIC_PERIOD)
    duration = given.get("duration") or (node.args[2] if len(node.args) > 2 else None)
    if duration is not None and not _is_none(duration):
        yield at(duration, PERIODIC_DURATION)
    if "modifier_callback" in given and not _is_none(given["modifier_callback"]):
        yield at(given["modifier_callback"], MODIFIER)


def _attribute(node: ast.Attribute) -> Findings:
    if node.attr == "filters":
        is_read = isinstance(node.ctx, ast.Load)
        yield at(node, FILTERS_READ if is_read else SET_FILTERS)
    elif node.attr == "state" and isinstance(node.ctx, ast.Load):
        yield at(node, STATE_READ)


def _catches(node: ast.Try) -> bool:
    kinds = [
        kind
        for handler in node.handlers
        if handler.type is not None
        for kind in (handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type])
    ]
    bare = any(handler.type is None for handler in node.handlers)
    return bare or any(dotted(kind).rpartition(".")[2] in _CAUGHT for kind in kinds)


def _tried(node: ast.Try, names: Names) -> Findings:
    for statement in node.body:
        for inner in ast.walk(statement):
            method = _method(inner, names)
            if method == "recv" and isinstance(inner, ast.Call):
                yield at(inner, RECV_ERROR)
            elif method == "send" and isinstance(inner, ast.Call):
                yield at(inner, SEND_WAITS)


def _method(node: ast.AST, names: Names) -> str:
    """What is called, if it is a method of a bus."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr if names.is_bus(node.func.value) else ""
    return ""


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
