"""What may be written as a channel."""

from __future__ import annotations

from pathlib import Path

import pytest

import canbus as can
from canbus.backends.slcan.channel import DEFAULT_BAUDRATE, parse_channel

DEFAULT = DEFAULT_BAUDRATE


@pytest.mark.parametrize(
    ("channel", "url", "baudrate"),
    [
        ("/dev/ttyACM0", "/dev/ttyACM0", DEFAULT),
        ("/dev/ttyUSB0@1000000", "/dev/ttyUSB0", 1_000_000),
        ("COM3@57600", "COM3", 57600),
        (Path("/dev/ttyACM0"), "/dev/ttyACM0", DEFAULT),
        ("/dev/serial/by-id/usb-a@b_c-if00", "/dev/serial/by-id/usb-a@b_c-if00", None),
        ("/dev/soc@0/ttyS0", "/dev/soc@0/ttyS0", DEFAULT),
        ("/dev/soc@0/ttyS0@9600", "/dev/soc@0/ttyS0", 9600),
        ("socket://10.0.0.1:23", "socket://10.0.0.1:23", DEFAULT),
        ("socket://10.0.0.1:23@9600", "socket://10.0.0.1:23", 9600),
        ("socket://[::1]:23@9600", "socket://[::1]:23", 9600),
        ("socket://user@host:23", "socket://user@host:23", DEFAULT),
        ("socket://user@10", "socket://user@10", DEFAULT),
        ("socket://[fe80::1]@10", "socket://[fe80::1]@10", DEFAULT),
        ("rfc2217://h:1?logging=info&poll_modem", "rfc2217://h:1?logging=info&poll_modem", DEFAULT),
        ("rfc2217://user@h:1?timeout=1@9600", "rfc2217://user@h:1?timeout=1", 9600),
        ("loop://", "loop://", DEFAULT),
        ("loop://@9600", "loop://", 9600),
        ("alt:///dev/ttyUSB0?class=VTIMESerial", "alt:///dev/ttyUSB0?class=VTIMESerial", DEFAULT),
        ("hwgrep://0483:5740@115200", "hwgrep://0483:5740", 115200),
    ],
)
def test_a_channel_is_a_port_and_perhaps_a_baud_rate(
    channel, url: str, baudrate: int | None
) -> None:
    if baudrate is None:
        with pytest.raises(can.CanConfigError, match="no baud rate") as caught:
            parse_channel(channel)
        assert isinstance(caught.value, ValueError)
    else:
        assert parse_channel(channel) == (url, baudrate)


def test_the_option_counts_where_the_channel_says_nothing_or_the_same() -> None:
    assert parse_channel("/dev/ttyACM0", 9600).baudrate == 9600
    assert parse_channel("/dev/ttyACM0@9600", 9600).baudrate == 9600
    with pytest.raises(can.CanConfigError, match="contradicts tty_baudrate=9600"):
        parse_channel("/dev/ttyACM0@115200", 9600)


def test_a_file_of_that_very_name_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "tty@9600"
    path.touch()
    assert parse_channel(str(path)) == (str(path), DEFAULT)
    assert parse_channel(f"{path}@57600") == (str(path), 57600)


@pytest.mark.parametrize(
    ("channel", "problem"),
    [
        ("", "empty"),
        ("  ", "empty"),
        (None, "string"),
        (0, "string"),
        (b"/dev/ttyACM0", "string"),
        ("/dev/tty\0", "character"),
        ("/dev/ttyACM0@fast", "'fast' is no baud rate"),
        ("/dev/ttyACM0@", "'' is no baud rate"),
        ("/dev/ttyACM0@-1", "'-1' is no baud rate"),
        ("/dev/ttyACM0@0", "0 is no baud rate"),
        ("/dev/ttyACM0@٣", "is no baud rate"),
        ("@9600", "no port"),
    ],
)
def test_what_is_no_channel_is_refused(channel: object, problem: str) -> None:
    with pytest.raises(can.CanConfigError, match=problem) as caught:
        parse_channel(channel)
    assert repr(channel) in str(caught.value)
    assert "/dev/ttyACM0" in (caught.value.hint or "")


def test_an_option_that_is_no_baud_rate_is_refused() -> None:
    with pytest.raises(can.CanConfigError, match="-5 is no baud rate"):
        parse_channel("/dev/ttyACM0", -5)
