"""What tests of `canbus up serial` ask of the machine, whatever the adapter is. No test here."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import canbus as can
from canbus.bringup import Request, bring_up, keepers
from canbus.bringup.execution import Outcome
from canbus.bringup.keeper_files import SYSTEM
from canbus.link_config import LinkConfig
from canbus.links import list_links
from canbus.testing.slcan import SlcanEmulator

NAME = "can7"
PORT = "/dev/ttyCanbusUp"
PATIENCE = 60.0  # seconds: a guest takes some to start an interpreter


@contextmanager
def plugged_in() -> Iterator[SlcanEmulator]:
    """An adapter at PORT; no keeper outlives it."""
    with SlcanEmulator(link=PORT) as adapter:
        yield adapter
        for keeper in keepers.find_all():
            keeper.stop()


def request(port: str, bitrate: int = 250_000, **options: Any) -> Request:
    config = LinkConfig(bitrate=bitrate, up=True, **options.pop("config", {}))
    return Request(
        target="serial", port=port, name=NAME, config=config, options=options, timeout=PATIENCE
    )


def up(port: str, bitrate: int = 250_000, **options: Any) -> Outcome:
    return bring_up(request(port, bitrate, **options))


def link() -> Any:
    """What the kernel says of it; None if it is not there."""
    return next((link for link in list_links() if link.name == NAME), None)


def is_up() -> bool:
    there = link()
    return there is not None and there.is_up


def slcands() -> list[int]:
    """Process numbers of slcand, without those that are dead and not yet reaped."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        if _text(folder / "comm") == "slcand" and _text(folder / "cmdline"):
            found.append(int(folder.name))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def files() -> list[str]:
    return sorted(path.name for path in SYSTEM.glob("*")) if SYSTEM.is_dir() else []


def what_is_left() -> tuple[object, ...]:
    return link(), slcands(), keepers.find_all(), files()


NOTHING: tuple[object, ...] = (None, [], [], [])


def is_ready() -> bool:
    keeper = keepers.find(NAME)
    return keeper is not None and keeper.is_ready


def log() -> list[str]:
    keeper = keepers.find(NAME)
    return [] if keeper is None else keeper.log.read_text().splitlines()


def wait_until(condition: Callable[[], bool], timeout: float = PATIENCE) -> None:
    """Ask until it is true; for what nobody reports."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not true after {timeout} s; {log()}"
        time.sleep(0.02)


def wait_until_let_go() -> None:
    """The keeper has noticed that the adapter is gone."""
    wait_until(lambda: (keeper := keepers.find(NAME)) is not None and keeper.daemon is None)


def wait_until_told() -> None:
    """The last that the keeper has said is that it is up."""
    wait_until(lambda: "is up" in (log() or [""])[-1])


RUN_CLI = "import sys; from canbus.cli import main; sys.exit(main(sys.argv[1:]))"


def cli(*words: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run `canbus` in a process of its own, as another user say."""
    command = [*before, sys.executable, "-c", RUN_CLI, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)


FOREGROUND = """
import sys
from canbus.bringup import Request, bring_up, keepers
from canbus.links import LinkConfig
bring_up(Request(target="serial", port=sys.argv[1], name=sys.argv[2],
    config=LinkConfig(bitrate=250000, up=True), options={"foreground": True}))
sys.exit(keepers.find(sys.argv[2]).wait())
"""


@contextmanager
def in_foreground(port: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has brought it up, and stays."""
    process = subprocess.Popen(
        [sys.executable, "-c", FOREGROUND, port, NAME], stderr=subprocess.PIPE, text=True
    )
    try:
        wait_until(lambda: is_ready() or process.poll() is not None)
        yield process
    finally:
        process.kill()
        process.communicate()


def frames_cross(adapter):
    adapter.forget()
    with can.Bus(NAME, interface="socketcan") as bus:
        bus.send(can.Message.parse("123#DEAD"))
        assert [format(msg, "candump") for msg in adapter.wait_for_sent(1)] == ["123#DEAD"]
        adapter.arrive("321#01")
        assert bus.recv(PATIENCE).arbitration_id == 0x321


def is_ready_after(before):
    """Whether another keeper has taken over."""
    keeper = keepers.find(NAME)
    return keeper is not None and keeper.is_ready and keeper.pid != before


def can_link(bitrate):
    return Request(target=NAME, config=LinkConfig(bitrate=bitrate, up=True))
