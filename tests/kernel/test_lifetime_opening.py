"""Opening that fails, by name and by want of descriptors, and buses that are forgotten."""

from __future__ import annotations

import gc
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

import canbus as can


def _descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir() if path.is_symlink()}


def _run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script in an interpreter of its own."""
    return subprocess.run(
        [sys.executable, "-W", "always::ResourceWarning", "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=100,
    )


# -- names --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["a" * 16, "can0" * 100, "ä" * 8, "a\0b", "\0", "a/b", "can 0", "can0\n", "\ud800"]
)
def test_what_cannot_be_a_name_is_refused_by_that_name(name: str) -> None:
    with pytest.raises(can.CanConfigError) as caught:
        can.Bus(name, interface="socketcan")
    assert repr(name) in str(caught.value)
    with can.Bus("", interface="socketcan") as bus:
        with pytest.raises(can.CanConfigError) as caught:
            bus.send(can.Message(channel=name))
        assert repr(name) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nope0", "no such interface"),
        ("a" * 15, "no such interface"),
        ("ä" * 7, "no such interface"),
        ("lo", "not a CAN interface"),
    ],
)
def test_what_is_no_can_interface_is_not_found_by_open_and_by_send(name: str, why: str) -> None:
    with pytest.raises(can.CanChannelNotFoundError, match=why) as caught:
        can.Bus(name, interface="socketcan")
    assert name in str(caught.value)
    with can.Bus("", interface="socketcan") as bus:
        with pytest.raises(can.CanOperationError, match=why) as refused:
            bus.send(can.Message(channel=name))
        assert name in str(refused.value)


def test_own_messages_without_loopback_are_refused(vcan: str) -> None:
    before = _descriptors()
    with pytest.raises(can.CanConfigError, match="receive_own_messages") as caught:
        can.Bus(vcan, interface="socketcan", receive_own_messages=True, local_loopback=False)
    assert vcan in str(caught.value)
    assert "local_loopback" in caught.value.hint
    assert _descriptors() == before


# -- constructors that fail, buses that are forgotten -------------------------------------


@pytest.mark.parametrize(
    ("channel", "options"),
    [
        ("nope0", {}),
        ("lo", {}),
        ("a/b", {}),
        (None, {"can_filters": [{"can_id": -1, "can_mask": 0}]}),
        (None, {"can_filters": 7}),
        (None, {"receive_own_messages": True, "local_loopback": False}),
    ],
)
def test_a_constructor_that_fails_leaves_nothing_open(
    vcan: str, channel: str | None, options: dict[str, Any]
) -> None:
    before = _descriptors()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises((can.CanError, TypeError)):
            can.Bus(channel or vcan, interface="socketcan", **options)
        gc.collect()
    assert [str(warning.message) for warning in caught] == []
    assert _descriptors() == before


# Opens with room for 0, 1, 2, ... descriptors until it succeeds.
_SHORT = """
import gc, os, resource, sys
import canbus as can
from canbus import *  # the names; what is opened is imported when it is opened
channel, warm = sys.argv[1:]
if warm == "warm":  # everything is imported
    try:
        can.Bus(channel, interface="socketcan").shutdown()
    except can.CanError:
        pass
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

def descriptors():
    return sorted(n for n in os.listdir("/proc/self/fd") if os.path.islink("/proc/self/fd/" + n))

before = descriptors()
for room in range(10):
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(before) - 1 + room, hard))
    try:
        bus = can.Bus(channel, interface="socketcan")
    except can.CanChannelNotFoundError as exc:
        outcome = "not found"
    except can.CanInitializationError as exc:
        outcome = "too many open files" if exc.error_code == 24 and exc.hint else repr(exc)
    except can.CanError as exc:
        outcome = repr(exc)
    except Exception as exc:
        outcome = "bare " + repr(exc)
    else:
        outcome = "open"
        bus.shutdown()
        del bus
    gc.collect()
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    print(outcome)
    assert descriptors() == before, (before, descriptors())
    if outcome in ("open", "not found") and room > 4:
        break
"""


@pytest.mark.parametrize(("existing", "outcome"), [(True, "open"), (False, "not found")])
def test_too_few_descriptors_are_a_named_error_at_each_that_is_opened(
    vcan: str, existing: bool, outcome: str
) -> None:
    done = _run(_SHORT, vcan if existing else "nope0", "warm")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""  # no ResourceWarning
    lines = done.stdout.splitlines()
    assert lines[0] == "too many open files"
    assert lines[-1] == outcome
    assert set(lines) == {"too many open files", outcome}


def test_too_few_descriptors_for_the_first_bus_of_a_process_leave_nothing_open(vcan: str) -> None:
    done = _run(_SHORT, vcan, "cold")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""  # no ResourceWarning
    # Python's own imports may fail first, with whatever they raise; in the end it opens.
    assert done.stdout.splitlines()[-1] == "open"


def _forget(buses: list[can.BusABC]) -> None:
    buses.clear()
    gc.collect()


def test_a_forgotten_bus_warns_and_is_closed(vcan: str) -> None:
    before = _descriptors()
    buses: list[can.BusABC] = [can.Bus(vcan, interface="socketcan") for _ in range(3)]
    with pytest.warns(ResourceWarning, match=vcan) as caught:
        _forget(buses)
    assert len(caught) == 3
    assert {type(warning.message) for warning in caught} == {ResourceWarning}
    assert all("was not shut down" in str(warning.message) for warning in caught)
    assert _descriptors() == before


@pytest.mark.parametrize("action", ["error", "ignore", "always"])
def test_a_forgotten_bus_is_closed_whatever_becomes_of_the_warning(vcan: str, action: str) -> None:
    code = """
import gc, os, sys, warnings
import canbus as can
bus = can.Bus(sys.argv[1], interface="socketcan")
warnings.simplefilter(sys.argv[2])
number = bus.fileno()
del bus
gc.collect()
try:
    os.fstat(number)
except OSError:
    print("closed")
"""
    done = _run(code, vcan, action)
    assert done.stdout == "closed\n"
    assert done.stderr.count("was not shut down") == (action != "ignore")
    assert "unclosed" not in done.stderr  # the socket itself was not left to itself
