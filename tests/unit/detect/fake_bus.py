"""A living bus that a link of FakeLinux is on: who listens hears frames, errors, or nothing.

Its twin is the emulated adapter of tests/hardware/test_detect.py.
"""

from __future__ import annotations

import os
from dataclasses import replace

from canbus.bringup import keepers
from canbus.bringup.detect import detecting, guarding, refusing
from canbus.bringup.detect.evidence import Evidence
from canbus.bringup.detect.restoring import put_back
from canbus.link_info import MODES
from tests.unit.links.fake_linux import FakeLinux
from tests.unit.links.test_plan import AT_500K, BLANK

MODERN = frozenset(MODES) - {"fd", "fd_non_iso"}
NEW = replace(BLANK, index=os.getpid(), supported_modes=MODERN)  # a number that no other test has
DOWN = replace(AT_500K, index=os.getpid(), supported_modes=MODERN)


class FakeBus(FakeLinux):
    """As FakeLinux, and:

    Attributes:
        bitrate: of the bus; 0: nobody talks.
        is_deaf: the controller counts no errors while it listens.
        listened: {bit rate, modes, is_up} at each visit.
        events: of the guardian and of the link, in order.
        at_change: called before each change with its number, from 1.
        at_visit: called before each visit with its number, from 1.
    """

    def __init__(self, link, *, bitrate=125_000):
        super().__init__(link)
        self.bitrate = bitrate
        self.is_deaf = False
        self.listened: list[tuple[int | None, frozenset[str], bool]] = []
        self.events: list[str] = []
        self.at_change = lambda number: None
        self.at_visit = lambda number: None
        self._changed = 0

    def install(self, monkeypatch):
        super().install(monkeypatch)
        monkeypatch.setattr(refusing, "has_capability", lambda name: True)
        monkeypatch.setattr(keepers, "find", lambda name: None)
        monkeypatch.setattr(detecting, "listen", self.listen)
        monkeypatch.setattr(guarding, "Guard", lambda old, lock: FakeGuard(self, old))
        return self

    def listen(self, link, bitrate, enough, *, is_fresh):
        now = self.links[link.name]
        self.listened.append((now.bitrate, now.modes, now.is_up))
        self.at_visit(len(self.listened))
        assert now.is_up
        assert not is_fresh or "listen_only" in now.modes
        tenths = frames = errors = 0
        while True:
            evidence = Evidence(
                bitrate=bitrate, seconds=tenths / 10, data_frames=frames, error_frames=errors
            )
            if enough(evidence):
                return evidence
            tenths += 1
            frames += self.bitrate == now.bitrate
            errors += self.bitrate not in {0, now.bitrate} and not self.is_deaf

    def _session(self):
        self._changed += 1
        self.at_change(self._changed)
        return FakeRouteOf(self, super()._session())


class FakeRouteOf:
    """A session that writes its changes down among the other events."""

    def __init__(self, bus, session):
        self._bus, self._session = bus, session

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def link(self, command, **facts):
        self._session.link(command, **facts)
        self._bus.events.append(self._bus.changes[-1])
        if self._bus.changes[-1] == "up":
            (link,) = [one for one in self._bus.links.values() if one.index == facts["index"]]
            quiet = "listen-only" if "listen_only" in link.modes else "talking"
            self._bus.events[-1] = f"up at {link.bitrate}, {quiet}"


class FakeGuard:
    def __init__(self, bus, old):
        self._bus, self._old = bus, old
        bus.events.append("guarded")

    def dismiss(self):
        self._bus.events.append("dismissed")

    def leave_to_it(self):
        self._bus.at_change = lambda number: None  # what hindered us does not hinder another
        assert put_back(self._old) is None
        self._bus.events.append("left to the guardian")
