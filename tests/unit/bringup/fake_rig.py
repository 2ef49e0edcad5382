"""A machine, an adapter and slcand as tables, for the loop of a keeper. No test here.

What slcand does is as its source has it: it makes a link of the name it is given, keeps running
when the adapter is unplugged, takes its link along when it ends, and looks at no answer. Twins
with the real one: tests/hardware/test_bringup_serial.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from canbus.bringup.care import PORT, Care, Question, WantedLink
from canbus.bringup.daemon import DaemonEndedError
from canbus.bringup.keeping import Keeping
from canbus.bringup.serial_port import SerialPort
from canbus.errors import CanInitializationError
from canbus.link_config import LinkConfig
from canbus.link_info import LinkInfo
from canbus.links import Applied

NAME = "can7"


def wanted(**facts):
    return WantedLink(config=LinkConfig(bitrate=250_000, up=True), **facts)


class Rig:
    """All of it, and a clock that only waiting moves.

    Args:
        tmp_path: where the adapter's port is, as a link to /dev/null: a character device.
        care: facts of the care that are others.

    Attributes:
        script: what happens at each wait of the keeper, in order; at the end it is stopped.
        said: the log.
        told: what the keeper's state was, each time it was another.
        works: the adapter does.
        attached: the port still feeds a link.
        takes: whether slcand gets as far as making its link.
        waits: seconds of each wait.
        settled: what was set up at each moment that slcand was given to rename its link.
    """

    def __init__(self, tmp_path: Path, **care):
        self.port = tmp_path / "ttyACM0"
        facts: dict[str, Any] = {
            "key": NAME,
            "what": "serial adapter /dev/ttyACM0",
            "program": ("/usr/bin/slcand", "-F", "-o", "-c", "-s5", PORT, NAME),
            "links": (wanted(name=NAME),),
            "port": SerialPort(path=str(self.port)),
            "question": Question(bitrate=250_000, tty_baudrate=115_200, listen_only=False),
        }
        self.care = Care(**{**facts, **care})
        self.machine = FakeMachine()
        self.script: deque[Callable[[], None]] = deque()
        self.said: list[str] = []
        self.told: list[tuple[list[str], int | None]] = []
        self.works = True
        self.attached = False
        self.takes = True
        self.asked = 0
        self.daemons: list[Any] = []
        self.waits: list[float | None] = []
        self.settled: list[list[tuple[str, dict[str, object]]]] = []
        self.now = 100.0
        self.is_over = False
        self.ready = 0
        self.plug()

    # -- what happens ---------------------------------------------------------------

    def plug(self):
        self.port.symlink_to("/dev/null")

    def unplug(self):
        """slcand stays, and its link is gone."""
        self.port.unlink()
        self.machine.links = {}

    def die(self, status=-9):
        self.daemon.die(status)

    def stop(self):
        self.is_over = True

    def pass_by(self):
        """Nothing happens."""

    @property
    def daemon(self):
        return self.daemons[-1]

    # -- as Wakeups -----------------------------------------------------------------

    def wait(self, timeout, also=()):
        if timeout is not None and timeout < 0.1:  # what slcand is given to rename its link
            self.now += timeout
            self.settled.append(list(self.machine.applied))
            return
        self.waits.append(timeout)
        self.now += 0.01 if timeout is None else timeout
        (self.script.popleft() if self.script else self.stop)()

    # -- what is handed in ------------------------------------------------------------

    def ask(self, port, question):
        self.asked += 1
        if not self.works:
            raise CanInitializationError(f"{port}: nothing answers")

    def start(self, program, environment, stop_signal):
        self.daemons.append(FakeDaemon(self, program))
        return self.daemons[-1]

    def changed(self, links, daemon):
        self.told.append((links, daemon))

    def run(self, *script, **options):
        """Keep it, while this happens; what was said."""
        self.script.extend(script)
        world: Any = self
        machine: Any = self.machine
        keeping = Keeping(
            self.care,
            machine,
            world,
            self.said.append,
            self.changed,
            start=self.start,
            ask=self.ask,
            is_attached=lambda _: self.attached,
            clock=lambda: self.now,
        )
        keeping.run(self._is_ready, **options)
        return self.said

    def _is_ready(self):
        self.ready += 1


class FakeMachine:
    """Links as a table; what was applied to which."""

    def __init__(self):
        self.links: dict[str, LinkInfo] = {}
        self.applied: list[tuple[str, dict[str, object]]] = []
        self.count = 2
        self.fails: Exception | None = None

    def add(self, name, kind="can", **facts):
        self.count += 1  # the kernel never uses a number twice
        self.links[name] = LinkInfo(name, self.count, kind, is_up=False, mtu=16, **facts)

    def list_links(self):
        return list(self.links.values())

    def interface_names(self):
        return frozenset(self.links)

    def apply(self, name, config, *, strict):
        if self.fails is not None:
            raise self.fails
        before = self.links[name]
        self.applied.append((name, dict(config.given())))
        facts = {each: getattr(before, each) for each in ("kind", "mtu", "alias")}
        self.links[name] = LinkInfo(name, before.index, is_up=True, **facts)
        return Applied(before, self.links[name], (), ())


class FakeDaemon:
    """As Daemon; it makes its link at once, unless the rig says that it does not."""

    name = "slcand"
    descriptors = ()

    def __init__(self, rig, program):
        self._rig = rig
        self.program = program
        self.pid = 1000 + len(rig.daemons)
        self.status = None
        self.ended = 0
        if rig.takes and rig.care.port is not None:
            rig.machine.add(program[-1])

    def listen(self):
        return ""

    def is_running(self):
        return self.status is None

    def failure(self):
        return DaemonEndedError(f"slcand ended with status {self.status}")

    def die(self, status):
        self.status = status
        self._rig.machine.links.pop(self.program[-1], None)

    def end(self):
        self.ended += 1
        self.die(0)
