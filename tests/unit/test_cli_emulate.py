"""`canbus emulate slcan`: a port on stdout, an adapter behind it, an end by a signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

import canbus as can
from canbus.cli import main
from canbus.errors import CanLinkDownError
from tests.unit.testing_slcan.host import Host

if sys.platform != "linux":
    pytest.skip("emulated serial adapters need Linux", allow_module_level=True)

PATIENCE = 30.0


@contextmanager
def emulating(*words):
    """The command in a process of its own; gives the process and its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "canbus", "emulate", "slcan", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().rstrip("\n")
        assert port, process.communicate(timeout=PATIENCE)
        yield process, port
    finally:
        process.kill()
        process.wait(PATIENCE)
        process.stdout.close()
        process.stderr.close()


def end(process, number=signal.SIGTERM):
    """Its exit status and what it said on stderr."""
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    return process.returncode, err


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_it_is_an_adapter_until_a_signal_comes(number, status):
    with emulating() as (process, port):
        with Host(port) as host:
            host.ask(b"V\rS6\rO\rt1230\r", b"V1013\r\r\rz\r")
        returncode, err = end(process, number)
    assert returncode == status
    assert err.startswith("hint: it is a LAWICEL CANUSB; open it by `canbus dump -i slcan")
    assert port in err
    assert len(err.splitlines()) == 1


def test_dialect_version_link_faults_and_log(tmp_path):
    link = str(tmp_path / "ttyFAKE")
    words = ["--dialect", "canable2-answers", "--version-text", "V1", "--link", link]
    with emulating(*words, "--fault", "refuse:S7", "--fault", "silent:N", "--log") as (
        process,
        port,
    ):
        assert port == link
        with Host(port) as host:
            host.ask(b"N\rV\rS7\rS6\r", b"V1\r\a\r")
        _, err = end(process)
    assert not os.path.lexists(link)
    assert err.splitlines()[1:] == [
        "< N",
        "< V",
        r"> V1\r",
        "< S7",
        r"> \x07",
        "< S6",
        r"> \r",
    ]


def test_its_help_lists_the_options(capsys):
    assert main(["emulate", "slcan", "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: canbus emulate slcan ")
    assert "--fault" in out


def test_list_shows_dialects_and_faults(capsys):
    assert main(["emulate", "slcan", "--list"]) == 0
    out = capsys.readouterr().out
    assert "lawicel" in out
    assert "unplug-after" in out


@pytest.mark.parametrize(
    ("words", "word"),
    [(["--dialect", "nope"], "nope"), (["--fault", "nope"], "nope"), (["--fault", "split:x"], "x")],
)
def test_wrong_arguments_are_status_2_with_a_hint(capsys, words, word):
    assert main(["emulate", "slcan", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert word in captured.err
    assert "hint: " in captured.err


def test_without_the_kind_of_adapter_the_usage_is_shown(capsys):
    assert main(["emulate"]) == 2
    assert "usage: canbus emulate" in capsys.readouterr().err


@pytest.mark.parametrize("bus", ["nope:x", "virtual:cli emulate"])
def test_a_bus_that_fails_is_status_1(capsys, monkeypatch, bus):
    from canbus.testing.slcan import SlcanEmulator

    def fail(self, timeout=None):
        return CanLinkDownError("the link is down", hint="up with it")

    monkeypatch.setattr(SlcanEmulator, "wait_for_bus_error", fail)
    assert main(["emulate", "slcan", "--bus", bus]) == 1
    err = capsys.readouterr().err.splitlines()
    assert len([line for line in err if line.startswith("canbus: ")]) == 1
    assert err[-1].startswith("hint: ")


def test_a_link_in_the_place_of_a_file_is_status_1(capsys, tmp_path):
    (tmp_path / "file").write_text("precious")
    assert main(["emulate", "slcan", "--link", str(tmp_path / "file")]) == 1
    assert "there is something else" in capsys.readouterr().err


@pytest.mark.parametrize(("dialect", "fd"), [("lawicel", False), ("canable2", True)])
def test_the_bus_is_opened_for_the_frames_of_the_dialect(monkeypatch, dialect, fd):
    from canbus.cli import emulate
    from canbus.testing.slcan.firmwares import FIRMWARES

    with emulate._open_bus("virtual:cli emulate 2", FIRMWARES[dialect]) as bus:
        assert (bus.protocol is can.CanProtocol.CAN_FD) is fd
        assert bus.channel == "cli emulate 2"


def test_a_name_alone_is_a_channel_of_socketcan(monkeypatch):
    from canbus import interface
    from canbus.cli import emulate
    from canbus.testing.slcan.firmwares import FIRMWARES

    opened = []
    monkeypatch.setattr(
        interface, "Bus", lambda channel, **options: opened.append((channel, options))
    )
    emulate._open_bus("vcan0", FIRMWARES["canable2"])
    assert opened == [("vcan0", {"interface": "socketcan", "fd": True})]


def test_other_commands_do_not_pay_for_it():
    code = (
        "import sys; from canbus.cli import main; main(['--help']); "
        "print(sorted(name for name in sys.modules if name.startswith('canbus.testing')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_it_needs_no_pytest():
    code = (
        "import sys; sys.modules['pytest'] = None; from canbus.testing.slcan import SlcanEmulator; "
        "print(sorted({'serial', 'logging'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
