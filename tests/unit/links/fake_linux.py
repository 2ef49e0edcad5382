"""A Linux whose links are LinkInfo values: read through netlink, changed through `IPRoute`.

Reading is FakeRouteKernel's; what changes are refused is model_kernel's. Their twins are the
real kernels of tests/kernel/test_links.py and tests/hardware/test_links_applied.py.
"""

from __future__ import annotations

import os
from dataclasses import replace

from canbus.link_info import MODES, LinkInfo
from canbus.links import netlink, reading, route_socket
from canbus.links.steps import LinkStep
from tests.unit.links.kernel_answers import FakeRouteKernel
from tests.unit.links.model_kernel import ModelError, take

_ACTIONS = {"mtu": "mtu", "txqlen": "txqueuelen"}
_MODES = {"listenonly": "listen_only", "3_samples": "triple_sampling"}


class FakeNetlinkError(Exception):
    def __init__(self, code):
        self.code = code
        super().__init__(code, os.strerror(code))


class FakeLinux(FakeRouteKernel):
    """As FakeRouteKernel, and:

    Attributes:
        deny: {command or action: errno} for what is refused whatever it is.
        knows: kinds of links whose modules are loaded.
        modes: that the drivers have.
        has_restart: the drivers have it.
        before_add: called before a link is made.
        changes: the actions of all changes, in order.
    """

    def __init__(self, *links: LinkInfo) -> None:
        super().__init__(*links)
        self.deny: dict[str, int] = {}
        self.knows = {"vcan", "vxcan"}
        self.modes = frozenset(MODES)
        self.has_restart = True
        self.before_add = lambda: None
        self.changes: list[str] = []

    def install(self, monkeypatch):
        monkeypatch.setattr(route_socket, "RouteSocket", self.open)
        monkeypatch.setattr(reading, "read_device", lambda name, *, index: None)
        monkeypatch.setattr(
            netlink, "_import_pyroute2", lambda: (lambda: self._session(), FakeNetlinkError)
        )
        return self

    def add(self, name, kind="vcan", *, up=True, mtu=72, **facts):
        self.links[name] = LinkInfo(name, len(self.links) + 7, kind, up, mtu, **facts)

    def _session(self):
        return FakeRoute(self)


class FakeRoute:
    """What `IPRoute()` is."""

    def __init__(self, linux):
        self._linux = linux

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def link(self, command, **facts):
        if command in self._linux.deny:
            raise FakeNetlinkError(self._linux.deny[command])
        getattr(self, f"_{command}")(**facts)

    def _add(self, ifname, kind, mtu, state="down"):
        self._linux.before_add()
        if kind not in self._linux.knows:
            raise FakeNetlinkError(95)
        if ifname in self._linux.links or ifname in self._linux.others:
            raise FakeNetlinkError(17)
        self._linux.add(ifname, kind, up=state == "up", mtu=mtu)

    def _set(self, index, ifalias=None, **facts):
        link = self._of(index)
        if ifalias is not None:
            self._linux.links[link.name] = replace(link, alias=ifalias or None)
            return
        step = _step(link.name, facts)
        if step.action in self._linux.deny:
            raise FakeNetlinkError(self._linux.deny[step.action])
        try:
            after = take(link, step, modes=self._linux.modes, has_restart=self._linux.has_restart)
        except ModelError as exc:
            raise FakeNetlinkError(exc.code) from exc
        self._linux.changes.append(step.action)
        self._linux.links[link.name] = after

    def _del(self, index):
        del self._linux.links[self._of(index).name]

    def _of(self, index):
        found = [link for link in self._linux.links.values() if link.index == index]
        if not found:
            raise FakeNetlinkError(19)
        return found[0]


def _step(name, facts):
    """pyroute2's words for one change as a LinkStep."""
    if "state" in facts:
        return LinkStep(name, facts["state"])
    for word, action in _ACTIONS.items():
        if word in facts:
            return LinkStep(name, action, ((action, facts[word]),))
    assert facts.pop("kind") == "can"
    for word in ("restart_ms", "termination"):
        if f"can_{word}" in facts:
            return LinkStep(name, word, ((word, facts[f"can_{word}"]),))
    modes = facts.get("can_ctrlmode", {})
    if modes and "fd" not in modes:
        ((mode, value),) = modes.items()
        action = _MODES.get(mode, mode)
        return LinkStep(name, action, ((action, value == "on"),))
    settings = {f"data_{key}": value for key, value in facts.get("can_data_bittiming", {}).items()}
    settings |= facts.get("can_bittiming", {})
    for key in ("sample_point", "data_sample_point"):
        if key in settings:
            settings[key] /= 10
    if modes:
        settings["fd"] = modes["fd"] == "on"
    return LinkStep(name, "timing", tuple(settings.items()))
