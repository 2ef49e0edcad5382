"""What somebody has typed ends up in files that root's programs read: as text, and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.bringup.persist.escaping import (
    check_persistent_name,
    check_plain,
    device_unit,
    escape_path,
    exec_line,
    is_kernels_own,
    net_device_unit,
)
from canbus.bringup.persist.files import Part, body_of, read_head, with_heads
from canbus.bringup.persist.udev import link_rule
from canbus.errors import CanConfigError
from tests.unit.persist import trixie

words = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1)
_ESCAPES = {"\\n": "\n", "\\t": "\t"}


def unquoted(line: str) -> list[str]:
    """A command line of a unit, word by word (systemd.service(5), COMMAND LINES)."""
    found = []
    for quoted, bare in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', line, re.DOTALL):
        text = re.sub(
            r"\\.", lambda at: _ESCAPES.get(at[0], at[0][1]), quoted or bare, flags=re.DOTALL
        )
        found.append(re.sub(r"%%|\$\$", lambda at: at[0][0], text))
    return found


@given(st.lists(words, min_size=1))
def test_words_of_a_command_come_out_as_they_went_in(given_words):
    line = exec_line(given_words)
    assert "\n" not in line
    assert unquoted(line) == given_words


@given(words)
def test_no_specifier_or_variable_is_left_for_systemd(word):
    line = exec_line([word])
    assert "%" not in line.replace("%%", "")
    assert "$" not in line.replace("$$", "")


def taken(call):
    """What comes out, or the hint of why it was refused."""
    try:
        return call(), None
    except CanConfigError as exc:
        return None, exc.hint


@given(words)
def test_a_name_is_safe_in_a_rule_and_in_a_unit_or_is_refused(name):
    passed, hint = taken(lambda: check_persistent_name(name))
    if passed is None:
        assert hint
    else:
        assert re.fullmatch(r"[A-Za-z0-9_.-]{1,15}", name)
        assert name not in {".", ".."}


@given(words)
def test_a_value_is_compared_letter_by_letter_or_is_refused(value):
    rule, hint = taken(lambda: link_rule("can_front", (("ATTRS{serial}", value),)))
    if rule is None:
        assert "--by path" in hint
    else:
        assert rule.count('"') == 12
        assert not set('\\"*?[]|\n$%') & set(value)
        assert f'ATTRS{{serial}}=="{value}"' in rule


@pytest.mark.parametrize("value", ['a"b', "a\nb", "SN*", "a|b", "a\\", "[0-9]", "$env{X}", ""])
def test_what_udev_would_take_for_something_else_is_refused(value):
    with pytest.raises(CanConfigError):
        check_plain(value)


PATHS = (
    "/dev/ttyACM0", "/dev/canbus/can-front", "/dev/serial/by-id/usb-Proto_CANable-if00", "/",
    "/dev/.hidden", "/.hidden/x", "/dev/a b", "/dev/ü", "//dev//x/", "/dev/a:b_c.d", "/dev/x\\y",
)  # fmt: skip


def test_paths_are_escaped_as_systemd_does():
    done = trixie.run("systemd-escape", "--path", *PATHS)
    assert done.stdout.split() == [escape_path(path) for path in PATHS], done.stderr


def test_units_of_devices_have_systemds_names():
    assert net_device_unit("can0") == "sys-subsystem-net-devices-can0.device"
    assert net_device_unit("can-a") == r"sys-subsystem-net-devices-can\x2da.device"
    assert device_unit("/dev/canbus/can_a") == "dev-canbus-can_a.device"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("can0", True), ("vcan12", True), ("slcan0", True), ("can_a", False), ("can", False)],
)
def test_which_names_the_kernel_gives(name, expected):
    assert is_kernels_own(name) is expected


@given(body=st.text(), command=words.filter(lambda text: "\n" not in text))
def test_a_file_is_known_again_and_every_change_of_it_is_seen(body, command):
    parts = [Part("/etc/systemd/network/70-canbus-can0.network", body), Part("/etc/b", "x\n")]
    file = with_heads(parts, "can0", command)[0]
    head = read_head(file.text)
    assert head is not None
    assert (head.owner, head.command, head.together, head.is_edited) == (
        "can0", command, ("/etc/b",), False,
    )  # fmt: skip
    assert body_of(file.text) == body
    for changed in (f"{file.text}#\n", file.text.replace("for can0:", "for can1:", 1)):
        other = read_head(changed)
        assert other is not None
        assert other.is_edited


@pytest.mark.parametrize(
    "text", ["", "[Match]\nName=can0\n", "# Written by canbus persist for x\n"]
)
def test_a_file_of_somebody_else_is_not_ours(text):
    assert read_head(text) is None
