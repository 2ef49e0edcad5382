"""Calls of Bus(): keywords and their values."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from difflib import get_close_matches

from canbus.migrating.finding import Findings, at
from canbus.migrating.names import Names, constant
from canbus.migrating.rules import (
    BUSTYPE,
    INVERTED_FILTER,
    SLCAN_BITRATE,
    SLCAN_SLEEP,
    SLCAN_TIMEOUT,
    SOCKETCAN_BITRATE,
    TEXT_VALUE,
    UNKNOWN_OPTION,
)
from canbus.options import COMMON, Option
from canbus.plugin import BackendSpec
from canbus.registry import BUILTIN, get_spec

_MOST_ID = 0x1FFF_FFFF
_FRAME_FLAGS = 0xC000_0000  # of 29-bit ids and of remote frames, which python-can's users add
_ALWAYS = frozenset(
    {
        *("channel", "interface", "config_context", "context", "ignore_config", "bustype"),
        "auto_reconnect",  # ours
    }
)


def check(tree: ast.Module, names: Names) -> Findings:
    """Calls of Bus(), and filters anywhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            yield from _filter(node)
        elif isinstance(node, ast.Call) and _is_bus_call(names.of_library(node.func)):
            yield from _call(node)


def _is_bus_call(name: str) -> bool:
    return name in {"Bus", "interface.Bus", "ThreadSafeBus", "thread_safe_bus.ThreadSafeBus"}


def _filter(node: ast.Dict) -> Findings:
    for key, value in zip(node.keys, node.values, strict=True):
        number = constant(value) if constant(key) == "can_id" else None
        if isinstance(number, int) and number & ~_FRAME_FLAGS > _MOST_ID:
            yield at(value, INVERTED_FILTER, f"{number:#x}")


def _call(node: ast.Call) -> Findings:
    given = {word.arg: word for word in node.keywords if word.arg}
    if "bustype" in given:
        yield at(given["bustype"].value, BUSTYPE)
    interface = _interface(node, given)
    if interface not in BUILTIN:
        return
    spec = get_spec(interface)
    declared = {one.name: one for one in (*COMMON, *spec.options)}
    for name in given.keys() - _ALWAYS:
        yield from _option(name, given[name].value, declared, spec)
    yield from _of_backend(interface, given)


def _option(
    name: str, value: ast.expr, declared: Mapping[str, Option], spec: BackendSpec
) -> Findings:
    option = declared.get(name)
    if option is None:
        near = get_close_matches(name, declared, 1)
        yield at(value, UNKNOWN_OPTION, f"{name}=" + "".join(f" ({one}=?)" for one in near))
    elif _is_text_for(option, value):
        yield at(value, TEXT_VALUE, f"{name}=")
    elif option.needs and not option.needs & spec.capabilities and not _asks_for_nothing(value):
        yield at(value, UNKNOWN_OPTION, f"{name}= on {spec.name}")


def _of_backend(interface: str, given: dict[str, ast.keyword]) -> Findings:
    if interface in {"socketcan", "vcan"}:
        if "bitrate" in given and "configure" not in given:
            yield at(given["bitrate"].value, SOCKETCAN_BITRATE)
    elif interface == "slcan":
        if "sleep_after_open" in given:
            yield at(given["sleep_after_open"].value, SLCAN_SLEEP)
        if "timeout" in given:
            yield at(given["timeout"].value, SLCAN_TIMEOUT, "timeout=")
        if "bitrate" in given and constant(given["bitrate"].value) == 750_000:
            yield at(given["bitrate"].value, SLCAN_BITRATE)


def _interface(node: ast.Call, given: dict[str, ast.keyword]) -> str:
    if len(node.args) > 1:
        return str(constant(node.args[1]))
    word = given.get("interface") or given.get("bustype")
    return str(constant(word.value)) if word else ""


def _is_text_for(option: Option, value: ast.expr) -> bool:
    types = option.type if isinstance(option.type, tuple) else (option.type,)
    return isinstance(constant(value), str) and not {str, object} & {*types}


def _asks_for_nothing(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and not value.value
