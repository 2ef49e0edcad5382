"""Who has a device open."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from canbus.backends.slcan import port_users
from canbus.backends.slcan.port_users import PortUser, users_of

if TYPE_CHECKING:
    import pytest


def test_nobody_has_it(tmp_path: Path) -> None:
    assert users_of(str(tmp_path / "none")) == []
    path = tmp_path / "file"
    path.touch()
    assert users_of(str(path)) == []


def test_ourselves_only_if_we_have_it_twice(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("w"):
        assert users_of(str(path)) == []
        with path.open("w"):
            (user,) = users_of(str(path))
            assert user.pid == os.getpid()
            assert user.name == Path("/proc/self/comm").read_text().strip()


def test_another_process_by_number_and_name_through_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "file", tmp_path / "link"
    path.touch()
    link.symlink_to(path)
    script = "import sys; f = open(sys.argv[1]); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        other.stdout.readline()
        name = Path(f"/proc/{other.pid}/comm").read_text().strip()
        assert users_of(str(link)) == [PortUser(other.pid, name)]


def test_what_vanishes_or_is_hidden_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    with path.open("w"), path.open("w"):
        monkeypatch.setattr(port_users, "_processes", lambda: [2**22 + 5, os.getpid()])
        assert [user.pid for user in users_of(str(path))] == [os.getpid()]
    assert port_users._name_of(2**22 + 5) == "?"
