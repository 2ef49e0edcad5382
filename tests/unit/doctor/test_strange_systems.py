"""No system is too strange to look at: whatever files, log and programs say, no check raises."""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canbus.bringup import doctor
from canbus.bringup.doctor import System
from canbus.cli import doctor as cli
from tests.unit.doctor.fake_system import SITUATIONS, FakeSystem, load

NAMES = sorted(path.stem for path in SITUATIONS.glob("*.toml"))
LINES = sorted({
    line
    for name in NAMES
    for line in (load(name).get("kernel_log") or "").strip().splitlines()
})  # fmt: skip
NUMBER = "9" * 5000  # longer than int() takes

GARBAGE = (
    b"",
    b"\0",
    b"\n",
    b"\xff\xfe\x80 \xc3(",
    b"{" * 5000,
    NUMBER.encode(),
    f"btime {NUMBER}\nDaemon v{NUMBER}.1.1\n[]\n=\ndtoverlay=\ndtparam=,,=\n".encode(),
    b"dtoverlay=mcp2515,spi9-9,interrupt=" + NUMBER.encode() + b",oscillator=0x\n[pi4\n",
    b"dtoverlay=mcp251xfd,spi1-0,spi0-0,interrupt,oscillator=-1\n" * 3,
    b" 55: " + NUMBER.encode() + b" x spi0.0\n 1:\nspi0.0\n",
    b'{"pid": 1, "care": [], "links": 5, "namespace": {}}',
    b'{"pid": -7, "care": {"what": {"a": "\\n"}}}',
    b"slcand\0-S\0-\0\0\0",
)
MISSING, FOLDER, LOOP = "missing", "folder", "loop"
SPOILT: tuple[bytes | str, ...] = (*GARBAGE, MISSING, FOLDER, LOOP)
texts = st.text(max_size=40) | st.sampled_from([NUMBER, "usb 1-1: USB disconnect", *LINES])
contents = st.sampled_from(SPOILT) | st.binary(max_size=30)


def spoil(place: Path, content: bytes | str) -> None:
    """Put something else where a file or folder is, or was."""
    with suppress(OSError):  # what it would be in is a file by now
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        place.unlink(missing_ok=True)
        if content != MISSING:
            place.parent.mkdir(parents=True, exist_ok=True)
        if content == FOLDER:
            place.mkdir()
        elif content == LOOP:
            place.symlink_to(place.name)
        elif isinstance(content, bytes):
            place.write_bytes(content)


def look(system: System) -> None:
    """Find something, and be able to show it."""
    found = doctor.run(system=system)
    for finding in found:
        assert "\n" not in finding.what
        assert json.dumps(cli._facts(finding))
    cli._show(found)


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from(NAMES), data=st.data())
def test_no_check_raises_whatever_the_files_say(name, data):
    with tempfile.TemporaryDirectory() as folder:
        first = FakeSystem(Path(folder, "first"), load(name))
        doctor.run(system=first)
        system = FakeSystem(Path(folder, "second"), load(name))
        paths = sorted(first.read)
        for path in data.draw(st.lists(st.sampled_from(paths), max_size=12, unique=True)):
            spoil(system.root / path.lstrip("/"), data.draw(contents))
        look(system)


@pytest.mark.parametrize("content", SPOILT, ids=range(len(SPOILT)))
@pytest.mark.parametrize("name", ["pi-not-rebooted", "serial-modem-manager-asks"])
def test_every_file_that_is_read_may_be_strange(name, content, tmp_path):
    first = FakeSystem(tmp_path / "first", load(name))
    doctor.run(system=first)
    facts = load(name)
    for number, path in enumerate(sorted(first.read)):
        system = FakeSystem(tmp_path / str(number), facts)
        spoil(system.root / path.lstrip("/"), content)
        look(system)


@settings(max_examples=100, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    log=st.lists(texts, max_size=30) | st.none(),
    said=texts,
    has_sockets=st.booleans(),
    channel=st.sampled_from([None, "can0", "vcan0", "dev7"]),
)
def test_no_check_raises_whatever_kernel_and_programs_say(name, log, said, has_sockets, channel):
    class Talkative(FakeSystem):
        def find_program(self, name):
            return f"/usr/bin/{name}"

        def ask(self, *command):
            return said

    with tempfile.TemporaryDirectory() as folder:
        facts = load(name) | {"has_can_sockets": has_sockets, "capabilities": []}
        system = Talkative(Path(folder), facts, channel)
        system.__dict__["kernel_log"] = None if log is None else tuple(log)
        look(system)


@settings(max_examples=50, deadline=None)
@given(log=st.lists(texts, max_size=30), name=st.sampled_from(NAMES))
def test_links_may_have_nothing_but_a_name(log, name):
    facts = load(name)
    bare = [{"name": link["name"], "kind": None} for link in facts.get("link", [])]
    facts["link"] = [*bare, {"name": "can9", "device": {}}]
    with tempfile.TemporaryDirectory() as folder:
        system = FakeSystem(Path(folder), facts)
        system.__dict__["kernel_log"] = tuple(log)
        look(system)


def test_this_very_machine_can_be_looked_at():
    look(System())


def test_an_empty_folder_is_a_system_too(tmp_path):
    system = FakeSystem(tmp_path, {"kernel": False, "has_can_sockets": False, "kernel_log": False})
    look(system)
    assert system.read
