"""notifier and listeners: what python-can's are called with, ours are called with, too."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import canbus
from tests.unit.plugins import run

can = pytest.importorskip("can")

CALLS = [
    ("Notifier", "__init__"),
    ("Notifier", "add_bus"),
    ("Notifier", "add_listener"),
    ("Notifier", "remove_listener"),
    ("Notifier", "stop"),
    ("Notifier", "find_instances"),
    ("Listener", "on_message_received"),
    ("Listener", "on_error"),
    ("Listener", "stop"),
    ("BufferedReader", "get_message"),
    ("RedirectReader", "__init__"),
    ("Printer", "__init__"),
]


@pytest.mark.parametrize(("kind", "name"), CALLS)
def test_arguments_and_defaults_are_python_cans(kind: str, name: str) -> None:
    theirs = _positional(getattr(getattr(can, kind), name))
    ours = _positional(getattr(getattr(canbus, kind), name))
    if kind == "Printer":  # theirs is the standard output of when it was imported
        theirs["file"] = None
    assert {each: ours.get(each, "missing") for each in theirs} == theirs
    assert list(ours)[: len(theirs)] == list(theirs)


def _positional(function: Any) -> dict[str, Any]:
    return {
        each.name: each.default
        for each in inspect.signature(function).parameters.values()
        if each.kind is each.POSITIONAL_OR_KEYWORD
    }


@pytest.mark.parametrize(
    "kind",
    ["Notifier", "Listener", "BufferedReader", "AsyncBufferedReader", "RedirectReader", "Printer"],
)
def test_what_can_be_asked_of_python_cans_can_be_asked_of_ours(kind: str) -> None:
    theirs = {name for name in dir(getattr(can, kind)) if not name.startswith("_")}
    assert theirs - set(dir(getattr(canbus, kind))) == set()


def test_the_modules_are_reached_by_python_cans_names() -> None:
    assert canbus.notifier.Notifier is canbus.Notifier
    assert canbus.listener.Listener is canbus.Listener
    assert canbus.thread_safe_bus.ThreadSafeBus is canbus.ThreadSafeBus


def test_a_notifier_without_a_loop_loads_nothing_of_loops() -> None:
    code = "import json, sys, canbus; canbus.Notifier([], [canbus.BufferedReader()]).stop()"
    loaded = run(f"{code}\nprint(json.dumps(sorted(sys.modules)))")
    assert [name for name in loaded if name in {"asyncio", "inspect", "logging"}] == []
