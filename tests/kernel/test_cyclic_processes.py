"""Cyclic tasks of processes that fork and of processes that are killed."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from canbus.testing.support import receive
from tests.kernel.cyclic import ENGINES, OpenBus, frames_since

_ENDLESS = """
import sys, time
import canbus as can
bus = can.Bus(sys.argv[1], interface="socketcan")
task = bus.send_periodic(can.Message(arbitration_id=5), 0.001, engine=sys.argv[2])
time.sleep(1000)
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_the_tasks_of_a_process_that_is_killed_are_gone(
    vcan: str, open_bus: OpenBus, engine: str
) -> None:
    listener = open_bus(on_loss="count")
    with subprocess.Popen([sys.executable, "-c", _ENDLESS, vcan, engine]) as process:
        try:
            assert {receive(listener).arbitration_id for _ in range(20)} == {5}
        finally:
            process.send_signal(signal.SIGKILL)
    while listener.recv_many(4096, 0):  # or the marker may find no room
        pass
    frames_since(open_bus(), listener)
    assert listener.recv(0.05) is None


_FORK = """
import os, sys
import canbus as can
link, engine = sys.argv[1:]
bus, other, marker = (can.Bus(link, interface="socketcan", on_loss="count") for _ in range(3))
task = bus.send_periodic(can.Message(arbitration_id=5), 0.0005, engine=engine)
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        bus.shutdown(), other.shutdown(), marker.shutdown()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    other.recv_many(4096, 0)
    for _ in range(10):
        assert other.recv(10).arbitration_id == 5
assert not task.done

child, parent = os.pipe(), os.pipe()
pid = os.fork()
if pid == 0:  # lives on with its copies open
    os.close(parent[1])
    os.write(child[1], b"x")
    os.read(parent[0], 1)
    os._exit(0)
os.read(child[0], 1)
bus.shutdown()
assert task.done
while other.recv_many(4096, 0):  # or the marker may find no room
    pass
marker.send(can.Message(arbitration_id=6))
while other.recv(10).arbitration_id != 6:
    pass
assert other.recv(0.05) is None
os.write(parent[1], b"x")
assert os.waitpid(pid, 0)[1] == 0
other.shutdown(), marker.shutdown()
print("unharmed")
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_forked_child_neither_ends_nor_keeps_the_tasks_of_its_parent(
    vcan: str, engine: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FORK, vcan, engine], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "unharmed\n", done.stderr


_CHANGE = """
import os, sys
import canbus as can
P = can.Message.parse
bus, other = (can.Bus(sys.argv[1], interface="socketcan") for _ in range(2))
task = bus.send_periodic(P("123#AA"), 0.001)
reply = bus.reply_to_remote(P("555#01"))
pid = os.fork()
if pid == 0:
    for change in (lambda: task.modify_data(P("123#EE")), lambda: reply.modify_data(P("555#EE"))):
        try:
            change()
        except can.CanOperationError as exc:
            assert "forked" in str(exc) and exc.hint
        else:
            os._exit(1)
    mine = bus.send_periodic(P("124#BB"), 0.001, count=3)  # its own socket
    assert mine.engine == "bcm" and mine.wait(10)
    bus.shutdown(), other.shutdown()
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
other.send(P("555#R"))
answers = set()
while "555#01" not in answers:
    answers.add(format(other.recv(10), "candump").split()[-1])
assert answers <= {"123#AA", "124#BB", "555#01"}, answers
for each in (bus, other):
    each.shutdown()
print("unharmed")
"""


def test_a_forked_child_cannot_change_what_its_parent_has_begun(vcan: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", _CHANGE, vcan]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "unharmed\n", done.stderr
