"""Bus(): opens a channel by the name of its backend. Policy of an open bus is in bus.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from canbus.bus import BusABC
from canbus.config import Setting, settings_for
from canbus.errors import CanBackendNotFoundError, CanConfigError, CanError
from canbus.options import COMMON, check_options
from canbus.plugin import BackendSpec
from canbus.registry import get_spec, known_names, load_bus_class
from canbus.warn import warn

if TYPE_CHECKING:
    from os import PathLike

    from canbus.backends.slcan.bus import SlcanBus
    from canbus.backends.socketcan.bus import SocketcanBus
    from canbus.backends.vcan.bus import VcanBus
    from canbus.backends.virtual.bus import VirtualBus
    from canbus.bus_options import (
        CommonOptions,
        SlcanOptions,
        SocketcanOptions,
        VcanOptions,
        VirtualOptions,
    )
    from canbus.supervision import ReconnectPolicy

_ALIASES = {"bustype": "interface", "context": "config_context"}


# Options of a plugin are known to nobody here: write Bus(..., **options) for those.
@overload
def Bus(
    channel: str = ...,
    *,
    interface: Literal["socketcan"],
    config_context: str | None = ...,
    ignore_config: bool = ...,
    **kwargs: Unpack[SocketcanOptions],
) -> SocketcanBus: ...
@overload
def Bus(
    channel: str | None,
    interface: Literal["socketcan"],
    config_context: str | None = ...,
    ignore_config: bool = ...,
    **kwargs: Unpack[SocketcanOptions],
) -> SocketcanBus: ...
@overload
def Bus(
    channel: str = ...,
    *,
    interface: Literal["vcan"],
    config_context: str | None = ...,
    ignore_config: bool = ...,
    **kwargs: Unpack[VcanOptions],
) -> VcanBus: ...
@overload
def Bus(
    channel: str | None,
    interface: Literal["vcan"],
    config_context: str | None = ...,
    ignore_config: bool = ...,
    **kwargs: Unpack[VcanOptions],
) -> VcanBus: ...
@overload
def Bus(
    channel: str | PathLike[str] = ...,
    *,
    interface: Literal["slcan"],
    config_context: str | None = ...,
    ignore_config: bool = ...,
    **kwargs: Unpack[SlcanOptions],
) -> SlcanBus: ...
@overload
def Bus(
    channel: str | PathLike[str] | None,
    interface: Literal["slcan"],
    config_context: str | None = ...,
    ignore_config: bool = ...,
    **kwargs: Unpack[SlcanOptions],
) -> SlcanBus: ...
@overload
def Bus(
    channel: Any = ...,
    *,
    interface: Literal["virtual"],
    config_context: str | None = ...,
    ignore_config: bool = ...,
    **kwargs: Unpack[VirtualOptions],
) -> VirtualBus: ...
@overload
def Bus(
    channel: Any,
    interface: Literal["virtual"],
    config_context: str | None = ...,
    ignore_config: bool = ...,
    **kwargs: Unpack[VirtualOptions],
) -> VirtualBus: ...
@overload
def Bus(
    channel: Any = ...,
    interface: str | None = ...,
    config_context: str | None = ...,
    ignore_config: bool = ...,
    *,
    auto_reconnect: bool | ReconnectPolicy = ...,
    **kwargs: Unpack[CommonOptions],
) -> BusABC: ...
def Bus(  # noqa: N802 - python-can's name
    channel: Any = None,
    interface: str | None = None,
    config_context: str | None = None,
    ignore_config: bool = False,
    *,
    auto_reconnect: bool | ReconnectPolicy = False,
    **kwargs: Any,
) -> BusABC:
    """Open a CAN channel.

    Args:
        channel: what to open, in the backend's words ("can0"); None for its default.
        interface: name of the backend ("socketcan", "virtual", ...).
        config_context: which set of values of the configuration to use; docs/configuration.md.
        ignore_config: take nothing from configuration.
        auto_reconnect: have the channel back when it is lost, as `canbus.supervise` does; a
            ReconnectPolicy says how.
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
    if auto_reconnect is not False:
        from canbus.supervising import supervise
        from canbus.supervision import ReconnectPolicy

        if auto_reconnect is not True and not isinstance(auto_reconnect, ReconnectPolicy):
            raise CanConfigError(
                f"auto_reconnect={auto_reconnect!r} must be True, False or a ReconnectPolicy"
            )

        given_too = {"config_context": config_context, "ignore_config": ignore_config, **kwargs}
        policy = None if auto_reconnect is True else auto_reconnect
        return supervise(channel, interface, policy=policy, **given_too)
    names = {"interface": interface, "config_context": config_context}
    _resolve_aliases(names, kwargs)
    context = names["config_context"]
    given = {"interface": names["interface"], "channel": channel, **kwargs}
    settings = {} if ignore_config else settings_for(given, context)
    name = names["interface"]
    if name is None and "interface" in settings:
        name = settings["interface"].value
    if name is None:
        raise CanBackendNotFoundError(
            f"cannot open channel {channel!r}: no interface was named",
            hint=f"write interface=..., one of: {', '.join(known_names())}; or configure one: "
            "docs/configuration.md",
        )
    if not isinstance(name, str):
        raise CanConfigError(f"interface must be a name, not {name!r}")
    spec = get_spec(name)
    configured = values_from(spec, settings)
    if channel is None:
        channel = configured.pop("channel", None)
    return open_spec(spec, channel, {**kwargs, **configured})


def values_from(spec: BackendSpec, settings: dict[str, Setting]) -> dict[str, Any]:
    """What configuration says, as the backend takes it; the channel, too.

    Args:
        spec: of the backend.
        settings: what was found, by name.

    Raises:
        CanConfigError: a ValueError; an option is unknown or ill-typed; names the source.
        CanUnsupportedError: the backend cannot do what an option asks for.
    """
    if not settings:
        return {}
    from canbus.config.typing_values import typed, with_timing

    known = {option.name: option for option in (*COMMON, *spec.options)}
    values: dict[str, Any] = {}
    for name, setting in with_timing(settings, known).items():
        if name == "interface":
            continue
        value = typed(setting, spec.options, takes_any=spec.takes_any_option)
        values[name] = value
        if name != "channel":
            _check(spec, setting, value)
    return values


def _check(spec: BackendSpec, setting: Setting, value: Any) -> None:
    """Raise what `Bus()` would raise for that value, with its source."""
    try:
        check_options(
            spec.name, spec.options, spec.capabilities, {setting.name: value},
            takes_any=spec.takes_any_option,
        )  # fmt: skip
    except CanError as exc:
        raise type(exc)(f"{setting.source}: {exc}", hint=exc.hint) from exc


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
