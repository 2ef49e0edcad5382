"""Which backends there are: the built-in ones first, then those of installed plugins.

Nothing is opened here. A built-in name is answered from a table, without importing pluggy
or scanning entry points (both cost more than opening a bus). A plugin that fails to load is
kept with its reason, shown by `canbus backends`, and raises only when it is asked for.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from canbus.bus import BusABC
from canbus.errors import CanBackendLoadError, CanBackendNotFoundError
from canbus.plugin import BackendSpec

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    import pluggy

GROUP = "canbus.backends"
DISABLED_VARIABLE = "CANBUS_DISABLED_PLUGINS"

BUILTIN = {
    "socketcan": "canbus.backends.socketcan",
    "vcan": "canbus.backends.vcan",
    "slcan": "canbus.backends.slcan",
    "virtual": "canbus.backends.virtual",
}
"""Module by backend name; the entry points of this distribution say the same (tested)."""


class Listing(NamedTuple):
    """One row of `canbus backends`.

    Attributes:
        name: the backend's name.
        spec: its description, or None where there is a problem.
        source: "built in", or the distribution it came with.
        problem: why it cannot be used, or None.
        hint: what to do about the problem.
    """

    name: str
    spec: BackendSpec | None
    source: str
    problem: str | None = None
    hint: str | None = None


def get_spec(name: str) -> BackendSpec:
    """Return the description of a backend.

    Raises:
        CanBackendNotFoundError: there is none of that name, nor has python-can, if that is
            installed; names the nearest.
        CanBackendLoadError: its plugin is broken or disabled, or two claim the name.
    """
    if name in BUILTIN:
        return _builtin_spec(name)
    row = _plugin_listing(name, [point for point in _plugin_points() if point.name == name])
    if row is None:
        return _python_can_spec(name)
    if row.spec is None:
        raise CanBackendLoadError(
            f"backend {name!r} from {row.source} cannot be used: {row.problem}",
            hint=row.hint,
        ) from _failure_of(name)
    return row.spec


def load_bus_class(spec: BackendSpec) -> type[BusABC]:
    """Import the class that opens the channel.

    Raises:
        CanBackendLoadError: it does not import, or is no BusABC.
    """
    module_name, _, class_name = spec.bus.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (Exception, SystemExit) as exc:  # a fence: a plugin's code, whatever it does
        raise CanBackendLoadError(
            f"backend {spec.name!r} does not import: {exc}",
            hint=f"check that everything {module_name} needs is installed",
        ) from exc
    if not (isinstance(found, type) and issubclass(found, BusABC)):
        raise CanBackendLoadError(f"backend {spec.name!r}: {spec.bus} is not a subclass of BusABC")
    return found


def list_backends() -> list[Listing]:
    """List every backend, the unusable ones with their problem."""
    rows = [Listing(name, _builtin_spec(name), "built in") for name in BUILTIN]
    by_name: dict[str, list[EntryPoint]] = {}
    for point in _plugin_points():
        by_name.setdefault(point.name, []).append(point)
    for name in sorted(by_name):
        row = _plugin_listing(name, by_name[name])
        if row is not None:
            rows.append(row)
    return rows + _python_can_rows()


def add_plugin_commands(subparsers: Any) -> list[str]:
    """Let every plugin add its command-line subcommands; return the problems met."""
    problems = [  # listing loads each plugin, inside a guard of its own
        f"plugin {row.name} from {row.source}: {row.problem}"
        for row in list_backends()
        if row.problem is not None and row.name not in _disabled()
    ]
    manager = _manager()
    for implementation in manager.hook.canbus_add_commands.get_hookimpls():
        try:
            implementation.function(subparsers)
        except (Exception, SystemExit) as exc:  # noqa: BLE001 - a fence, reported by name
            problems.append(f"plugin {implementation.plugin_name}: {exc!r}")
    return problems


def _builtin_spec(name: str) -> BackendSpec:
    module = importlib.import_module(BUILTIN[name])
    return cast("BackendSpec", module.canbus_backend())


def _python_can_spec(name: str) -> BackendSpec:
    """One of python-can's, named as such or by a name that nobody else has.

    Raises:
        CanBackendNotFoundError: it has none of that name, or is not installed.
    """
    from canbus.backends.python_can import names, spec_of

    plain = name.removeprefix(names.PREFIX)
    there = names.sources()
    if plain in there:
        return spec_of(plain)
    if plain == name:
        raise _not_found(name)
    if not there:
        raise CanBackendNotFoundError(
            f"there is no backend {name!r}: {names.PACKAGE} is not installed",
            hint=f"pip install {names.PACKAGE}",
        )
    raise CanBackendNotFoundError(
        f"{names.PACKAGE} has no backend {plain!r}", hint=f"It has: {', '.join(there)}"
    )


def _python_can_rows() -> list[Listing]:
    from canbus.backends.python_can import names, spec_of

    return [
        Listing(names.PREFIX + name, spec_of(name), source)
        for name, source in names.sources().items()
    ]


def _plugin_points() -> Sequence[EntryPoint]:
    from importlib.metadata import entry_points

    own = set(BUILTIN.items())
    return [p for p in entry_points(group=GROUP) if (p.name, p.value) not in own]


def _disabled() -> set[str]:
    return {name.strip() for name in os.environ.get(DISABLED_VARIABLE, "").split(",")} - {""}


def _plugin_listing(name: str, points: Sequence[EntryPoint]) -> Listing | None:
    """Say what the entry points of one name amount to; None if there are none."""
    if not points:
        return None
    source = " and ".join(sorted(_distribution(point) for point in points))
    if name in BUILTIN:
        problem, hint = "the name belongs to a built-in backend", "remove or rename the plugin"
        return Listing(name, None, source, problem, hint)
    if name in _disabled():
        hint = f"take {name} out of that environment variable"
        return Listing(name, None, source, f"disabled by {DISABLED_VARIABLE}", hint)
    if len(points) > 1:
        problem, hint = "more than one distribution claims the name", "pip uninstall one of them"
        return Listing(name, None, source, problem, hint)
    try:
        return Listing(name, _load(points[0]), source)
    except CanBackendLoadError as exc:
        hint = (
            f"reinstall or remove the plugin, or leave it out with {DISABLED_VARIABLE}={name}; "
            "`canbus backends` lists all"
        )
        return Listing(name, None, source, str(exc), hint)


def _distribution(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown distribution"


@cache
def _manager() -> pluggy.PluginManager:
    import pluggy

    from canbus import hookspecs

    class PluginManager(pluggy.PluginManager):
        """Knows an implementation by its name, so that plugins need not import pluggy."""

        def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
            marked = super().parse_hookimpl_opts(plugin, name)
            if marked is not None or not name.startswith("canbus_"):
                return marked
            if not callable(getattr(plugin, name)):
                return None
            return {
                "wrapper": False,
                "hookwrapper": False,
                "optionalhook": False,
                "tryfirst": False,
                "trylast": False,
                "specname": None,
            }

    manager = PluginManager("canbus")
    manager.add_hookspecs(hookspecs)
    return manager


_failures: dict[str, BaseException] = {}


def _failure_of(name: str) -> BaseException | None:
    return _failures.get(name)


def _load(point: EntryPoint) -> BackendSpec:
    """Import a plugin, register it, and ask for its backend, inside a guard of its own."""
    manager = _manager()
    try:
        plugin = point.load()
        if not manager.is_registered(plugin):
            _register(manager, plugin, point.name)
        spec = _ask(manager, plugin)
        if spec.name != point.name:
            raise ValueError(
                f"the entry point is named {point.name!r} but the backend {spec.name!r}"
            )
    except (Exception, SystemExit) as exc:  # a fence: plugin code, kept and shown
        _failures[point.name] = exc
        raise CanBackendLoadError(f"{type(exc).__name__}: {exc}") from exc
    return spec


def _register(manager: pluggy.PluginManager, plugin: Any, name: str) -> None:
    manager.register(plugin, name=name)
    try:
        manager.check_pending()  # a misspelt hook
    except Exception:
        manager.unregister(plugin)
        raise


def _ask(manager: pluggy.PluginManager, plugin: Any) -> BackendSpec:
    for implementation in manager.hook.canbus_backend.get_hookimpls():
        if implementation.plugin is plugin:
            spec = implementation.function()
            if isinstance(spec, BackendSpec):
                return spec
            raise TypeError(f"canbus_backend() returned {spec!r}, not a BackendSpec")
    raise TypeError("the module has no function canbus_backend()")


def known_names() -> list[str]:
    """Names of all backends, built in and installed, usable or not; nothing is loaded."""
    return sorted({*BUILTIN, *(point.name for point in _plugin_points())})


def _not_found(name: str) -> CanBackendNotFoundError:
    import difflib

    names = known_names()
    near: Iterable[str] = difflib.get_close_matches(name, names, n=1)
    guess = "".join(f"did you mean {candidate!r}? " for candidate in near)
    return CanBackendNotFoundError(
        f"there is no backend {name!r}",
        hint=f"{guess}There are: {', '.join(names)}. A plugin is installed with pip",
    )
