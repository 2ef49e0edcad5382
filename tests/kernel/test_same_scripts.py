"""Scripts for python-can print the same on canbus, on socketcan: see tests/same_scripts."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from canbus.links import temporary_vcan
from tests.same_scripts.comparing import SCRIPTS, WAYS, expected, printed_under


@pytest.fixture(scope="module")
def printed():
    with ExitStack() as stack:
        links = {way: stack.enter_context(temporary_vcan()).name for way in WAYS}
        yield printed_under("socketcan", links)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_prints_the_same(printed, script):
    theirs, compat, ours = (printed[way][script] for way in WAYS)
    assert "Traceback" not in theirs
    assert theirs
    assert ours == expected(script, theirs, "vcan")
    assert compat == ours
