"""identity: how "usb:SERIAL" and "path:..." are read, and which of several things they mean."""

from __future__ import annotations

import pytest

from canbus.errors import CanChannelNotFoundError, CanConfigError
from canbus.identity import Identity, address_of, choose, parse_identity

TWO = [
    ("can0", Identity("1234", "1-1.4:1.0", 0)),
    ("can1", Identity("1234", "1-1.4:1.0", 1)),
]
OTHERS = [
    ("can2", Identity(None, "1-1.2:1.0", 0)),
    ("can3", Identity(None, "spi0.0", 0)),
    ("can4", Identity(None, "0000:00:04.0", 0)),
    ("vcan0", Identity()),
]


def meant(text: str, there: list[tuple[str, Identity]]) -> str:
    wanted = parse_identity(text)
    assert wanted is not None
    return choose(text, wanted, there)


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("can0", None),
        ("", None),
        ("/dev/ttyACM0", None),
        ("socket://host:23", None),
        ("usb:1234", Identity("1234")),
        ("usb:1234/1", Identity("1234", channel=1)),
        ("usb:a/b", Identity("a/b")),
        ("path:1-1.4:1.0", Identity(path="1-1.4:1.0")),
        ("path:1-1.4:1.0/1", Identity(path="1-1.4:1.0", channel=1)),
        ("path:0000:00:04.0", Identity(path="0000:00:04.0")),
    ],
)
def test_how_it_is_read(text, identity):
    assert parse_identity(text) == identity


@pytest.mark.parametrize("text", ["usb:", "path:", "usb:/1"])
def test_what_names_nothing(text):
    with pytest.raises(CanConfigError, match="names nothing"):
        parse_identity(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("usb:1234", "can0"),  # the first channel of a device with two
        ("usb:1234/0", "can0"),
        ("usb:1234/1", "can1"),
        ("path:1-1.4:1.0/1", "can1"),
        ("path:1-1.4", "can0"),
        ("path:1-1.2:1.0", "can2"),
        ("path:1-1.2", "can2"),
        ("path:spi0.0", "can3"),
        ("path:0000:00:04.0", "can4"),
    ],
)
def test_which_one_is_meant(text, name):
    assert meant(text, TWO + OTHERS) == name


@pytest.mark.parametrize(
    "text", ["usb:12", "usb:1234/2", "path:1-1", "path:1-1.4:1.1", "path:0000:00"]
)
def test_one_that_is_not_there(text):
    with pytest.raises(CanChannelNotFoundError, match="is not plugged in") as caught:
        meant(text, TWO + OTHERS)
    assert caught.value.hint == (
        "there is usb:1234/0, usb:1234/1, path:1-1.2:1.0/0, path:spi0.0/0, path:0000:00:04.0/0"
    )
    with pytest.raises(CanChannelNotFoundError) as caught:
        meant(text, [])
    assert "usb:SERIAL" in str(caught.value.hint)


def test_two_adapters_with_the_same_serial_number():
    """Makers of clones give all of theirs the same."""
    twins = [("a", Identity("0001", "1-1:1.0", 0)), ("b", Identity("0001", "1-2:1.0", 0))]
    with pytest.raises(CanConfigError, match="is not the only one") as caught:
        meant("usb:0001", twins)
    assert caught.value.hint == "one of path:1-1:1.0, path:1-2:1.0"
    assert meant("path:1-2:1.0", twins) == "b"


def test_an_address_is_read_as_what_it_was_made_of():
    for name, identity in TWO + OTHERS:
        address = address_of(identity, of_several=True)
        if address is None:
            assert name == "vcan0"
        else:
            assert meant(address, TWO + OTHERS) == name
