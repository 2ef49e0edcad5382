"""interface: what Bus() does with names, aliases and options before a channel is opened."""

from __future__ import annotations

from typing import Any

import pytest

import canbus
from canbus.backends.virtual.bus import VirtualBus
from canbus.errors import (
    CanBackendNotFoundError,
    CanConfigError,
    CanInterfaceNotImplementedError,
    CanUnsupportedError,
    CanWarning,
)
from canbus.interface import Bus as TypedBus

Bus: Any = TypedBus
"""Most of what is refused here a type checker refuses, too."""


def test_bus_opens_the_backend_of_that_name() -> None:
    with Bus("a", interface="virtual") as bus:
        assert isinstance(bus, VirtualBus)
        assert bus.channel == "a"


def test_the_first_two_arguments_may_be_positional() -> None:
    with Bus("a", "virtual") as bus:
        assert bus.channel == "a"


def test_the_factory_is_reached_as_in_python_can() -> None:
    assert canbus.Bus is canbus.interface.Bus is TypedBus


@pytest.mark.parametrize("channel", [0, 1.5, "0", ("a", 1), b"x"])
def test_a_channel_is_handed_on_as_it_is(channel: Any) -> None:
    with Bus(channel, interface="virtual") as bus:
        assert bus.channel is channel


def test_without_a_channel_the_backends_default_is_opened() -> None:
    with Bus(interface="virtual") as bus, Bus(channel=None, interface="virtual") as other:
        assert bus.channel == other.channel == "channel-0"


def test_options_reach_the_backend() -> None:
    with Bus("a", interface="virtual", fd=True, receive_own_messages=True) as bus:
        bus.send(canbus.Message(is_fd=True))
        assert bus.recv(0) is not None


def test_without_an_interface_the_backends_are_listed() -> None:
    with pytest.raises(CanBackendNotFoundError, match="'can0'") as info:
        Bus("can0")
    assert "socketcan" in (info.value.hint or "")
    assert "virtual" in (info.value.hint or "")


def test_an_unknown_interface_is_python_cans_error() -> None:
    with pytest.raises(CanInterfaceNotImplementedError, match="nosuch"):
        Bus("a", interface="nosuch")


@pytest.mark.parametrize("interface", [5, b"virtual", VirtualBus])
def test_an_interface_that_is_no_name_is_refused(interface: Any) -> None:
    with pytest.raises(CanConfigError, match="must be a name"):
        Bus("a", interface=interface)


def test_an_unknown_option_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(CanConfigError, match="recieve_own_messages") as info:
        Bus("a", interface="virtual", recieve_own_messages=True)
    assert "did you mean receive_own_messages?" in (info.value.hint or "")


def test_an_option_that_the_backend_cannot_fulfil_is_refused() -> None:
    with pytest.raises(CanUnsupportedError, match="bitrate=500000"):
        Bus("a", interface="virtual", bitrate=500_000)


@pytest.mark.parametrize("value", [1, "true", 1.0])
def test_an_explicit_option_is_not_cast(value: Any) -> None:
    with pytest.raises(CanConfigError, match="fd="):
        Bus("a", interface="virtual", fd=value).shutdown()


@pytest.mark.parametrize("name", ["rx_queue_size", "protocol", "preserve_timestamps"])
def test_none_for_an_option_that_has_another_default_is_refused(name: str) -> None:
    options: Any = {name: None}
    with pytest.raises(CanConfigError, match=name):
        Bus("a", interface="virtual", **options).shutdown()


def test_bustype_is_accepted_with_a_warning_at_the_users_line() -> None:
    with pytest.warns(DeprecationWarning, match="use interface=") as caught:
        bus = Bus("a", bustype="virtual")
    bus.shutdown()
    assert caught[0].filename == __file__


def test_context_is_accepted_with_a_warning_and_has_to_be_named_somewhere() -> None:
    with (
        pytest.warns(CanWarning, match="config_context='lab' is named nowhere"),
        pytest.warns(DeprecationWarning, match="use config_context="),
    ):
        Bus("a", interface="virtual", context="lab").shutdown()


def test_an_alias_that_says_the_same_is_fine() -> None:
    with pytest.warns(DeprecationWarning, match="bustype"):
        Bus("a", interface="virtual", bustype="virtual").shutdown()


def test_an_alias_that_contradicts_is_refused() -> None:
    with (
        pytest.warns(DeprecationWarning, match="bustype"),
        pytest.raises(CanConfigError, match="contradicts"),
    ):
        Bus("a", interface="virtual", bustype="socketcan")


def test_an_alias_that_is_none_says_nothing() -> None:
    with pytest.warns(DeprecationWarning, match="bustype"):
        Bus("a", interface="virtual", bustype=None).shutdown()
