"""Messages: how they are made, and their data."""

from __future__ import annotations

import ast

from canbus.frame_rules import FD_LENGTHS
from canbus.migrating.finding import Findings, at
from canbus.migrating.names import Names, constant, dotted
from canbus.migrating.rules import (
    DATA_NUMBER,
    FD_LENGTH,
    LONG_DATA,
    REMOTE_DATA,
    SHARED_DATA,
    STATE_VALUE,
    WIDE_ID,
)

_ORDER = (
    *("timestamp", "arbitration_id", "is_extended_id", "is_remote_frame", "is_error_frame"),
    *("channel", "dlc", "data", "is_fd", "is_rx", "bitrate_switch", "error_state_indicator"),
)


def check(tree: ast.Module, names: Names) -> Findings:
    """Calls of Message(), and what is done with messages."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if names.of_library(node.func) in {"Message", "message.Message"}:
                yield from _made(node, names)
            elif dotted(node.func) == "copy.copy" and names.messages & {*map(dotted, node.args)}:
                yield at(node, SHARED_DATA)
        elif isinstance(node, ast.Assign):
            yield from _assigned(node, names)
        elif isinstance(node, ast.Attribute) and _is_state_value(names.of_library(node)):
            yield at(node, STATE_VALUE)


def _is_state_value(name: str) -> bool:
    return name.startswith("BusState.") and name.endswith(".value")


def _made(node: ast.Call, names: Names) -> Findings:
    given = dict(zip(_ORDER, node.args, strict=False))
    given |= {word.arg: word.value for word in node.keywords if word.arg}
    can_id, data = given.get("arbitration_id"), given.get("data")
    number = constant(can_id)
    is_standard = constant(given.get("is_extended_id")) is False
    if can_id is not None and is_standard and isinstance(number, int) and number > 0x7FF:
        yield at(can_id, WIDE_ID, f"{number:#x}")
    if data is None:
        return
    if isinstance(constant(data), int):
        yield at(data, DATA_NUMBER)
    if dotted(data) in names.buffers:
        yield at(data, SHARED_DATA)
    if constant(given.get("is_remote_frame")) is True:
        yield at(data, REMOTE_DATA)
    else:
        yield from _length(data, given)


def _length(data: ast.expr, given: dict[str, ast.expr]) -> Findings:
    size, is_fd, dlc = _size(data), given.get("is_fd"), constant(given.get("dlc"))
    if size is None:
        return
    if isinstance(dlc, int) and dlc != size:
        yield at(data, LONG_DATA, f"{size} bytes and dlc={dlc}")
    elif is_fd is None or constant(is_fd) is False:
        if size > 8:
            yield at(data, LONG_DATA, f"{size} bytes")
    elif size <= 64 and size not in FD_LENGTHS:
        yield at(data, FD_LENGTH, f"{size} bytes")


def _size(data: ast.expr) -> int | None:
    """How many bytes, where that can be seen."""
    value = constant(data)
    if isinstance(value, bytes):
        return len(value)
    if isinstance(data, ast.List | ast.Tuple):
        return None if any(isinstance(one, ast.Starred) for one in data.elts) else len(data.elts)
    if isinstance(data, ast.Call) and dotted(data.func) in {"bytes", "bytearray"} and data.args:
        count = constant(data.args[0])
        return count if isinstance(count, int) else _size(data.args[0])
    return None


def _assigned(node: ast.Assign, names: Names) -> Findings:
    for target in node.targets:
        owner, _, attribute = dotted(target).rpartition(".")
        if attribute == "data" and owner in names.messages and dotted(node.value):
            yield at(node, SHARED_DATA)
