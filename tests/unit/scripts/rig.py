"""Scripts run as at boot, with a stand-in for `canbus`. No test here."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "scripts"
SCRIPTS = sorted(FOLDER.glob("canbus-*.sh"))
LIBRARY = FOLDER / "canbus-lib.sh"
RUNNABLE = [path for path in SCRIPTS if path != LIBRARY]
ADAPTERS = {  # what each hands over when it is given nothing
    "canbus-vcan.sh": ["up", "vcan0"],
    "canbus-pihat.sh": ["up", "pihat"],
    "canbus-pcan.sh": ["up", "pcan"],
    "canbus-intrepid.sh": ["up", "intrepid"],
    "canbus-serial.sh": ["up", "serial"],
}
ODD = ["a b", "", "*", "$(touch /oops)", "`id`", "'", '"', "\\n", "two\nlines", "é", ";", "-"]

STAND_IN = """#!/bin/sh
printf 'pid %s\\n' "$$"
printf '%s\\0' "$@" >"$WORDS"
exit "${STATUS:-0}"
"""


class Done(NamedTuple):
    """What came of a script: its status, what canbus was called with, and its complaints."""

    status: int
    words: list[str] | None
    out: str
    complaints: list[str]


class Rig:
    """Runs scripts as at boot: hardly any environment, no terminal; in another folder."""

    def __init__(self, shell, folder):
        self.shell = shell
        self.folder = folder
        self.program = self.stand_in(folder / "bin of mine" / "canbus")
        self.env = {"CANBUS": str(self.program), "CANBUS_DEFAULTS": "/dev/null"}

    def stand_in(self, path, text=STAND_IN):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def defaults(self, text):
        path = self.folder / "defaults of it"
        path.write_text(text, newline="")
        self.env["CANBUS_DEFAULTS"] = str(path)
        return path

    def start(self, script, *words, **env):
        self.said = self.folder / "words"
        self.said.unlink(missing_ok=True)
        return subprocess.Popen(
            [*self.shell, str(FOLDER / script), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env={"WORDS": str(self.said), **self.env, **env},
        )

    def run(self, script, *words, **env):
        process = self.start(script, *words, **env)
        out, complaints = process.communicate(timeout=60)
        return Done(process.returncode, self.words(), out, complaints.splitlines())

    def words(self):
        if not self.said.exists():
            return None
        return self.said.read_bytes().decode().split("\0")[:-1]


def of(status, words):
    """Done, as it should be when there is nothing to complain of."""
    return status, words, []


def seen(done):
    return done.status, done.words, done.complaints
