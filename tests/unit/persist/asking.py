"""Asking for a plan on a machine of tables, in few words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from canbus.bringup import Request, persist
from canbus.bringup.persist import Plan
from canbus.link_config import LinkConfig
from tests.unit.persist.sites import PCAN, channel_files, site

UP = LinkConfig(bitrate=500_000, up=True)


def plan(
    root: Path,
    target: str = "can0",
    *,
    request: Request | None = None,
    config: LinkConfig = UP,
    manager: str | None = None,
    way: str | None = None,
    networkd: bool = False,
    **facts: Any,
) -> Plan:
    """What is planned, below an empty folder.

    Args:
        root: of the machine.
        target: of the request.
        request: instead of target and config.
        config: of the request.
        manager: as of `persist.plan`.
        way: as of `persist.plan`.
        networkd: systemd-networkd is enabled.
        facts: more of the machine.
    """
    asked = request or Request(target=target, config=config)
    there = site(root, networkd=networkd, **facts)
    return persist.plan(asked, manager=manager, way=way, site=there)


def text(made: Plan, ending: str) -> str:
    """Of the file whose name ends so."""
    return next(file.text for file in made.files if file.path.endswith(ending))


def one(name: str = "can0", device: dict[str, Any] = PCAN, **facts: Any) -> dict[str, Any]:
    """Facts of a machine with one adapter."""
    return {"link": [{"name": name, "device": device, **facts}], "files": channel_files(name)}
