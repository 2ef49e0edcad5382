"""What makes files count that were written, or taken away: commands of udev and systemd.

Which ones, and running them; at the next boot all of them are needless.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from shlex import join

from canbus.bringup.persist.files import NETWORK, RULES, UNITS
from canbus.bringup.persist.site import Site
from canbus.errors import CanLinkError

Command = tuple[str, ...]

_PATIENCE = 120.0  # seconds; a unit waits for its device for 90


def commands_for(
    paths: Iterable[str], name: str, site: Site, *, start: str | None = None
) -> tuple[Command, ...]:
    """What has to be told to whom.

    Args:
        paths: of files that are new, other, or gone.
        name: of the link.
        site: where; below another root there is nobody to tell.
        start: the unit that is to be started at once.
    """
    if not site.is_here:
        return ()
    paths = list(paths)
    is_port = site.hardware.exists("/dev/canbus") or start is not None
    found: list[Command] = []
    if any(path.startswith(RULES) or path.endswith(".link") for path in paths):
        found.append(("udevadm", "control", "--reload"))
        if any(path.startswith(RULES) for path in paths) and is_port:
            found.append(("udevadm", "trigger", "--settle", "--subsystem-match=tty"))
        if any(path.endswith(".link") for path in paths) and site.find_link(name):
            place = f"/sys/class/net/{name}"
            found.append(("udevadm", "trigger", "--settle", "--action=add", place))
    if any(path.startswith(UNITS) for path in paths):
        found.append(("systemctl", "daemon-reload"))
    if any(path.startswith(NETWORK) and not path.endswith(".link") for path in paths):
        found.append(_reload_networkd(site))
    if start is not None:
        found.append(("systemctl", "restart", start))
    return tuple(found)


def _reload_networkd(site: Site) -> Command:
    """By D-Bus, as networkctl has it; where there is none, it has to start anew."""
    if site.hardware.exists("/run/dbus/system_bus_socket"):
        return ("networkctl", "reload")
    return ("systemctl", "restart", "systemd-networkd.service")


def activate(
    commands: Iterable[Command], report: Callable[[str], None] = lambda line: None
) -> None:
    """Run the commands, in order.

    Args:
        commands: of a plan, or of `remove`.
        report: called with each, before it is run.

    Raises:
        CanLinkError: one failed; the files are as they shall be all the same.
    """
    for command in commands:
        report(join(command))
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise _failed(command, str(exc)) from exc
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise _failed(command, lines[-1] if lines else f"status {done.returncode}")


def _failed(command: Command, why: str) -> CanLinkError:
    return CanLinkError(
        f"the files are written, but `{join(command)}` failed: {why}",
        hint="they count from the next boot on; `journalctl -b` says more",
    )
