"""Fetched programs: found, and run where they were unpacked. Guests that use them: `test_boots`."""

import subprocess

import pytest

from . import fetch, programs
from .errors import LabError
from .tool import tool


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, and no archive behind it."""
    monkeypatch.setenv("CANBUS_LAB_CACHE", str(tmp_path))
    return tmp_path


def test_shellcheck_runs_and_finds_what_is_wrong(tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\nrm $1\n")
    done = subprocess.run([tool("shellcheck"), script], capture_output=True, text=True)
    assert done.returncode == 1
    assert "SC2086" in done.stdout


@pytest.mark.parametrize("name", ["busybox", "modprobe", "candump", "tshark", "dumpcap"])
def test_a_tool_of_the_guests_is_there_for_the_host_too(name):
    assert tool(name).exists()


def test_a_tool_that_nobody_fetches_is_an_error():
    with pytest.raises(LabError, match="no-such-tool"):
        tool("no-such-tool")


def test_a_script_finds_the_program_and_its_libraries_from_anywhere(tmp_path):
    programs.add_scripts("shellcheck", tmp_path)
    fake = tmp_path / "usr" / "bin" / "shellcheck"
    fake.parent.mkdir(parents=True)
    fake.write_text('#!/bin/sh\nprintf "<%s>" "$LD_LIBRARY_PATH" "$@"\n')
    fake.chmod(0o755)
    moved = tmp_path.rename(tmp_path.with_name("it's moved"))

    command = [moved / programs.SCRIPTS / "shellcheck", "a b", ""]
    said = subprocess.run(command, cwd="/", capture_output=True, text=True, check=True).stdout

    libraries, *arguments = said.removeprefix("<").removesuffix(">").split("><")
    assert libraries.startswith(f"{moved}/")
    assert arguments == ["a b", ""]


class FakeArchive:
    """Unpacks one file that names the packages."""

    def __init__(self, folder, suite):
        pass

    def update(self):
        pass

    def unpack(self, packages, into):
        (into / "packages").write_text(" ".join(packages))


def test_a_part_is_fetched_once_and_anew_when_its_list_changes(cache, monkeypatch):
    monkeypatch.setattr(fetch, "Archive", FakeArchive)
    monkeypatch.setattr(fetch, "IN_GUESTS", ())
    monkeypatch.setitem(fetch.PACKAGES, "uml", ["one"])
    unpacked = cache / "uml" / "packages"
    fetch.ensure(("uml",))
    assert unpacked.read_text() == "one"
    first = unpacked.stat().st_ino

    fetch.ensure(("uml",))
    assert unpacked.stat().st_ino == first

    monkeypatch.setitem(fetch.PACKAGES, "uml", ["one", "two"])
    fetch.ensure(("uml",))
    assert unpacked.read_text() == "one two"
    assert sorted(path.name for path in cache.iterdir()) == ["lock", "uml"]


def test_a_part_that_was_interrupted_is_fetched_again(cache, monkeypatch):
    monkeypatch.setattr(fetch, "Archive", FakeArchive)
    monkeypatch.setattr(fetch, "IN_GUESTS", ())
    for rest in ("uml", "uml.unfinished", "uml.former"):
        (cache / rest).mkdir()
        (cache / rest / "half").touch()

    fetch.ensure(("uml",))

    assert sorted(path.name for path in cache.iterdir()) == ["lock", "uml"]
    assert sorted(path.name for path in (cache / "uml").iterdir()) == [".packages", "packages"]
