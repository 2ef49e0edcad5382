"""What a keeper looks after, as a value and as JSON; how it tells of an error."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from canbus import errors
from canbus.bringup.care import PORT, Care, Question, WantedLink, pack_care, unpack_care
from canbus.bringup.daemon import DaemonEndedError
from canbus.bringup.keeper_report import describe_error, error_from
from canbus.bringup.serial_port import SerialPort
from canbus.link_config import LinkConfig
from canbus.link_info import LinkInfo

CARE = Care(
    key="can0",
    what="serial adapter /dev/ttyACM0",
    program=("/usr/bin/slcand", "-F", PORT, "can0"),
    links=(WantedLink(name="can0", config=LinkConfig(bitrate=250_000, txqueuelen=50, up=True)),),
    port=SerialPort(path="/dev/ttyACM0", usb_id="16d0:117e", serial_number="A7", interface="1.0"),
    question=Question(bitrate=250_000, tty_baudrate=115_200, listen_only=False),
    environment={"A": "1"},
    facts={"bitrate": 250_000},
)
DAEMON = Care(
    key="x", what="x", program=("x",), links=(WantedLink(alias="a_*", config=LinkConfig()),)
)


def with_config(care, **settings):
    return replace(care, links=(replace(care.links[0], config=LinkConfig(**settings)),))


@pytest.mark.parametrize("care", [CARE, DAEMON])
def test_it_travels_as_json(care):
    assert unpack_care(json.loads(json.dumps(pack_care(care)))) == care


def test_the_port_is_put_into_the_program():
    assert CARE.program_at("/dev/ttyACM1") == ("/usr/bin/slcand", "-F", "/dev/ttyACM1", "can0")


def test_who_keeps_more_keeps_less():
    assert CARE.includes(CARE)
    assert CARE.includes(with_config(CARE, bitrate=250_000, up=True))
    assert not with_config(CARE, bitrate=250_000, up=True).includes(CARE)
    assert not CARE.includes(with_config(CARE, bitrate=500_000))


def test_another_name_of_the_same_adapter_is_the_same():
    assert CARE.port is not None
    by_id = replace(CARE.port, path="/dev/serial/by-id/usb-x")
    assert CARE.includes(replace(CARE, port=by_id))


@pytest.mark.parametrize(
    "facts",
    [
        {"key": "can1"},
        {"program": ("/usr/bin/slcand", "-F", "-l", PORT, "can0")},
        {"environment": {}},
        {"port": None},
        {"port": SerialPort(path="/dev/ttyACM1", usb_id="16d0:117e", serial_number="B8")},
        {"links": ()},
        {"links": (WantedLink(alias="can0", config=LinkConfig()),)},
    ],
)
def test_anything_else_is_another_care(facts):
    assert not CARE.includes(replace(CARE, **facts))


def test_a_link_is_known_by_its_name_or_its_alias():
    named, aliased = WantedLink(name="can0", config=LinkConfig()), DAEMON.links[0]
    link = LinkInfo("can0", 3, "can", is_up=False, mtu=16, alias="a_61777")
    assert (named.is_it(link), aliased.is_it(link)) == (True, True)
    other = replace(link, name="can1", alias="b_61777")
    assert (named.is_it(other), aliased.is_it(other)) == (False, False)
    assert not aliased.is_it(replace(link, alias=None))


# -- errors ---------------------------------------------------------------------------------

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type)]


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if issubclass(kind, errors.CanError)], ids=lambda k: k.__name__
)
def test_an_error_travels_with_its_kind_code_and_hint(kind):
    error = kind("it failed", 16, hint="try again")
    back = error_from(json.loads(json.dumps(describe_error(error))))
    assert (type(back), str(back), back.error_code) == (kind, str(error), 16)
    assert (back.hint, back.__notes__) == ("try again", ["hint: try again"])


def test_a_daemon_that_ended_travels_with_its_words():
    error = DaemonEndedError("slcand ended with status 1: no")
    error.status, error.output = 1, "all\nno"
    back = error_from(json.loads(json.dumps(describe_error(error))))
    assert isinstance(back, DaemonEndedError)
    assert (str(back), back.status, back.output) == (str(error), 1, "all\nno")


def test_an_error_of_another_make_travels_as_what_it_is_of_ours():
    class OwnError(errors.CanLinkError):
        pass

    assert type(error_from(describe_error(OwnError("x")))) is errors.CanLinkError
    assert type(error_from({})) is errors.CanError
