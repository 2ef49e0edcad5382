"""`import can` is canbus: each case in a process of its own, as this one has python-can."""

from __future__ import annotations

import subprocess
import sys

import pytest

INSTALL = "import canbus, canbus.compat\ncanbus.compat.install()\nimport can\n"


def run(code: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", *(words or ("-c", code))],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "code",
    [
        # the same classes, whichever way they are reached
        "assert can.Message is canbus.Message and can.BusABC is canbus.BusABC",
        "from can import Message, Bus; assert Message is canbus.Message and Bus is canbus.Bus",
        "import can.message; assert can.message.Message is canbus.Message",
        "from can.message import Message; assert Message is canbus.Message",
        "from can.bus import BusABC; assert BusABC is canbus.BusABC",
        "from can.interface import Bus; assert Bus is canbus.Bus",
        "assert can.interface.Bus is canbus.Bus",
        "from can.notifier import Notifier; assert Notifier is canbus.Notifier",
        "from can.bit_timing import BitTiming; assert BitTiming is canbus.BitTiming",
        # modules of python-can's
        "from can.exceptions import CanError, error_check; assert CanError is canbus.CanError",
        "from can.listener import Listener, BufferedReader; assert Listener is canbus.Listener",
        "import can.interfaces.virtual as v; assert issubclass(v.VirtualBus, can.BusABC)",
        "from can.interfaces.socketcan import SocketcanBus; assert SocketcanBus",
        "from can.interfaces.slcan import slcanBus; assert slcanBus",
        "from can.broadcastmanager import ModifiableCyclicTaskABC as M; assert M",
        "from can.typechecking import CanFilters, Channel, BusConfig",
        "from can.thread_safe_bus import ThreadSafeBus; assert ThreadSafeBus is can.ThreadSafeBus",
        "assert 'socketcan' in can.VALID_INTERFACES",
        "assert 'virtual' in can.interfaces.BACKENDS",
        "can.log.debug('x')",
        "assert can.__version__ == canbus.__version__",
        # what is set, counts
        (
            "can.rc = {'interface': 'virtual', 'channel': 'a'}\nwith can.Bus() as bus: assert "
            "bus.channel == 'a'"
        ),
        "can.rc['interface'] = 'virtual'\nwith can.Bus('b') as bus: assert bus.channel == 'b'",
        # installing twice is fine, and modules keep their own names
        "assert canbus.compat.install() is can",
        "import can.message; assert canbus.message.__spec__.name == 'canbus.message'",
        (
            "import pickle; m = can.Message.parse('123#01'); assert "
            "pickle.loads(pickle.dumps(m)).equals(m)"
        ),
        # helpers
        (
            "from can.util import len2dlc, dlc2len, channel2int, cast_from_string as c\n"
            "assert [len2dlc(n) for n in (0, 8, 9, 64, 99)] == [0, 8, 9, 15, 15]\n"
            "assert [dlc2len(n) for n in (0, 9, 15, 99)] == [0, 12, 64, 64]\n"
            "assert [channel2int(x) for x in ('can12', 3, 'can0a', None)] == [12, 3, None, None]\n"
            "assert [c(x) for x in ('1', '1.5', 'True', 'x')] == [1, 1.5, True, 'x']"
        ),
        (
            "from can.exceptions import error_check\n"
            "try:\n with error_check('why'): raise OSError\n"
            "except can.CanOperationError as exc: assert str(exc) == 'why'"
        ),
    ],
)
def test_import_can_is_canbus(code):
    run(INSTALL + code)


def test_it_is_refused_where_python_can_is_imported_already():
    pytest.importorskip("can")
    run(
        "import can, canbus, canbus.compat\n"
        "try: canbus.compat.install()\n"
        "except canbus.CanConfigError as exc:\n"
        " assert 'imported already' in str(exc) and 'before anything' in exc.hint\n"
        "else: raise SystemExit('not refused')"
    )


def test_backends_of_python_can_are_refused_then_with_the_reason():
    pytest.importorskip("can")
    run(
        INSTALL + "try: can.Bus('x', 'python-can:virtual')\n"
        "except can.CanInitializationError as exc: assert '`can` is canbus' in str(exc)\n"
        "else: raise SystemExit('not refused')"
    )


def test_a_log_file_is_refused_with_a_hint():
    run(
        INSTALL
        + "try: can.Logger('x.asc')\nexcept AttributeError as exc: assert 'log files' in str(exc)"
    )
    run(
        "import canbus as can\n"
        "try: can.LogReader\nexcept AttributeError as exc: assert 'canbus dump' in str(exc)"
    )


def test_a_program_and_a_module_are_run_unchanged(tmp_path):
    script = tmp_path / "program.py"
    (tmp_path / "beside.py").write_text("import can\nkind = can.Message\n")
    script.write_text(
        "import sys, can, beside\n"
        "if __name__ == '__main__': print(can.Message.__module__, beside.kind is can.Message, "
        "sys.argv[1:])\n"
    )
    assert run("", "-m", "canbus.compat", str(script), "a", "-b") == (
        "canbus.message True ['a', '-b']\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "canbus.compat", "-m", "program", "c"], cwd=tmp_path,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "canbus.message True ['c']\n", done.stderr


def test_without_a_program_it_says_how():
    done = subprocess.run([sys.executable, "-m", "canbus.compat"], capture_output=True, text=True)
    assert (done.returncode, done.stderr[:6]) == (2, "usage:")


def test_arguments_of_a_command_line_open_a_bus():
    run(
        INSTALL + "import argparse\n"
        "from can.cli import add_bus_arguments, create_bus_from_namespace\n"
        "parser = argparse.ArgumentParser()\n"
        "add_bus_arguments(parser, filter_arg=True)\n"
        "add_bus_arguments(parser, prefix='other')\n"
        "words = '-i virtual -c x --fd --filter 123:7FF 200~700 --bus-kwargs rx_queue_size=5'\n"
        "args = parser.parse_args(words.split() + ['--other-channel', 'y'])\n"
        "with create_bus_from_namespace(args) as bus:\n"
        " assert bus.channel == 'x' and bus.protocol is can.CanProtocol.CAN_FD\n"
        " assert [f.inverted for f in bus.filters] == [False, True]\n"
        "with create_bus_from_namespace(args, prefix='other', interface='virtual') as bus:\n"
        " assert bus.channel == 'y'\n"
        "args = parser.parse_args('--timing f_clock=8_0 brp=1 tseg1=5 tseg2=2 sjw=1'.split())\n"
        "assert args.timing.bitrate == 10\n"
        "args = parser.parse_args(['-i', 'virtual', '-b', '500000'])\n"
        "try: create_bus_from_namespace(args)\n"
        "except argparse.ArgumentError as exc: assert 'bitrate' in str(exc)\n"
        "else: raise SystemExit('not refused')"
    )
