"""What survives a reboot: files for systemd and udev that set a link up as `canbus up` does.

    from canbus.bringup import Request, persist
    plan = persist.plan(Request(target="can0", config=LinkConfig(bitrate=500_000)))
    persist.install(plan)
    persist.activate(plan.commands)

`plan` reads, and writes nothing; what it says can be shown as it is. Files have a head with the
command that wrote them and a digest, so that `installed` and `remove` know them again.
"""

from __future__ import annotations

from canbus.bringup.persist.afterwards import activate, commands_for
from canbus.bringup.persist.files import PersistedFile
from canbus.bringup.persist.installing import (
    Installed,
    InstalledFile,
    check_rights,
    install,
    installed,
    remove,
)
from canbus.bringup.persist.planning import Plan, plan
from canbus.bringup.persist.site import Site

__all__ = [
    "Installed",
    "InstalledFile",
    "PersistedFile",
    "Plan",
    "Site",
    "activate",
    "check_rights",
    "commands_for",
    "install",
    "installed",
    "plan",
    "remove",
]
