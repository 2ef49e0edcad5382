"""A machine with Intrepid's module and daemon, and a keeper, as tables. No test here.

Its twin is the stand-in of tests/kernel/intrepid_stand_in.py: a program, on a real kernel.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from canbus.bringup import keepers
from canbus.bringup.keepers import Keeper
from canbus.link_info import CANFD_MTU, LinkInfo
from tests.unit.bringup.fake_machine import FakeMachine

PROGRAM = "/usr/local/bin/icsscand"
RATES = (20_000, 125_000, 250_000, 500_000, 1_000_000)
HEADER = "The libicsneo SocketCAN Usermode Daemon\nCopyright ...\n\nDaemon v{}\nlibicsneo v1.0.0\n"


def channel(name="can0", alias="hscan_61777", index=7, *, is_newer=False) -> LinkInfo:
    """A link as the module makes it; only newer pairs have a list of bit rates."""
    rates = RATES if is_newer else ()
    return LinkInfo(
        name, index, "can", is_up=False, mtu=CANFD_MTU, alias=alias,
        bitrate_choices=rates, data_bitrate_choices=rates,
    )  # fmt: skip


class IntrepidMachine(FakeMachine):
    """Attributes:
    version: of the module; None if it does not tell.
    programs: {name: path}.
    said: what the daemon answers to --devices.
    is_foreign: somebody else's daemon runs.
    plugged: the links that the daemon makes.
    fault: raised instead of starting it.
    keeper: that runs.
    stopped: the keys of keepers that were stopped, in order.
    """

    def __init__(self, monkeypatch, *, daemon="3.2.0", module="3.1.2") -> None:
        super().__init__(monkeypatch)
        self.version: str | None = module
        self.programs = {"icsscand": PROGRAM}
        self.said = HEADER.format(daemon)
        self.asked: list[tuple[tuple[str, ...], dict[str, str]]] = []
        self.is_foreign = False
        self.drivers = {"intrepid": []}
        self.plugged = [channel(is_newer=daemon >= "3.2" and module >= "3.1")]
        self.fault: Exception | None = None
        self.keeper: Keeper | None = None
        self.stopped: list[str] = []
        self.foreground: bool | None = None
        self.parent = 1  # of the keeper
        monkeypatch.setattr(keepers, "find", lambda key: self.keeper)
        monkeypatch.setattr(keepers, "start", self.start)

    def module_version(self, name):
        return self.version if name in self.modules else None

    def find_program(self, name):
        return self.programs.get(name)

    def ask_program(self, *command, environment):
        self.asked.append((command, environment))
        return self.said

    def is_running(self, *names):
        return self.is_foreign

    def parent_of(self, pid):
        return self.parent

    def wait_for_link(self, match, timeout, what):
        for link in self.list_links():
            if match(link):
                return link
        return super().wait_for_link(match, timeout, what)

    # -- the keeper ---------------------------------------------------------------------

    def start(self, care, *, foreground=False):
        if self.fault is not None:
            raise self.fault
        self.foreground = foreground
        self.parent = os.getpid() if foreground else 1
        for link in self.plugged:
            self.linux.links[link.name] = link
        mine = [link for link in self.list_links() if care.links[0].is_it(link)]
        self.apply(mine[0].name, care.links[0].config, strict=False)
        self.keeper = _FakeKeeper(1, care, (mine[0].name,), 2, Path("/nowhere/intrepid.log"))
        object.__setattr__(self.keeper, "machine", self)
        return self.keeper

    def stop(self, keeper):
        self.stopped.append(keeper.care.key)
        self.keeper = None
        for link in self.plugged:
            self.linux.links.pop(link.name, None)

    def unplug(self):
        """The daemon runs on, and its links are gone."""
        for link in self.plugged:
            self.linux.links.pop(link.name, None)
        if self.keeper is not None:
            machine, self.keeper = self, replace(self.keeper, links=())
            object.__setattr__(self.keeper, "machine", machine)


class _FakeKeeper(Keeper):
    machine: IntrepidMachine

    def stop(self, timeout=10.0):
        self.machine.stop(self)
