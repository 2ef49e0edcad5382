"""A machine without any configuration, and how to give it some."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import canbus
import canbus.config.sources as sources_module

Configure = Callable[..., None]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home; nothing of this machine's own configuration is seen."""
    for name in list(os.environ):
        if name.startswith(("CAN_", "CANBUS_", "XDG_CONFIG")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    etc = str(tmp_path / "etc-can.conf")
    swap = {"/etc/can.conf": etc, "/etc/canbus.toml": str(tmp_path / "etc-canbus.toml")}
    for table in ("_INI", "_TOML"):
        paths = tuple(swap.get(path, path) for path in getattr(sources_module, table))
        monkeypatch.setattr(sources_module, table, paths)
    monkeypatch.setattr(canbus, "rc", {}, raising=False)
    return tmp_path
