"""Bus(): opens a channel by the name of its backend. Policy of an open bus is in bus.py."""

from __future__ import annotations

from typing import Any

from canbus.bus import BusABC
from canbus.errors import CanBackendNotFoundError, CanConfigError
from canbus.options import check_options
from canbus.plugin import BackendSpec
from canbus.registry import get_spec, known_names, load_bus_class
from canbus.warn import warn

_ALIASES = {"bustype": "interface", "context": "config_context"}


def Bus(  # noqa: N802 - python-can's name
    channel: Any = None,
    interface: str | None = None,
    config_context: str | None = None,
    ignore_config: bool = False,
    **kwargs: Any,
) -> BusABC:
    """Open a CAN channel.

    Args:
        channel: what to open, in the backend's words ("can0"); None for its default.
        interface: name of the backend ("socketcan", "virtual", ...).
        config_context: accepted for python-can; configuration is not read yet.
        ignore_config: accepted for python-can; configuration is not read yet.
        **kwargs: the backend's options (`canbus backends -v` lists them); checked by name
            and type, never cast.

    Returns:
        The open bus. It reads best as a context manager: ``with can.Bus(...) as bus:``.

    Raises:
        CanBackendNotFoundError: there is no such backend, or none was named.
        CanBackendLoadError: its plugin is broken.
        CanConfigError: a ValueError; an option is unknown or ill-typed.
        CanUnsupportedError: the backend cannot do what an option asks for.
        CanInitializationError: the channel could not be opened; it says why.
    """
    names = {"interface": interface, "config_context": config_context}
    _resolve_aliases(names, kwargs)
    context = names["config_context"]
    if context is not None:
        warn(f"config_context={context!r} has no effect: configuration is not read yet")
    name = names["interface"]
    if name is None:
        raise CanBackendNotFoundError(
            f"cannot open channel {channel!r}: no interface was named",
            hint=f"write interface=..., one of: {', '.join(known_names())}",
        )
    if not isinstance(name, str):
        raise CanConfigError(f"interface must be a name, not {name!r}")
    return open_spec(get_spec(name), channel, kwargs)


def open_spec(spec: BackendSpec, channel: Any, given: dict[str, Any]) -> BusABC:
    """Open a channel of a backend whose description is at hand; see `Bus`."""
    options = check_options(
        spec.name, spec.options, spec.capabilities, given, takes_any=spec.takes_any_option
    )
    options.update(spec.presets)
    bus_class: Any = load_bus_class(spec)
    return bus_class(**options) if channel is None else bus_class(channel, **options)  # type: ignore[no-any-return]


def _resolve_aliases(names: dict[str, str | None], kwargs: dict[str, Any]) -> None:
    for old, new in _ALIASES.items():
        if old not in kwargs:
            continue
        value = kwargs.pop(old)
        warn(f"{old}= is deprecated, use {new}=", DeprecationWarning)
        if value is None:
            continue
        if names[new] not in {None, value}:
            raise CanConfigError(
                f"{old}={value!r} contradicts {new}={names[new]!r}", hint=f"give {new}= only"
            )
        names[new] = value
