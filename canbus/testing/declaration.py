"""Rules for the spec: what it declares exists, what it does not declare is refused."""

from __future__ import annotations

import inspect

import pytest

from canbus.options import COMMON, check_options
from canbus.plugin import BackendSpec, BusABC, BusState, CanConfigError, CanUnsupportedError
from canbus.registry import load_bus_class
from canbus.testing.base import ConformanceBase, OpenBus

_ASKING = {
    "receive_own_messages": True,
    "fd": True,
    "bitrate": 500_000,
    "data_bitrate": 2_000_000,
    "timing": object(),
    "state": BusState.PASSIVE,
}
"""A value for each common option that asks for something."""


class DeclarationRules(ConformanceBase):
    """Rules for the declaration."""

    def test_the_spec_names_a_bus_class(self) -> None:
        """`spec.bus` is "module:Class", and the class derives from BusABC."""
        assert isinstance(self.spec, BackendSpec)
        assert issubclass(load_bus_class(self.spec), BusABC)

    def test_the_constructor_takes_what_the_spec_declares(self) -> None:
        """Its own options with their defaults, and the common ones it is capable of."""
        parameters = inspect.signature(load_bus_class(self.spec)).parameters
        takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        own = {option.name: option for option in self.spec.options}
        common = {option.name for option in COMMON if option.needs & self.spec.capabilities}
        missing = {*own, *common, "can_filters"} - parameters.keys()
        assert takes_any or not missing
        for name, option in own.items():
            if name in parameters:
                assert parameters[name].default == option.default, f"default of {name}"

    def test_every_option_has_a_help_text(self) -> None:
        """It is shown on the command line and in messages."""
        assert all(option.help for option in self.spec.options)

    def test_an_unknown_option_is_refused_with_the_nearest_name(self, open_bus: OpenBus) -> None:
        """A misspelling never opens a bus."""
        with pytest.raises(CanConfigError) as info:
            open_bus(can_filter=[])
        assert "can_filters" in (info.value.hint or "")

    def test_an_ill_typed_option_is_refused(self, open_bus: OpenBus) -> None:
        """Explicit values are checked, never cast."""
        with pytest.raises(CanConfigError, match="fd"):
            open_bus(fd="yes")

    def test_a_common_option_that_is_not_declared_is_refused(self) -> None:
        """It raises instead of being ignored, except for values that ask for nothing."""
        own = {option.name for option in self.spec.options}
        for option in COMMON:
            if option.needs & self.spec.capabilities or not option.needs or option.name in own:
                continue
            with pytest.raises(CanUnsupportedError, match=option.name):
                self._check({option.name: _ASKING[option.name]})
            for neutral in (*option.neutral, None):
                assert self._check({option.name: neutral}) == {}

    def _check(self, given: dict[str, object]) -> dict[str, object]:
        spec = self.spec
        return check_options(spec.name, spec.options, spec.capabilities, given)

    def test_a_bus_opens_with_neutral_values_of_the_common_options(self, open_bus: OpenBus) -> None:
        """Scripts written for python-can give them to every backend."""
        bus = open_bus(
            can_filters=None,
            receive_own_messages=False,
            fd=False,
            state=BusState.ACTIVE,
            single_handle=True,
        )
        assert bus.recv(0) is None

    def test_the_repr_names_class_channel_and_state(self, open_bus: OpenBus) -> None:
        """For people who look at a log."""
        bus = open_bus()
        name, info = type(bus).__name__, bus.channel_info
        assert repr(bus) == f"<{name} {info} [open]>"
        bus.shutdown()
        assert repr(bus) == f"<{name} {info} [closed]>"

    def test_channel_info_names_the_channel(self, open_bus: OpenBus) -> None:
        """`str(bus)` tells one bus from another."""
        bus = open_bus()
        assert str(bus.channel) in str(bus) == bus.channel_info
