"""Two shells, and scripts that run in them."""

from __future__ import annotations

import shutil

import pytest

from tests.lab.tool import tool
from tests.unit.scripts.rig import Rig


@pytest.fixture(params=["dash", "busybox"])
def shell(request):
    """The words that start a shell; the lab brings busybox, Debian dash."""
    if request.param == "busybox":
        return [str(tool("busybox")), "sh"]
    found = shutil.which("dash")
    assert found, "there is no dash: apt-get install dash"
    return [found]


@pytest.fixture
def rig(shell, tmp_path):
    return Rig(shell, tmp_path)
