"""Scripts for python-can print the same on canbus, on `virtual`. On a kernel: tests/kernel."""

from __future__ import annotations

import pytest

from tests.docs.markdown import ROOT
from tests.same_scripts.comparing import SCRIPTS, WAYS, declared, expected, printed_under

pytest.importorskip("can")


@pytest.fixture(scope="module")
def printed():
    return printed_under("virtual", dict.fromkeys(WAYS, "a wire"))


def test_there_are_thirty():
    assert len(SCRIPTS) >= 30


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_prints_the_same(printed, script):
    theirs, compat, ours = (printed[way][script] for way in WAYS)
    assert "Traceback" not in theirs
    assert theirs
    assert ours == expected(script, theirs, "virtual")
    assert compat == ours


def test_the_page_names_every_difference():
    page = (ROOT / "docs/from-python-can.md").read_text()
    differences = [one for script in SCRIPTS for one in declared(script)]
    assert differences
    for one in differences:
        assert one.words in page
