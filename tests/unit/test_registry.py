"""registry: built-ins from a table, plugins from entry points, failures kept until asked for."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from canbus.bus import BusABC
from canbus.errors import CanBackendLoadError, CanBackendNotFoundError
from canbus.plugin import BackendSpec
from canbus.registry import BUILTIN, GROUP, get_spec, known_names, list_backends, load_bus_class
from tests.unit.plugins import GOOD, ROOT, install, run

LIST = """
import json
from canbus.registry import list_backends
print(json.dumps({row.name + "|" + row.source: row.problem for row in list_backends()}))
"""

GET = """
import json
from canbus.errors import CanBackendLoadError
from canbus.registry import get_spec
try:
    print(json.dumps(get_spec(NAME).summary))
except CanBackendLoadError as exc:
    print(json.dumps([str(exc), exc.hint, type(exc.__cause__).__name__]))
"""


def _get(name: str) -> str:
    return GET.replace("NAME", repr(name))


# -- built in -----------------------------------------------------------------------------


def test_the_table_of_built_ins_is_what_the_package_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"][GROUP] == BUILTIN


@pytest.mark.parametrize("name", BUILTIN)
def test_a_built_in_backend_bears_its_name_and_has_a_bus_class(name: str) -> None:
    spec = get_spec(name)
    assert spec.name == name
    assert issubclass(load_bus_class(spec), BusABC)


def test_the_list_begins_with_the_built_ins() -> None:
    rows = list_backends()
    assert [(row.name, row.source, row.problem) for row in rows[: len(BUILTIN)]] == [
        (name, "built in", None) for name in BUILTIN
    ]
    assert set(BUILTIN) <= set(known_names())


@pytest.mark.parametrize(("name", "nearest"), [("socktcan", "socketcan"), ("vitual", "virtual")])
def test_an_unknown_name_is_refused_with_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(CanBackendNotFoundError, match=repr(name)) as info:
        get_spec(name)
    assert f"did you mean '{nearest}'?" in (info.value.hint or "")


def test_a_name_like_no_other_is_refused_with_the_list() -> None:
    with pytest.raises(CanBackendNotFoundError) as info:
        get_spec("zzz")
    assert "did you mean" not in (info.value.hint or "")
    assert "socketcan, vcan, virtual" in (info.value.hint or "")


@pytest.mark.parametrize(
    ("bus", "why"),
    [
        ("no_such_module:Bus", "no_such_module"),
        ("canbus.bus:NoSuchBus", "NoSuchBus"),
        ("canbus.message:Message", "not a subclass of BusABC"),
        ("canbus.sending:partial", "not a subclass of BusABC"),
        ("canbus.bus", "canbus.bus"),
        ("", "backend 'x'"),
    ],
)
def test_a_spec_whose_bus_cannot_be_had_is_refused(bus: str, why: str) -> None:
    with pytest.raises(CanBackendLoadError, match=why):
        load_bus_class(BackendSpec("x", "wrong", bus))


@pytest.mark.parametrize("source", ["1 / 0", "def f(:", "raise OSError(5, 'no library')"])
def test_a_bus_module_that_fails_in_any_way_is_a_load_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    module = f"failing_bus_{abs(hash(source))}"
    (tmp_path / f"{module}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CanBackendLoadError, match="backend 'x'"):
        load_bus_class(BackendSpec("x", "wrong", f"{module}:Bus"))


# -- plugins ------------------------------------------------------------------------------


def test_a_plugin_is_listed_with_its_distribution_and_used(tmp_path: Path) -> None:
    install(tmp_path, "good-can", "good", "good_can", GOOD.format(name="good"))
    assert run(LIST, tmp_path)["good|good-can 1.0"] is None
    assert run(_get("good"), tmp_path) == "fine"
    opened = "import canbus, json\nwith canbus.Bus('a', interface='good') as bus:\n"
    assert run(opened + "    print(json.dumps(str(bus)))", tmp_path) == "virtual a"


BROKEN: list[Any] = [
    pytest.param("raise RuntimeError('wires crossed')", "wires crossed", id="raises"),
    pytest.param("import no_such_module", "no_such_module", id="lacks a dependency"),
    pytest.param("def f(:", "SyntaxError", id="syntax error"),
    pytest.param(None, "ModuleNotFoundError", id="module missing"),
    pytest.param("", "no function canbus_backend", id="no hook"),
    pytest.param("def canbus_backend(): return 5", "returned 5", id="wrong result"),
    pytest.param("def canbus_backend(): 1 / 0", "ZeroDivisionError", id="hook raises"),
    pytest.param(GOOD.format(name="other"), "the backend 'other'", id="wrong name"),
    pytest.param(
        GOOD.format(name="bad") + "def canbus_backnd(): pass", "canbus_backnd", id="misspelt hook"
    ),
    pytest.param("def canbus_backend(x): pass", "canbus_backend", id="wrong argument"),
    pytest.param("raise SystemExit(3)", "SystemExit", id="exits"),
]


@pytest.mark.parametrize(("source", "why"), BROKEN)
def test_a_broken_plugin_is_listed_with_its_reason_and_breaks_no_other(
    tmp_path: Path, source: str | None, why: str
) -> None:
    install(tmp_path, "bad-can", "bad", "bad_can", source)
    install(tmp_path, "good-can", "good", "good_can", GOOD.format(name="good"))
    listed = run(LIST, tmp_path)
    assert why in listed["bad|bad-can 1.0"]
    assert listed["good|good-can 1.0"] is None
    assert listed["virtual|built in"] is None


@pytest.mark.parametrize(("source", "why"), BROKEN)
def test_a_broken_plugin_raises_when_it_is_asked_for(
    tmp_path: Path, source: str | None, why: str
) -> None:
    install(tmp_path, "bad-can", "bad", "bad_can", source)
    message, hint, cause = run(_get("bad"), tmp_path)
    assert "backend 'bad' from bad-can 1.0 cannot be used" in message
    assert why in message
    assert "canbus backends" in hint
    assert cause != "NoneType"


@pytest.mark.parametrize(("source", "why"), BROKEN)
def test_the_reason_is_the_same_when_asked_again(
    tmp_path: Path, source: str | None, why: str
) -> None:
    install(tmp_path, "bad-can", "bad", "bad_can", source)
    code = LIST.replace("print", "first = ") + _get("bad")
    message, _, _ = run(code, tmp_path)
    assert why in message


def test_a_name_that_two_distributions_claim_is_nobodys(tmp_path: Path) -> None:
    install(tmp_path, "one-can", "twin", "one_can", GOOD.format(name="twin"))
    install(tmp_path, "two-can", "twin", "two_can", GOOD.format(name="twin"))
    listed = run(LIST, tmp_path)
    assert "more than one" in listed["twin|one-can 1.0 and two-can 1.0"]
    message, _, _ = run(_get("twin"), tmp_path)
    assert "one-can 1.0 and two-can 1.0" in message


def test_a_built_in_name_cannot_be_taken(tmp_path: Path) -> None:
    install(tmp_path, "thief-can", "virtual", "thief_can", GOOD.format(name="virtual"))
    listed = run(LIST, tmp_path)
    assert "built-in" in listed["virtual|thief-can 1.0"]
    assert listed["virtual|built in"] is None
    assert run(_get("virtual"), tmp_path) != "fine"


def test_a_disabled_plugin_is_not_even_imported(tmp_path: Path) -> None:
    install(tmp_path, "bad-can", "bad", "bad_can", "raise SystemExit('imported')")
    disabled = {"CANBUS_DISABLED_PLUGINS": "other, bad"}
    listed = run(LIST, tmp_path, **disabled)
    assert "CANBUS_DISABLED_PLUGINS" in listed["bad|bad-can 1.0"]
    message, _, _ = run(_get("bad"), tmp_path, **disabled)
    assert "disabled" in message


def test_disabling_one_of_two_claims_does_not_import_either(tmp_path: Path) -> None:
    for distribution, module in (("one-can", "one_can"), ("two-can", "two_can")):
        install(tmp_path, distribution, "twin", module, "raise SystemExit('imported')")
    assert run(LIST, tmp_path)["twin|one-can 1.0 and two-can 1.0"] is not None


def test_a_broken_plugin_does_not_break_the_commands_of_others(tmp_path: Path) -> None:
    install(tmp_path, "bad-can", "bad", "bad_can", "raise RuntimeError('wires crossed')")
    install(
        tmp_path,
        "good-can",
        "good",
        "good_can",
        GOOD.format(name="good") + "def canbus_add_commands(subparsers): subparsers.append('x')",
    )
    code = """
import json
from canbus.registry import add_plugin_commands
added = []
problems = add_plugin_commands(added)
print(json.dumps([added, problems]))
"""
    added, problems = run(code, tmp_path)
    assert added == ["x"]
    assert any("wires crossed" in problem for problem in problems)


def test_a_command_hook_that_raises_is_reported_by_name(tmp_path: Path) -> None:
    source = GOOD.format(name="bad") + "def canbus_add_commands(subparsers): 1 / 0"
    install(tmp_path, "bad-can", "bad", "bad_can", source)
    code = "import json\nfrom canbus.registry import add_plugin_commands as add\n"
    problems = run(code + "print(json.dumps(add([])))", tmp_path)
    assert len(problems) == 1
    assert "bad" in problems[0]
    assert "ZeroDivisionError" in problems[0]
