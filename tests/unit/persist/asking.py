"""Asking for a plan on a machine of tables, in few words."""

from __future__ import annotations

from canbus.bringup import Request, persist
from canbus.link_config import LinkConfig
from tests.unit.persist.sites import PCAN, channel_files, site

UP = LinkConfig(bitrate=500_000, up=True)


def plan(
    root, target="can0", *, request=None, config=UP, manager=None, way=None, networkd=False, **facts
):
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


def text(made, ending):
    """Of the file whose name ends so."""
    return next(file.text for file in made.files if file.path.endswith(ending))


def one(name="can0", device=PCAN, **facts):
    """Facts of a machine with one adapter."""
    return {"link": [{"name": name, "device": device, **facts}], "files": channel_files(name)}
