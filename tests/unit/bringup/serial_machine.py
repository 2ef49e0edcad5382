"""A machine of tables for serial adapters: links, keepers, what was done. No test here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from canbus.bringup import Request, keepers
from canbus.bringup.care import Care
from canbus.bringup.families import serial_names, serial_steps
from canbus.bringup.machine import Machine
from canbus.errors import CanInitializationError, CanLinkError
from canbus.link_config import LinkConfig
from canbus.link_info import LinkInfo, LinkTiming


@dataclass
class FakeKeeper:
    """One that only is in the table."""

    care: Care
    owner: Any
    pid: int
    daemon: int | None = 4711
    links: tuple[str, ...] = ()
    is_ready: bool = True

    @property
    def what(self):
        return self.care.what

    @property
    def request(self):
        return self.care.facts

    def stop(self):
        self.owner.keepers.remove(self)
        self.owner.links.pop(self.care.key, None)
        self.owner.did.append("stop")


class SerialMachine(Machine):
    """Links and keepers as tables; it has slcand and all rights unless told otherwise."""

    def __init__(self, monkeypatch):
        super().__init__("/nowhere")
        self.links: dict[str, LinkInfo] = {}
        self.others = {"lo"}
        self.keepers: list[FakeKeeper] = []
        self.did: list[object] = []
        self.kernel = (6, 1)
        self.slcand: str | None = "/usr/bin/slcand"
        self.may = True
        self.modules = {"slcan"}
        self.fails: Exception | None = None
        self.is_dead = False
        self.locked: set[str] = set()
        self.stale: set[str] = set()
        self.cleared = 0
        self.processes: dict[int, tuple[int, tuple[str, ...]]] = {}
        self.awaited: list[float] = []
        monkeypatch.setattr(keepers, "find_all", lambda: list(self.keepers))
        monkeypatch.setattr(keepers, "find", self._find)
        monkeypatch.setattr(keepers, "start", self._start)
        monkeypatch.setattr(keepers, "clear_stale", self._clear)
        monkeypatch.setattr(serial_names, "keys", self._keys)
        monkeypatch.setattr(serial_steps, "ask_adapter", self._ask)

    def _find(self, name):
        return next((one for one in self.keepers if one.care.key == name), None)

    def _start(self, care, *, is_asked=False, foreground=False):
        self.did.append(("start", is_asked, foreground))
        if self.fails is not None:
            fails, self.fails = self.fails, None
            raise fails
        if care.key in self.locked:
            raise CanLinkError(f"another process is bringing {care.key} up, or keeps it up")
        pid = 5000 + len(self.did)
        self.processes[pid] = (os.getpid() if foreground else 1, ("canbus.bringup.keeper",))
        self.keepers.append(FakeKeeper(care, self, pid, links=(care.key,)))
        config = care.links[0].config
        self.links[care.key] = made(care.key, config.bitrate)
        return self.keepers[-1]

    def _ask(self, port, question):
        self.did.append(question)
        if self.is_dead:
            raise CanInitializationError(f"{port}: nothing answers")

    def _clear(self):
        self.cleared += 1
        for name in self.stale:
            self.others.discard(name)
        self.stale.clear()

    def _keys(self, *, is_locked):
        return frozenset(self.locked if is_locked else self.stale)

    def parent_of(self, pid):
        return self.processes.get(pid, (None,))[0]

    def command_of(self, pid):
        return self.processes.get(pid, (1, ()))[1]

    def wait_for_device(self, path, timeout):
        if timeout:
            self.awaited.append(timeout)
        return super().wait_for_device(path, 0)

    def has_module(self, name):
        return name in self.modules

    def load_module(self, name):
        self.did.append(f"load {name}")

    def find_program(self, name):
        return self.slcand

    def kernel_version(self):
        return self.kernel

    def has_capability(self, name):
        return self.may

    def list_links(self):
        return list(self.links.values())

    def interface_names(self):
        return frozenset(self.others | set(self.links))


def made(name, bitrate):
    timing = LinkTiming(bitrate, 0.0, 0, 0, 0, 0, 0, 0)
    modes = frozenset({"listen_only"})
    return LinkInfo(name, 9, "can", True, 16, bit_timing=timing, supported_modes=modes)


def wish(port, bitrate=250_000, name="can0", options=None, strict=False, timeout=None, **config):
    settings = LinkConfig(bitrate=bitrate, up=True, **config)
    return Request(
        target="serial",
        port=port,
        name=name,
        config=settings,
        options=options or {},
        strict=strict,
        timeout=timeout,
    )
