"""notifier: signal handlers that stop it, and forked children, where its threads are not."""

from __future__ import annotations

import signal
import sys

import pytest

import canbus as can
from tests.unit.notifier.listening import Recorder, send
from tests.unit.plugins import run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGUSR1")


def test_stop_in_a_signal_handler(bus: can.BusABC, other: can.BusABC) -> None:
    recorder = Recorder()
    notifier = can.Notifier(bus, [recorder])
    before = signal.signal(signal.SIGUSR1, lambda *_: notifier.stop())
    try:
        send(other, range(100))
        with notifier._lock:  # in the middle of something of its own
            signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert (notifier.stopped, recorder.stops) == (True, 1)
    assert recorder.numbers == list(range(len(recorder.numbers)))


FORKED = """
import json, os, signal, warnings
import canbus as can
from tests.unit.notifier.listening import Recorder, send

# CPython 3.12 warns that it has threads.
warnings.filterwarnings("ignore", "This process", DeprecationWarning)

with can.Bus("x", interface="virtual") as bus, can.Notifier(bus, [Recorder()]) as notifier:
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        code = 1
        try:
            assert can.Notifier.find_instances(bus) == ()
            notifier.stop()
            recorder = Recorder()
            with can.Bus("x", interface="virtual") as sender, can.Notifier(bus, [recorder]):
                send(sender, [1])
                recorder.wait_for(frames=1)
            code = 0
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(json.dumps([code, notifier.stopped]))
"""


def test_a_forked_child_may_stop_it_and_have_one_of_its_own() -> None:
    assert run(FORKED) == [0, False]
