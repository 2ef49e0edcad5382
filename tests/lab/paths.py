"""Where things are on the host. Creates nothing and fetches nothing."""

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def cache_dir() -> Path:
    """The folder for kernels and tools; git ignores the default one."""
    override = os.environ.get("CANBUS_LAB_CACHE")
    return Path(override).resolve() if override else CHECKOUT / ".lab"


def tools_dir() -> Path:
    """Unpacked Debian packages that host and guest use: busybox, kmod, can-utils."""
    return cache_dir() / "tools"


def busybox() -> Path:
    """Static, so it runs in an initramfs that holds no C library."""
    return tools_dir() / "bin" / "busybox"
