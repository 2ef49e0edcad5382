"""scripts/ with the real `canbus` on a real kernel: the virtual interface, and what is missing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from canbus.links import delete_link, list_links

ROOT = Path(__file__).parents[2]
NAME = "vcan77"


@pytest.fixture
def run():
    """Runs a script as at boot: hardly an environment, no terminal, another folder."""
    path = subprocess.run(["sh", "-c", "echo $PATH"], capture_output=True, text=True).stdout.strip()

    def run_script(script, *words, shell=("sh",)):
        done = subprocess.run(
            [*shell, str(ROOT / "scripts" / script), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            env={"CANBUS_DEFAULTS": "/dev/null", "PATH": path},
            check=False,
        )
        return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()

    yield run_script
    if any(link.name == NAME for link in list_links()):
        delete_link(NAME)


def state(name=NAME):
    """What `ip` says of the link; None if there is none."""
    said = subprocess.run(
        ["ip", "-json", "-details", "link", "show", name],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if said.returncode:
        return None
    (link,) = json.loads(said.stdout)
    return link["linkinfo"]["info_kind"], "UP" in link["flags"], link["mtu"], link["txqlen"]


def canbus(*words):
    return subprocess.run(
        [ROOT / ".venv/bin/canbus", *words], capture_output=True, text=True, check=False
    )


def test_a_virtual_interface_comes_up_once(run):
    status, lines, complaints = run("canbus-vcan.sh", NAME, shell=("busybox", "sh"))
    assert (status, complaints) == (0, [])
    assert lines[-1] == f"{NAME} is up"
    assert state() == ("vcan", True, 72, 1000)
    assert run("canbus-vcan.sh", NAME) == (0, [f"{NAME} is up as asked, nothing to do"], [])


def test_a_virtual_interface_that_a_script_made_is_removed_by_canbus_down(run):
    assert run("canbus-vcan.sh", NAME)[0] == 0
    assert canbus("down", NAME).returncode == 0
    assert state() is None


@pytest.mark.parametrize("words", [[], ["--no-fd"], ["--xl", "--txqueuelen", "50"]])
def test_the_commands_of_a_dry_run_do_the_same(run, words):
    status, lines, complaints = run("canbus-vcan.sh", NAME, *words, "--dry-run")
    assert (status, complaints, state()) == (0, [], None)
    assert run("canbus-vcan.sh", NAME, *words)[0] == 0
    wanted = state()
    delete_link(NAME)
    done = subprocess.run(["sh"], input="\n".join(lines), text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert state() == wanted


def test_several_at_once_end_with_one_interface(run):
    command = ["sh", str(ROOT / "scripts" / "canbus-vcan.sh"), NAME]
    all_of_them = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    ends = [(*process.communicate(timeout=60), process.returncode) for process in all_of_them]
    assert [status for *_, status in ends] == [0] * 4, ends
    assert state() == ("vcan", True, 72, 1000)


def test_what_a_virtual_interface_has_not_is_an_error_that_changes_nothing(run):
    assert run("canbus-vcan.sh", NAME)[0] == 0
    before = state()
    status, lines, complaints = run("canbus-restart-ms.sh", NAME)
    assert (status, lines) == (1, [])
    assert complaints[0] == f"canbus-restart-ms.sh: {NAME} has no restart"
    status, _, complaints = run("canbus-restart-ms.sh", NAME, "100")
    assert (status, len(complaints)) == (1, 2)
    assert state() == before


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("canbus-pihat.sh", "the device tree names no CAN chip on SPI"),
        ("canbus-intrepid.sh", "intrepid"),
        ("canbus-serial.sh", "which serial port is the adapter at?"),
    ],
)
def test_what_is_missing_is_said_with_a_hint(run, script, why):
    status, _, complaints = run(script, "--bitrate", "500k", "--wait", "0.2")
    assert status in {1, 2}
    assert len(complaints) == 2, complaints
    assert why.lower() in " ".join(complaints).lower()
    assert complaints[1].startswith("hint: ")
