"""Downstream libraries with canbus in the place of python-can."""

from __future__ import annotations

import pytest

from tests.downstream.running import run_under_compat


@pytest.mark.parametrize("backend", ["virtual", "slcan"])
def test_the_libraries_run(backend):
    run_under_compat(backend)
