"""Which module and daemon work together, which can set a bit rate, and how versions are read."""

from __future__ import annotations

import pytest

from canbus.bringup.families.intrepid.versions import (
    Version,
    conflict,
    parse,
    parse_banner,
    sets_bitrate,
)

BANNER = """The libicsneo SocketCAN Usermode Daemon
Copyright Intrepid Control Systems, Inc. 2025

Daemon v{}
libicsneo v1.0.0 master @ 1a2b3c

Supported devices:
\tneoVI FIRE 2
"""


def version(text):
    found = parse(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "found"),
    [("3.1.1", (3, 1, 1)), ("3.1.2-rc1", (3, 1, 2)), ("3.1", None), ("", None), (None, None)],
)
def test_the_version_of_a_module(text, found):
    assert parse(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (BANNER.format("3.2.0"), (3, 2, 0)),
        (BANNER.format("2.1.0+dirty develop @ v2.0.1-5"), (2, 1, 0)),
        ("Usage: icsscand\n\n         -D         (run as a daemon)\n", None),
        ("", None),
    ],
)
def test_the_version_of_a_daemon(text, found):
    assert parse_banner(text) == found


@pytest.mark.parametrize(
    ("module", "daemon", "fit"),
    [
        ("1.0.0", "2.0.1", False),
        ("2.0.0", "2.0.0", True),
        ("2.0.2", "2.0.0", False),
        ("2.0.2", "2.0.1", True),
        ("2.1.1", "2.1.0", True),
        ("2.1.1", "3.0.0", False),
        ("3.0.2", "2.1.0", False),
        ("3.0.2", "3.0.1", True),
        ("3.0.2", "3.1.1", False),  # seen at icsscand, issues 10 and 11
        ("3.0.3", "3.0.1", False),
        ("3.0.4", "3.1.0", True),
        ("3.0.4", "3.2.0", False),
        ("3.1.1", "3.0.9", False),
        ("3.1.1", "3.1.0", True),
        ("3.1.2", "3.2.0", True),
        ("3.1.2", "4.0.0", False),
        ("4.0.0", "3.2.0", True),  # of that, nothing is known here: the two say it themselves
    ],
)
def test_which_pairs_are_refused(module, daemon, fit):
    why = conflict(version(module), version(daemon))
    assert (why is None) is fit
    if why is not None:
        assert f"is {module}, the daemon {daemon}" in why


@pytest.mark.parametrize(
    ("module", "daemon", "can"),
    [
        ("2.1.1", "2.1.0", False),
        ("3.0.4", "3.1.0", False),
        ("3.1.1", "3.1.0", False),
        ("3.1.1", "3.2.0", True),
        ("3.2.0", "3.10.0", True),
    ],
)
def test_which_pairs_set_a_bit_rate(module, daemon, can):
    assert sets_bitrate(version(module), version(daemon)) is can


def test_a_version_is_shown_as_it_is_written():
    assert str(Version(3, 1, 12)) == "3.1.12"
