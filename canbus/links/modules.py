"""Loading kernel modules: `vcan` when the kernel does not know that kind of link. No netlink."""

from __future__ import annotations

import os

from canbus.errors import CanLinkError

_TIMEOUT = 30  # seconds; loading a module takes milliseconds


def load_vcan(name: str, cause: CanLinkError) -> None:
    """Run `modprobe vcan`.

    Args:
        name: the link that is to be made, for the error.
        cause: why the module is needed.

    Raises:
        CanLinkError: it could not be loaded; says what was tried and why it failed.
    """
    problem = modprobe("vcan")
    if problem:
        raise CanLinkError(
            f"cannot create {name}: this kernel does not know vcan, and {problem}",
            cause.error_code,
            hint="load the module as root: modprobe vcan. If there is none, the kernel was "
            "built without CONFIG_CAN_VCAN",
        ) from cause


def modprobe(module: str) -> str | None:
    """Load a kernel module.

    Returns:
        What went wrong; None if it was loaded.
    """
    import shutil
    import subprocess

    if os.geteuid() != 0:
        return f"only root can load its module (modprobe {module})"
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
