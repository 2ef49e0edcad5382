"""A guest with the stand-in for Intrepid's module and daemon, and `canbus` run in it. No test."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import canbus as can
from canbus.bringup import keepers
from canbus.cli import main
from canbus.links import list_links
from tests.kernel import intrepid_stand_in as stand_in

PATIENCE = 30
MODULES = Path("/sys/module")
OLDER, NEWER = ("2.1.0", "2.1.1"), ("3.2.0", "3.1.2")  # daemon, module


class Rig:
    """A machine with or without module, daemon, devices.

    Attributes:
        folder: of the programs.
        program: the daemon.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "icsscand"
        self._built = folder / "module"  # that can be loaded

    def build(self, daemon: str | None, module: str | None, name: str = "icsscand") -> None:
        """Install the daemon and the module of these versions; None for none."""
        if daemon is not None:
            self.program = stand_in.install(self.folder, name, daemon)
        if module is not None:
            self._built.write_text(module)

    def load(self) -> None:
        subprocess.run(["modprobe", "intrepid"], check=True)

    def unload(self) -> None:
        stand_in.DEVICE.unlink(missing_ok=True)
        shutil.rmtree(MODULES / "intrepid", ignore_errors=True)

    def plug(self, *aliases: str) -> None:
        stand_in.plug(self.folder, *aliases)

    def make_modprobe(self) -> None:
        """A modprobe that knows one module more."""
        real = shutil.which("modprobe")
        device, module = stand_in.DEVICE, MODULES / "intrepid"
        program = self.folder / "modprobe"
        program.write_text(
            f"""#!/bin/sh
[ "$*" = intrepid ] || exec {real} "$@"
[ -e {self._built} ] || {{
    echo "modprobe: FATAL: Module intrepid not found in directory /lib/modules/$(uname -r)" >&2
    exit 1
}}
mkdir -p {module} && cp {self._built} {module}/version
umask 077 && cp {self._built} {device}
"""
        )
        program.chmod(0o755)


@contextmanager
def other_modules(folder):
    """/sys/module as it is, but one where entries can be made."""
    folder.mkdir()
    for module in MODULES.iterdir():
        (folder / module.name).mkdir()
    subprocess.run(["mount", "--bind", folder, MODULES], check=True)
    yield
    subprocess.run(["umount", MODULES], check=True)


@contextmanager
def rigged(folder, monkeypatch) -> Iterator[Rig]:
    """A rig, and nothing of it left behind."""
    programs = folder / "bin"
    programs.mkdir()
    made = Rig(programs)
    made.make_modprobe()
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    with other_modules(folder / "modules"):
        yield made
        for keeper in keepers.find_all():
            keeper.stop()
        made.unload()
    assert ours() == {}


def ours():
    """The links of the stand-in: {alias: link}."""
    return {link.alias: link for link in list_links() if link.alias and "_" in link.alias}


def wait_until(condition):
    """Look again and again until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.02)


def run(capsys, *words):
    """The exit status, lines and complaints of `canbus ...`."""
    status = main(list(words))
    said = capsys.readouterr()
    return status, said.out.splitlines(), said.err.splitlines()


def up(capsys, *words):
    status, lines, complaints = run(capsys, "up", "intrepid", *words)
    assert status == 0, complaints
    return lines, complaints


def refusal(capsys, *words):
    """The status and complaint of a bring-up that fails, and leaves nothing behind."""
    before = ours()
    status, lines, complaints = run(capsys, "up", "intrepid", *words)
    assert status, lines
    assert ours() == before
    assert keepers.find_all() == []
    return status, "\n".join(complaints)


def is_up(alias, new_since=0):
    link = ours().get(alias)
    return link is not None and link.is_up and link.index > new_since


def exchange(one, other):
    """Frames cross, both ways."""
    with can.Bus(one, "socketcan") as left, can.Bus(other, "socketcan") as right:
        for sender, receiver in ((left, right), (right, left)):
            sender.send(can.Message(arbitration_id=0x123, data=b"frame"), PATIENCE)
            assert receiver.recv(PATIENCE).data == b"frame"
