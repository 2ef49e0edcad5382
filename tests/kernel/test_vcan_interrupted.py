"""Ctrl-C at any step of a vcan bus, and constructors that fail, leave nothing behind."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import canbus as can
from canbus import links
from canbus.links import netlink
from tests.interruptions import at_every_step, interrupted
from tests.kernel.vcan_users import link, lock_files, open_bus, target_of

# -- interrupted --------------------------------------------------------------------------


def ctrl_c() -> None:
    """But at the entry of what closes, where nothing can be done about it."""
    frame = sys._getframe(2)  # this function's, the profile function's, that one's
    is_entry = frame.f_lineno == frame.f_code.co_firstlineno
    if not (is_entry and frame.f_code.co_name in {"_close", "_after_close"}):
        raise KeyboardInterrupt


def test_ctrl_c_at_any_step_of_opening_leaves_nothing(name: str) -> None:
    open_bus(name).shutdown()  # what is imported once

    def try_one(step: int) -> bool:
        def work() -> None:
            try:
                bus = open_bus(name)
            except KeyboardInterrupt:
                pass
            else:
                sys.setprofile(None)
                bus.shutdown()

        reached = interrupted(work, step, ctrl_c, "backends/vcan/")
        gc.collect()
        assert link(name) is None, f"interrupted at step {step}"
        return reached

    at_every_step(try_one)


def test_ctrl_c_at_any_step_of_closing_leaves_nothing(name: str) -> None:
    def try_one(step: int) -> bool:
        bus = open_bus(name)

        def work() -> None:
            try:
                bus.shutdown()
            except KeyboardInterrupt:
                return

        reached = interrupted(work, step, ctrl_c, "backends/vcan/")
        assert link(name) is None, f"interrupted at step {step}"
        assert lock_files(name) == []
        return reached

    at_every_step(try_one)


def test_ctrl_c_when_the_kernel_has_made_it_leaves_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_vcan = links.create_vcan

    def interrupted_at_the_end(*args: Any, **options: Any) -> None:
        create_vcan(*args, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(links, "create_vcan", interrupted_at_the_end)
    with pytest.raises(KeyboardInterrupt):
        open_bus(name)
    assert link(name) is None


def test_ctrl_c_before_it_is_made_removes_nothing_of_others(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_vcan = links.create_vcan

    def overtaken(*args: Any, **options: Any) -> None:
        create_vcan(name)  # another program's: it is up
        raise KeyboardInterrupt

    monkeypatch.setattr(links, "create_vcan", overtaken)
    with pytest.raises(KeyboardInterrupt):
        open_bus(name)
    assert link(name) is not None


@pytest.mark.parametrize("interface", ["socketcan", "vcan"])
def test_a_constructor_that_fails_late_leaves_nothing_open(
    name: str, interface: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from canbus.prefetch import PrefetchingBus

    def fail(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    links.create_vcan(name) if interface == "socketcan" else open_bus(name).shutdown()
    before = _sockets()
    monkeypatch.setattr(PrefetchingBus, "__init__", fail)
    with pytest.raises(KeyboardInterrupt) as info:
        can.Bus(name, interface=interface)
    assert info.value.__traceback__ is not None  # and so the bus is still there
    assert _sockets() == before
    assert (link(name) is None) == (interface == "vcan")


def test_configure_changes_nothing_if_another_argument_makes_no_sense(name: str) -> None:
    links.create_vcan(name, up=False)
    wrongs: list[dict[str, Any]] = [{"on_loss": "bogus"}, {"timestamping": "never"}]
    for wrong in wrongs:
        with pytest.raises(can.CanConfigError):
            can.Bus(name, interface="socketcan", configure=True, **wrong)
        assert not link(name).is_up


def _sockets() -> set[str]:
    targets = {target_of(fd) for fd in Path("/proc/self/fd").iterdir()}
    return {target for target in targets if target.startswith("socket:")}


# -- temporary_vcan -----------------------------------------------------------------------


def test_ctrl_c_while_a_temporary_one_is_made_leaves_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_vcan = netlink.add_vcan

    def interrupted_at_the_end(*args: Any, **options: Any) -> None:
        add_vcan(*args, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(netlink, "add_vcan", interrupted_at_the_end)
    with pytest.raises(KeyboardInterrupt), links.temporary_vcan(name):
        pass
    assert link(name) is None


def test_ctrl_c_removes_no_link_that_was_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    links.create_vcan(name)

    def interrupted_at_once(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(netlink, "add_vcan", interrupted_at_once)
    with pytest.raises(KeyboardInterrupt), links.temporary_vcan(name):
        pass
    assert link(name) is not None


def test_a_temporary_one_is_removed_under_whatever_name(name: str) -> None:
    other = f"{name}x"
    with links.temporary_vcan(name) as made:
        subprocess.run(["ip", "link", "set", name, "down"], check=True)
        subprocess.run(["ip", "link", "set", name, "name", other], check=True)
        links.create_vcan(name)
        assert link(other).index == made.index
    assert link(other) is None
    assert link(name) is not None
