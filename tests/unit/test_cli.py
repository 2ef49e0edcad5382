"""The command as a whole: dispatch, exit status, help, plugins, signals, a reader that left."""

import os
import signal
import subprocess
import sys
import threading
from importlib import metadata

import pytest

from canbus import registry
from canbus.cli import backends, main, parser
from canbus.errors import CanOperationError

COMMANDS = parser.COMMANDS
posix_only = pytest.mark.skipif(os.name != "posix", reason="POSIX signals and pipes")


@pytest.fixture
def no_scan(monkeypatch):
    def scan(*_):
        raise AssertionError("scanned for plugins")

    monkeypatch.setattr(registry, "add_plugin_commands", scan)
    monkeypatch.setattr(registry, "_plugin_points", scan)


def add_hello(subparsers):
    """A plugin's command."""
    parser = subparsers.add_parser("hello", help="greet")
    parser.add_argument("--status", type=int, default=0)

    def run(args):
        print("hello")
        return args.status

    parser.set_defaults(run=run)
    return ["plugin grumpy: ValueError('no')"]


@pytest.fixture
def hello(monkeypatch):
    monkeypatch.setattr(registry, "add_plugin_commands", add_hello)


def raising(exc):
    def run(args):
        raise exc

    return run


# -- help and usage


def test_without_arguments_the_help_is_shown_and_the_status_is_2(capsys):
    assert main([]) == 2
    assert "usage: canbus" in capsys.readouterr().err


def test_help_names_every_command_and_the_status_is_0(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert [word for word in COMMANDS if word not in out] == []


def test_commands_are_in_order():
    assert list(COMMANDS) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_of_its_own_found_without_a_scan(capsys, no_scan, command):
    assert main([command, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: canbus {command} ")


@pytest.mark.parametrize("words", [["nope"], ["send"], ["send", "can0"], ["dump", "--count", "0"]])
def test_wrong_usage_is_status_2_and_goes_to_stderr(capsys, words):
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "error:" in captured.err


def test_version_is_that_of_the_installation(capsys, monkeypatch, no_scan):
    monkeypatch.setattr(metadata, "version", lambda name: f"9.8 of {name}")
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == "canbus 9.8 of canbus\n"


def test_version_of_sources_that_are_not_installed_is_said_to_be_unknown(capsys, monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert main(["--version"]) == 0
    assert "version unknown" in capsys.readouterr().out


# -- plugins


def test_a_built_in_command_does_not_scan_for_plugins(capsys, no_scan):
    assert main(["send", "-i", "virtual", "cli no scan", "123#"]) == 0


def test_a_plugins_command_runs_and_its_status_is_ours(capsys, hello):
    assert main(["hello", "--status", "7"]) == 7
    assert capsys.readouterr().out == "hello\n"


@pytest.mark.parametrize("words", [["--help"], ["--help", "send"], []])
def test_help_lists_the_commands_of_plugins_and_warns_of_broken_ones(capsys, hello, words):
    main(words)
    captured = capsys.readouterr()
    assert "greet" in captured.out + captured.err
    assert "canbus: warning: plugin grumpy: ValueError('no')\n" in captured.err


# -- errors and warnings


def test_an_error_is_one_line_and_its_hint(capsys, monkeypatch):
    error = CanOperationError("cannot do it on can0", 5, hint="try harder")
    monkeypatch.setattr(backends, "run", raising(error))
    assert main(["backends"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == ("canbus: cannot do it on can0 [Error Code 5]\nhint: try harder\n")


def test_an_error_without_a_hint_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr(backends, "run", raising(CanOperationError("no")))
    assert main(["backends"]) == 1
    assert capsys.readouterr().err == "canbus: no\n"


@pytest.mark.parametrize("words", [["-v", "backends"], ["backends", "-v"]])
def test_v_shows_the_traceback(capsys, monkeypatch, words):
    monkeypatch.setattr(backends, "run", raising(CanOperationError("no", hint="yes")))
    assert main(words) == 1
    err = capsys.readouterr().err
    assert err.startswith("Traceback")
    assert "CanOperationError: no" in err
    assert err.count("hint: yes") == 1


def test_a_mistake_of_ours_is_not_dressed_up(monkeypatch):
    monkeypatch.setattr(backends, "run", raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main(["backends"])


def test_a_warning_is_one_line_each_time(capsys):
    frame = "123##0" + "00" * 9
    assert main(["send", "-i", "virtual", "cli warning", frame, frame]) == 0
    line = "canbus: warning: CAN FD has no frame of 9 bytes: padded with zeros to 12\n"
    assert capsys.readouterr().err == 2 * line


# -- ending


def test_ctrl_c_is_status_130_and_silent(capsys, monkeypatch):
    monkeypatch.setattr(backends, "run", raising(KeyboardInterrupt()))
    assert main(["backends"]) == 130
    assert capsys.readouterr() == ("", "")


@posix_only
@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_unwinds_what_was_begun_and_gives_its_status(capsys, monkeypatch, name, status):
    number = signal.Signals[name]
    before = signal.getsignal(number)
    unwound = []

    def run(args):
        try:
            signal.raise_signal(number)
        finally:
            unwound.append(True)

    monkeypatch.setattr(backends, "run", run)
    assert main(["backends"]) == status
    assert unwound
    assert capsys.readouterr() == ("", "")
    assert signal.getsignal(number) is before


@posix_only
def test_an_ignored_signal_stays_ignored(monkeypatch):
    def run(args):
        signal.raise_signal(signal.SIGHUP)
        return 0

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        monkeypatch.setattr(backends, "run", run)
        assert main(["backends"]) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_command_runs_in_a_thread_which_may_not_set_signals(capsys):
    statuses = []
    thread = threading.Thread(target=lambda: statuses.append(main(["backends"])))
    thread.start()
    thread.join()
    assert statuses == [0]


@posix_only
@pytest.mark.parametrize("words", [["backends", "-v"], ["demo", "-i", "virtual"]])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_is_gone_ends_the_command_quietly(words, unbuffered):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "canbus", *words],
            stdout=writer,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    finally:
        os.close(writer)
    assert done.returncode == 128 + 13
    assert done.stderr == b""


def test_a_built_in_command_imports_neither_pluggy_nor_pyroute2_nor_metadata():
    code = (
        "import sys; from canbus.cli import main; main(['send', '-i', 'virtual', 'x', '123#']); "
        "heavy = {'pluggy', 'pyroute2', 'asyncio', 'importlib.metadata', 'json', 'serial'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
