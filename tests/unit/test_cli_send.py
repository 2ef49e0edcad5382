import pytest

import canbus as can
from canbus.cli import main


@pytest.fixture
def heard(request):
    """A bus that hears what the command sends on channel `request.node.name`."""
    with can.Bus(request.node.name, interface="virtual", fd=True) as bus:
        yield bus


def frames_on(bus):
    heard = []
    while (msg := bus.recv(0)) is not None:
        heard.append(format(msg, "candump"))
    return heard


def send(bus, *words):
    return main(["send", "--interface", "virtual", bus.channel, *words])


def test_frames_of_all_kinds_are_sent_in_order(heard, capsys):
    frames = ["123#DEADBEEF", "1F334455#1122", "123#R4", "123##1AABB", "7FF#"]
    assert send(heard, *frames) == 0
    assert frames_on(heard) == frames
    assert capsys.readouterr() == ("", "")


def test_nothing_is_sent_when_one_frame_cannot_be_read(heard, capsys):
    assert send(heard, "123#11", "456#2") == 2
    assert frames_on(heard) == []
    err = capsys.readouterr().err
    assert err.startswith("canbus: cannot read the frame '456#2'")
    assert "\nhint: " in err


def test_an_fd_frame_that_contradicts_an_option_is_refused_before_anything_is_sent(heard, capsys):
    assert send(heard, "-o", "fd=false", "123#11", "123##0") == 2
    assert frames_on(heard) == []
    assert "fd is set already" in capsys.readouterr().err


def test_options_are_parsed_as_the_backend_declares_them(heard):
    assert send(heard, "-o", "rx-queue-size=0x10", "-o", "fd=yes", "123#11") == 0
    assert frames_on(heard) == ["123#11"]


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("rx_queue_size=many", "cannot be read as int"),
        ("rx_queue_sice=3", "did you mean rx_queue_size?"),
        ("rx_queue_size", "there is no '='"),
        ("=3", "there is no '='"),
        ("timing=3", "cannot be given as text"),
        ("rx_queue_size=-1", "rx_queue_size -1 is negative"),
        ("fd=maybe", "cannot be read as bool"),
    ],
)
def test_an_option_that_makes_no_sense_is_wrong_usage_that_says_why(heard, capsys, option, words):
    assert send(heard, "-o", option, "123#11") == 2
    assert words in capsys.readouterr().err
    assert frames_on(heard) == []


def test_an_option_given_twice_is_wrong_usage(heard, capsys):
    assert send(heard, "-o", "fd=no", "-o", "fd=yes", "123#11") == 2
    assert "fd is set already" in capsys.readouterr().err


def test_an_unknown_interface_is_an_error_that_names_the_nearest(capsys):
    assert main(["send", "-i", "virtuel", "x", "123#"]) == 1
    assert "did you mean 'virtual'" in capsys.readouterr().err


@pytest.mark.parametrize("timeout", ["-1", "nan", "inf", "soon"])
def test_a_timeout_that_is_no_time_is_wrong_usage(heard, capsys, timeout):
    assert send(heard, f"--timeout={timeout}", "123#11") == 2
    assert "--timeout" in capsys.readouterr().err
    assert frames_on(heard) == []
