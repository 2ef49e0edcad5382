"""options: explicit values are checked and never cast, text is parsed, unknown names refused."""

from __future__ import annotations

from typing import Any

import pytest

from canbus.errors import CanConfigError, CanUnsupportedError
from canbus.options import COMMON, Capability, Option, check_options
from canbus.state import BusState, CanProtocol

SPEED = Option("speed", int, 115200, "bit/s of the serial line")
PATH = Option("path", (str, int), None, "where it is")
ANYTHING = Option("thing", object, None, "anything")
RATIO = Option("ratio", float, 0.5, "a share")
ON = Option("on", bool, False, "whether")
PROTOCOL = Option("protocol", CanProtocol, CanProtocol.CAN_20, "which frames")
HEX = Option("magic", int, 0, "hexadecimal digits", parse=lambda text: int(text, 16))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        (SPEED, 9600),
        (SPEED, 115200),
        (PATH, "a"),
        (PATH, 5),
        (PATH, None),
        (ANYTHING, object()),
        (ANYTHING, True),
        (RATIO, 0.1),
        (ON, True),
        (PROTOCOL, CanProtocol.CAN_FD),
    ],
)
def test_a_value_of_the_declared_type_is_accepted(option: Option, value: Any) -> None:
    option.check(value)


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        (SPEED, "9600", "speed='9600' must be int, not str"),
        (SPEED, 9600.0, "not float"),
        (SPEED, True, "not bool"),
        (PATH, 5.0, "must be str or int"),
        (PATH, b"a", "not bytes"),
        (ON, 1, "must be bool"),
        (ON, "yes", "must be bool"),
        (PROTOCOL, "CAN_FD", "must be CanProtocol"),
    ],
)
def test_a_value_of_another_type_is_refused_and_not_cast(
    option: Option, value: Any, why: str
) -> None:
    with pytest.raises(CanConfigError, match=why) as info:
        option.check(value)
    assert info.value.hint == option.help


@pytest.mark.parametrize("option", [SPEED, ON, RATIO])
def test_none_is_refused_where_it_is_not_the_default(option: Option) -> None:
    with pytest.raises(CanConfigError, match=option.name):
        option.check(None)


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        (SPEED, "9600", 9600),
        (SPEED, "0x10", 16),
        (PATH, "5", "5"),
        (RATIO, "0.25", 0.25),
        (ON, "yes", True),
        (ON, "No", False),
        (ON, "1", True),
        (ON, "false", False),
        (PROTOCOL, "can_fd", CanProtocol.CAN_FD),
        (HEX, "ff", 255),
    ],
)
def test_text_is_read_as_the_declared_type(option: Option, text: str, value: Any) -> None:
    parsed = option.from_text(text)
    assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (SPEED, "fast"),
        (SPEED, ""),
        (SPEED, "9600.0"),
        (RATIO, "half"),
        (ON, "maybe"),
        (ON, ""),
        (PROTOCOL, "can_xxl"),
        (HEX, "xyz"),
    ],
)
def test_text_that_cannot_be_read_is_refused(option: Option, text: str) -> None:
    with pytest.raises(CanConfigError, match=option.name) as info:
        option.from_text(text)
    assert info.value.hint == option.help


def test_the_state_is_read_by_its_name() -> None:
    state = next(option for option in COMMON if option.name == "state")
    assert state.from_text("passive") is BusState.PASSIVE


# -- check_options ------------------------------------------------------------------------

ALL = ~Capability.NONE


def _check(given: dict[str, Any], capabilities: Capability = Capability.NONE) -> dict[str, Any]:
    return check_options("slow", (SPEED, ON), capabilities, given)


def test_given_options_are_handed_on_as_they_are() -> None:
    given = {"speed": 9600, "can_filters": [], "fd": True}
    assert _check(given, ALL) == given


def test_options_left_out_stay_out() -> None:
    assert _check({}) == {}


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("sped", "speed"),
        ("recieve_own_messages", "receive_own_messages"),
        ("bit_rate", "bitrate"),
        ("filters", "can_filters"),
    ],
)
def test_an_unknown_option_is_refused_with_the_nearest_name(name: str, nearest: str) -> None:
    with pytest.raises(CanConfigError, match=f"slow has no option '{name}'") as info:
        _check({name: 1})
    assert f"did you mean {nearest}?" in (info.value.hint or "")


def test_an_option_like_no_other_is_refused_with_the_list() -> None:
    with pytest.raises(CanConfigError) as info:
        _check({"zzz": 1})
    assert "did you mean" not in (info.value.hint or "")
    assert "speed" in (info.value.hint or "")


ASKING: list[tuple[str, Any, Capability]] = [
    ("fd", True, Capability.FD),
    ("receive_own_messages", True, Capability.OWN_MESSAGES),
    ("bitrate", 500_000, Capability.BITRATE),
    ("data_bitrate", 500_000, Capability.BITRATE),
    ("timing", object(), Capability.BITRATE),
    ("state", BusState.PASSIVE, Capability.LISTEN_ONLY),
    ("state", "passive", Capability.LISTEN_ONLY),
    ("state", BusState.ERROR, Capability.LISTEN_ONLY),
]


@pytest.mark.parametrize(("name", "value", "needed"), ASKING)
def test_a_common_option_needs_its_capability(name: str, value: Any, needed: Capability) -> None:
    with pytest.raises(CanUnsupportedError, match=name):
        _check({name: value}, ALL & ~needed)
    expected = BusState.PASSIVE if value == "passive" else value
    assert _check({name: value}, needed) == {name: expected}


def test_an_explicit_text_is_handed_on_as_it_is_even_where_text_can_be_parsed() -> None:
    own = (Option("label", str, "", "a name", parse=str.upper),)
    assert check_options("x", own, Capability.NONE, {"label": "abc"}) == {"label": "abc"}


def test_a_state_that_does_not_exist_is_refused_by_its_name() -> None:
    with pytest.raises(CanConfigError, match="bogus"):
        _check({"state": "bogus"}, ALL)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fd", False),
        ("receive_own_messages", False),
        ("bitrate", None),
        ("timing", None),
        ("state", BusState.ACTIVE),
        ("state", "ACTIVE"),
        ("state", "active"),
    ],
)
def test_a_value_that_asks_for_nothing_is_accepted_and_not_handed_on(name: str, value: Any) -> None:
    assert _check({name: value}) == {}


@pytest.mark.parametrize("value", [True, False])
def test_single_handle_is_accepted_and_never_handed_on(value: bool) -> None:
    assert _check({"single_handle": value}, ALL) == {}


def test_an_option_of_the_backend_replaces_the_common_one() -> None:
    mine = Option("bitrate", int, None, "not verified")
    assert check_options("slow", (mine,), Capability.NONE, {"bitrate": 5}) == {"bitrate": 5}


def test_an_option_of_the_backend_named_single_handle_is_handed_on() -> None:
    mine = Option("single_handle", bool, False, "of this backend")
    given = {"single_handle": True}
    assert check_options("slow", (mine,), Capability.NONE, given) == given


def test_an_ill_typed_common_option_is_refused_before_its_capability_is_asked_for() -> None:
    with pytest.raises(CanConfigError, match="must be bool"):
        _check({"fd": "yes"})
