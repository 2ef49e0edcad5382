"""Loading kernel modules, when the kernel does not know a kind of link. No netlink."""

from __future__ import annotations

import os

from canbus.errors import CanLinkError
from canbus.links.rights import has_capability

_TIMEOUT = 30  # seconds; loading a module takes milliseconds


def load_kind(kind: str, name: str, cause: CanLinkError) -> None:
    """Load the module of a kind of link, which has its name.

    Args:
        kind: "vcan", "vxcan".
        name: the link that is to be made, for the error.
        cause: why the module is needed.

    Raises:
        CanLinkError: it could not be loaded; says what was tried and why it failed.
    """
    problem = modprobe(kind)
    if problem:
        raise CanLinkError(
            f"cannot create {name}: this kernel does not know {kind}, and {problem}",
            cause.error_code,
            hint=f"load the module as root: modprobe {kind}. If there is none, the kernel was "
            f"built without CONFIG_CAN_{kind.upper()}",
        ) from cause


def modprobe(module: str) -> str | None:
    """Load a kernel module.

    Returns:
        What went wrong; None if it was loaded.
    """
    import shutil
    import subprocess

    if not has_capability("CAP_SYS_MODULE"):
        return f"loading its module needs CAP_SYS_MODULE (sudo modprobe {module})"
    program = shutil.which("modprobe", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        return f"there is no modprobe program to load its module (modprobe {module})"
    try:
        done = subprocess.run(
            [program, module], capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        return f"modprobe {module} failed: {exc}"
    if done.returncode == 0:
        return None
    return f"modprobe {module} failed: {done.stderr.strip() or f'exit status {done.returncode}'}"
