"""Where configuration comes from, in the order in which it counts. Nothing is judged here.

python-can's sources and their order (its `util.load_config`), with one of our own between the
environment and the ini files: `canbus.toml`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from canbus.errors import CanConfigError

_VARIABLES = {"interface": "CAN_INTERFACE", "channel": "CAN_CHANNEL", "bitrate": "CAN_BITRATE"}
_JSON_VARIABLE = "CAN_CONFIG"
TOML_VARIABLE = "CANBUS_CONFIG"
_TOML = ("$XDG_CONFIG_HOME/canbus.toml", "~/.config/canbus.toml", "/etc/canbus.toml")
_INI = ("~/can.conf", "/etc/can.conf", "~/.can", "~/.canrc")
_INI_WINDOWS = ("~/can.conf", "can.ini", "$APPDATA/can.ini")
DEFAULT = "default"
TIMING = ("f_clock", "brp", "tseg1", "tseg2", "sjw")
TIMING_FD = (
    "f_clock",
    *(f"{phase}_{name}" for phase in ("nom", "data") for name in TIMING[1:]),
)
"""The numbers of a timing, which together are one."""
_OLD_NAMES = {"bustype": "interface"}


class Setting(NamedTuple):
    """One value, and where it is from."""

    name: str
    value: Any
    source: str


class Source(NamedTuple):
    """One place with values.

    Attributes:
        name: for people: "environment", "/etc/can.conf [default]".
        values: what it says, by name of the option.
        context: the one that it is for; "" for all.
        interface: the one that it is for; None for all.
    """

    name: str
    values: Mapping[str, Any]
    context: str = ""
    interface: str | None = None


def read_sources(context: str | None = None) -> Iterator[Source]:
    """Those that say something; of two that say the same, the earlier one counts.

    Args:
        context: a name for one set of values among several, as python-can's `config_context`.

    Raises:
        CanConfigError: a ValueError; a file or variable cannot be read.
    """
    yield from _source("canbus.rc", vars(sys.modules["canbus"]).get("rc"))
    contexts = [context, ""] if context else [""]
    for name in contexts:
        yield from _environment(name)
    yield from _toml(contexts)
    yield from _ini(contexts)


def files() -> list[str]:
    """The files that are read if they are there."""
    return [*_toml_files(), *_ini_files()]


def _source(
    name: str,
    values: Mapping[str, Any] | None,
    context: str = "",
    interface: str | None = None,
) -> Iterator[Source]:
    if values is None:
        return
    if not isinstance(values, Mapping):
        raise CanConfigError(f"{name} is no table of values: {values!r}")
    if values:
        known = {_OLD_NAMES.get(key, key): value for key, value in values.items()}
        yield Source(name, known, context, known.get("interface") or interface)


def _environment(context: str) -> Iterator[Source]:
    suffix = f"_{context}" if context else ""
    interface = os.environ.get(_VARIABLES["interface"] + suffix) or None  # is of the others, too
    for name, variable in _VARIABLES.items():
        value = os.environ.get(variable + suffix)
        if value:
            yield Source(f"environment {variable}{suffix}", {name: value}, context, interface)
    variable = _JSON_VARIABLE + suffix
    text = os.environ.get(variable)
    if text:
        import json

        try:
            values = json.loads(text)
        except ValueError as exc:
            raise CanConfigError(f"environment {variable} is no JSON: {exc}") from exc
        yield from _source(f"environment {variable}", values, context, interface)


# -- files --------------------------------------------------------------------------------


def _toml_files() -> list[str]:
    named = os.environ.get(TOML_VARIABLE)
    return [named] if named else _paths(_TOML)


def _ini_files() -> list[str]:
    return _paths(_INI_WINDOWS if sys.platform == "win32" else _INI)


def _paths(patterns: tuple[str, ...]) -> list[str]:
    # os.path, and access() below: pathlib costs more to import than all this takes.
    found = (os.path.expanduser(os.path.expandvars(pattern)) for pattern in patterns)  # noqa: PTH111
    return [path for path in dict.fromkeys(found) if "$" not in path]


def _is_there(path: str) -> bool:
    return os.access(path, os.F_OK)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            return file.read()
    except (OSError, ValueError) as exc:
        raise CanConfigError(f"{path} cannot be read: {exc}") from exc


def _toml(contexts: list[str]) -> Iterator[Source]:
    for path in _toml_files():
        if not _is_there(path):
            if os.environ.get(TOML_VARIABLE):
                raise CanConfigError(f"{TOML_VARIABLE} names {path}, which is not there")
            continue
        import tomllib

        try:
            tables = tomllib.loads(_read(path))
        except ValueError as exc:
            raise CanConfigError(f"{path} cannot be read: {exc}") from exc
        loose = [name for name, value in tables.items() if not isinstance(value, dict)]
        if loose:
            raise CanConfigError(
                f"{path}: {', '.join(loose)} stands in no section", hint=f"write [{DEFAULT}] above"
            )
        for context in contexts:
            section = context or DEFAULT
            yield from _source(f"{path} [{section}]", tables.get(section), context)


def _ini(contexts: list[str]) -> Iterator[Source]:
    there = [path for path in _ini_files() if _is_there(path)]
    tables = [(path, _read_ini(path)) for path in there]
    for context in contexts:
        section = context or DEFAULT
        for path, table in reversed(tables):  # a later file replaces values of an earlier one
            yield from _source(f"{path} [{section}]", table.get(section), context)


def _read_ini(path: str) -> dict[str, dict[str, str]]:
    import configparser

    parser = configparser.ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign] # names as they are
    try:
        parser.read_string(_read(path), path)
        return {section: dict(parser.items(section)) for section in parser.sections()}
    except configparser.Error as exc:
        raise CanConfigError(f"{path} cannot be read: {exc}") from exc
